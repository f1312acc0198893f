"""What intake decides: what may leave it, and what a complainant sees."""

import re
from typing import Literal

Status = Literal[
    "filed", "triage", "assigned", "handling", "supplement_needed", "replied", "resolved", "refused", "withdrawn"
]
#: Nothing follows, except that a resolution wins over a withdrawal it crossed on the way.
_ENDED: frozenset[Status] = frozenset({"resolved", "refused", "withdrawn"})
#: How far a complaint has come; a late fact never takes it back within one assignment.
_PROGRESS: dict[Status, int] = {"filed": 0, "triage": 1, "assigned": 2, "handling": 3, "replied": 4, "resolved": 5}

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


def follow(status: Status, seen: Status) -> Status:
    """The status after a fact that speaks of `seen`: only forward, and what has ended stays ended."""
    if status == "withdrawn":
        return "resolved" if seen == "resolved" else "withdrawn"
    if status in _ENDED or seen in _ENDED:
        return status if status in _ENDED else seen
    return seen if _PROGRESS.get(seen, 0) >= _PROGRESS.get(status, 0) else status


def may_withdraw(status: Status) -> bool:
    """Whether the complainant can still take the complaint back."""
    return status not in _ENDED
