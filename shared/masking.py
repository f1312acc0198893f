"""What may travel: texts without the numbers that name a person."""

import re

_E_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_GAP = r"[\s\-－—]?"
_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}(?:19|20)\d{{2}}{_GAP}\d{{4}}{_GAP}\d{{3}}[\dXx](?![\dXx])")
_BANK = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{14,18}}(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d(?:{_GAP}\d){{8}}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[\s\-－—]?\d{7,8}(?!\d)")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９＠．", "0123456789@.")


def mask(text: str) -> str:
    """The text without identity and bank numbers, phones and e-mail addresses, each replaced by what it was."""
    text = text.translate(_FULL_WIDTH)
    for pattern, word in (
        (_E_MAIL, "【邮箱】"),
        (_IDENTITY, "【证件号】"),
        (_BANK, "【账号】"),
        (_MOBILE, "【电话】"),
        (_LANDLINE, "【电话】"),
    ):
        text = pattern.sub(word, text)
    return text
