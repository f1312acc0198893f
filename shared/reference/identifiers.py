"""Identifiers people type: 统一社会信用代码, phone numbers, complaint numbers; what is wrong with them, in Chinese."""

import re
import unicodedata
from datetime import date, datetime

import phonenumbers
from stdnum.iso7064 import mod_11_10

#: GB 32100-2015: the characters of a code in order of value, without I, O, S, V, Z.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH = 18
NUMBER_LENGTH = 16
RANDOM_DIGITS = 9
_DAY = "%y%m%d"
_EXTENSION = re.compile(r"(转|分机|ext\.?|x|#).*$", re.IGNORECASE)
#: An extension behind a third hyphen, as printed on business cards.
_THIRD_GROUP = re.compile(r"(0[0-9]{2,3}-?[0-9]{7,8})-([0-9]{1,6})")
#: What a number may be written with; without this the parser takes letters for the keys of a telephone.
_DIALLED = re.compile(r"\+?[0-9 ()-]+")


def uscc_check_character(first17: str) -> str:
    """The 18th character: 31 less the sum of the values weighted by powers of 3, modulo 31 (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(first17))
    return USCC_ALPHABET[-total % 31]


def uscc_problem(code: str) -> str | None:
    """What is wrong with this 统一社会信用代码 and what would be right; None when it is right."""
    if len(code) != USCC_LENGTH:
        return f"统一社会信用代码应为 {USCC_LENGTH} 位，现为 {len(code)} 位"
    for place, character in enumerate(code, start=1):
        if character not in USCC_ALPHABET:
            return f"统一社会信用代码第 {place} 位不能是 {character}，应为数字或除 I、O、S、V、Z 外的大写字母"
    if not code[2:8].isdigit():
        return f"统一社会信用代码第 3 至 8 位应为登记机关的 6 位区划代码，只有数字，现为 {code[2:8]}"
    if code[17] != (right := uscc_check_character(code[:17])):
        return f"统一社会信用代码校验位不符：按前 17 位第 18 位应为 {right}，现为 {code[17]}，请核对是否有抄写错误"
    return None


def _written(text: str) -> str:
    return _THIRD_GROUP.sub(r"\1转\2", _plain(text))


def _phone(text: str) -> phonenumbers.PhoneNumber | None:
    plain = _EXTENSION.sub("", _written(text)).strip(" ,;:")
    if not _DIALLED.fullmatch(plain):
        return None
    try:
        found = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException:
        return None
    return found if phonenumbers.is_valid_number(found) else None


def phone_problem(text: str) -> str | None:
    """What is wrong with this phone number and what would be right; None when it is right."""
    if _phone(text) is None:
        return "电话号码不对，应为手机号或带区号的固定电话，例如 13800138000、0371-65501234"
    return None


def normalise_phone(text: str) -> str:
    """The number in international form, its extension behind `;ext=`; ValueError when it is no phone number."""
    found = _phone(text)
    if found is None:
        raise ValueError(phone_problem(text))
    plain = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    extension = _EXTENSION.search(_written(text))
    digits = re.sub(r"[^0-9]", "", extension.group()) if extension else ""
    return f"{plain};ext={digits}" if digits else plain


def new_number(day: date, digits: str) -> str:
    """A complaint number: the day as yymmdd, nine random `digits`, an ISO 7064 Mod 11,10 check digit."""
    if not re.fullmatch(rf"[0-9]{{{RANDOM_DIGITS}}}", digits):
        raise ValueError(f"a complaint number takes {RANDOM_DIGITS} digits, not {digits!r}")
    body = day.strftime(_DAY) + digits
    return body + str(mod_11_10.calc_check_digit(body))


def normalise_number(text: str) -> str:
    """A complaint number as it is kept, whatever gaps and digits it was typed with."""
    return re.sub(r"[\s-]", "", _plain(text))


def number_problem(text: str) -> str | None:
    """What is wrong with this complaint number and what would be right; None when it can be one."""
    number = normalise_number(text)
    if not re.fullmatch(r"[0-9]+", number):
        return f"受理编号应为 {NUMBER_LENGTH} 位数字，例如 {_EXAMPLE}"
    if len(number) != NUMBER_LENGTH:
        return f"受理编号应为 {NUMBER_LENGTH} 位数字，现为 {len(number)} 位"
    if not _is_day(number[:6]):
        return f"受理编号前 6 位应为受理日期（年月日），{number[:6]} 不是日期"
    if not mod_11_10.is_valid(number):
        return "受理编号校验位不符，请核对是否有抄写错误"
    return None


def readable_number(number: str) -> str:
    """The number in groups, to be read over the phone."""
    return f"{number[:6]}-{number[6:9]}-{number[9:12]}-{number[12:]}"


def _plain(text: str) -> str:
    """Full-width characters as plain ones, every kind of dash as a hyphen."""
    return re.sub(r"[‐-―−－]", "-", unicodedata.normalize("NFKC", text)).strip()


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, _DAY)  # noqa: DTZ007 (a civil day has no zone)
    except ValueError:
        return False
    return True


_EXAMPLE = readable_number(new_number(date(2026, 11, 24), "483920175"))
