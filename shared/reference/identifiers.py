"""Identifiers people type: 统一社会信用代码, phone numbers, complaint numbers; what is wrong with them, in Chinese."""

import re
import unicodedata
from datetime import date

import phonenumbers
from stdnum.iso7064 import mod_11_10

#: GB 32100-2015: the characters of a code in order of value, without I, O, S, V, Z.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_EXTENSION = re.compile(r"(转|分机|ext\.?|x|#).*$", re.IGNORECASE)
NUMBER_LENGTH = 16


def uscc_check_character(first17: str) -> str:
    """The 18th character: 31 less the sum of the values weighted by powers of 3, modulo 31 (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(first17))
    return USCC_ALPHABET[-total % 31]


def uscc_problem(code: str) -> str | None:
    """What is wrong with this 统一社会信用代码; None when it is right."""
    if len(code) != 18:
        return f"统一社会信用代码应为 18 位，现为 {len(code)} 位"
    bad = next((c for c in code if c not in USCC_ALPHABET), None)
    if bad is not None:
        return f"统一社会信用代码不含字符 {bad}（只用数字和除 I、O、S、V、Z 外的大写字母）"
    if not code[2:8].isdigit():
        return "统一社会信用代码第 3 至 8 位应为登记机关区划代码（6 位数字）"
    if code[17] != uscc_check_character(code[:17]):
        return "统一社会信用代码校验位不符，请核对是否有抄写错误"
    return None


def _phone(text: str) -> phonenumbers.PhoneNumber | None:
    plain = _EXTENSION.sub("", unicodedata.normalize("NFKC", text)).strip()
    try:
        found = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException:
        return None
    return found if phonenumbers.is_valid_number(found) else None


def phone_problem(text: str) -> str | None:
    """What is wrong with this phone number; None when it is right."""
    if _phone(text) is None:
        return "电话号码不对，应为手机号或带区号的固定电话，例如 13800138000、0371-65501234"
    return None


def normalise_phone(text: str) -> str:
    """The number in international form, its extension behind `;ext=`."""
    found = _phone(text)
    if found is None:
        raise ValueError(phone_problem(text))
    plain = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    extension = _EXTENSION.search(unicodedata.normalize("NFKC", text))
    digits = "".join(c for c in extension.group() if c.isdigit()) if extension else ""
    return f"{plain};ext={digits}" if digits else plain


def new_number(day: date, digits: str) -> str:
    """A complaint number: yymmdd, nine random `digits`, an ISO 7064 Mod 11,10 check digit."""
    body = f"{day:%y%m%d}{digits}"
    return body + str(mod_11_10.calc_check_digit(body))


def normalise_number(text: str) -> str:
    """A complaint number as it is kept, whatever gaps it was typed with."""
    return re.sub(r"[\s\-－—]", "", unicodedata.normalize("NFKC", text))


def number_problem(text: str) -> str | None:
    """What is wrong with this complaint number; None when it can be one."""
    number = normalise_number(text)
    if len(number) != NUMBER_LENGTH or not (number.isascii() and number.isdigit()):
        return "受理编号应为 16 位数字"
    if not mod_11_10.is_valid(number):
        return "受理编号校验位不符，请核对是否有抄写错误"
    return None


def readable_number(number: str) -> str:
    """The number in groups, to be read over the phone."""
    return f"{number[:6]}-{number[6:9]}-{number[9:12]}-{number[12:]}"
