"""The bulletin of a month: what each agency, city and matter received, resolved, returned, had late and is owed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.domain.states import OPEN
from services.tracker.exports.columns import Column, Value
from services.tracker.numbers.api import label
from services.tracker.numbers.definitions import FEN, INDICATORS
from services.tracker.numbers.store import Group, Question, numbers
from shared.errors import FieldError, Invalid

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
#: What it is told by, with the heading of the first column.
GROUPS: Mapping[Group, str] = {"agency": "单位", "region": "地市", "matter": "事项"}
TOTAL = "合计"
_BY_NAME = {indicator.name: indicator for indicator in INDICATORS}


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, told `up_to` a day of it, whole where that is None."""

    first: date
    up_to: date | None = None

    @classmethod
    def read(cls, word: str) -> "Month":
        """2026-03; Invalid when it is none."""
        found = _MONTH.fullmatch(word)
        if found is None or found[1] == "0000":
            raise Invalid([FieldError("month", "应为年月，例如 2026-03")])
        return cls(date(int(found[1]), int(found[2]), 1))

    def until(self, today: date) -> "Month":
        """The same, no further than today: what is due later in it is not due yet."""
        return replace(self, up_to=today) if self.first <= today < self.last else self

    @property
    def last(self) -> date:
        return self.up_to or (self.first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)

    @property
    def before(self) -> "Month":
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def word(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def named(self) -> str:
        """What a file of it is called."""
        return f"月报 {self.word}" + (f" 截至 {self.up_to}" if self.up_to else "")

    @property
    def label(self) -> str:
        return f"{self.first.year} 年 {self.first.month} 月"


@dataclass(frozen=True, slots=True)
class Row:
    """One agency, city or matter with its numbers by measure; `code` is empty for none, and for the total."""

    label: str
    code: str
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one group, most received first, the total last."""

    group: Group
    rows: Sequence[Row]


#: Who or what a row is about, where the three groups share a table.
NAME: Column[Row] = Column("名称", lambda row: row.label, width=40)


def _count(*names: str, less: str | None = None) -> Callable[[Row], Value]:
    return lambda row: sum(row.numbers.get(name, 0) for name in names) - (row.numbers.get(less, 0) if less else 0)


def _yuan(name: str) -> Callable[[Row], Value]:
    return lambda row: row.numbers.get(name, 0) / FEN


def _rate(name: str) -> Callable[[Row], Value]:
    return lambda row: _BY_NAME[name].of(row.numbers).value


def columns(group: Group) -> Sequence[Column[Row]]:
    """The columns of the part by this group."""
    return (Column(GROUPS[group], NAME.of, width=40), Column("代码", lambda row: row.code), *_FIGURES)


_FIGURES: Sequence[Column[Row]] = (
    Column("收件", _count("filed"), "count", 8),
    Column("办结", _count("resolved"), "count", 8),
    Column("应按期答复", _count("due_reply"), "count", 12),
    Column("按期答复", _count("in_time_reply"), "count", 10),
    Column("按期回复率", _rate("on_time_reply_rate"), "rate", 12),
    Column("应按时办结", _count("due_resolve"), "count", 12),
    Column("按时办结", _count("in_time_resolve"), "count", 10),
    Column("逾期办结", _count("due_resolve", less="in_time_resolve"), "count", 10),
    Column("按时办结率", _rate("on_time_resolution_rate"), "rate", 12),
    Column("在办（现在）", _count(*(f"now_{state}" for state in OPEN)), "count", 14),
    Column("逾期办件（现在）", _count("now_late"), "count", 18),
    Column("派单", _count("assigned"), "count", 8),
    Column("退单", _count("returned"), "count", 8),
    Column("评价", _count("rated"), "count", 8),
    Column("满意", _count("satisfied"), "count", 8),
    Column("满意率", _rate("satisfaction_rate"), "rate", 10),
    Column("账款件", _count("arrears_cases"), "count", 8),
    Column("申报金额（元）", _yuan("arrears_claimed"), "yuan", 18),
    Column("认定金额（元）", _yuan("arrears_verified"), "yuan", 18),
    Column("已归还（元）", _yuan("arrears_repaid"), "yuan", 18),
    Column("达成协议（元）", _yuan("arrears_under_agreement"), "yuan", 18),
    Column("化解率", _rate("arrears_resolution_rate"), "rate", 10),
)


async def part(session: AsyncSession, group: Group, month: Month, agency: str | None) -> Part:
    """The month's figures by this group, of one agency or of all."""
    found = await numbers(session, Question(month.first, month.last, agency, group=group))
    whole = await numbers(session, Question(month.first, month.last, agency))
    rows = [Row(label(group, key), key, told) for key, told in found.items() if any(told.values())]
    rows.sort(key=lambda row: (-row.numbers.get("filed", 0), row.label))
    return Part(group, [*rows, Row(TOTAL, "", whole.get("", {}))])
