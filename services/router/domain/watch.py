"""Key supervision 重点督办 (2022 report, 附件 5): large sums, long overdue, complained about repeatedly."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.router.domain.values import Question

_DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九十")} | {"两": 2, "俩": 2}
_UNPAID = "(?:拖|欠|没给|没付|未付|没结|未结|不付|不给)"
_SPAN = re.compile(_UNPAID + r"[^。！？]{0,14}?(\d{1,2}|[一二两俩三四五六七八九十])(?:多|个)?年")
_SINCE = re.compile(r"(20\d{2})\s*年[^。！？]{0,40}?" + _UNPAID)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a complaint is watched: yuan, whole years, complaints about the same within memory."""

    amount: Decimal
    years: int
    times: int


def key_supervision(question: Question, arrears: bool, times: int, today: date, limits: Thresholds) -> tuple[str, ...]:
    """Why the case is to be watched, empty when it is not; `times` counts this complaint too."""
    found = []
    if question.amount is not None and question.amount >= limits.amount:
        found.append("large_amount")
    if arrears and overdue_years(question.title + "。" + question.text, today) >= limits.years:
        found.append("long_overdue")
    if times >= limits.times:
        found.append("repeated")
    return tuple(found)


def overdue_years(text: str, today: date) -> int:
    """How many years a payment is overdue by what the text says; 0 when it says nothing."""
    spans = [_DIGITS[word] if word in _DIGITS else int(word) for word in _SPAN.findall(text)]
    since = [today.year - int(year) for year in _SINCE.findall(text)]
    return max([0, *spans, *since])
