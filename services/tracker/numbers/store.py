"""Reading the numbers: totals and unfolded deltas in one statement, so that nothing is missed or seen twice."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.periods import whole_months
from services.tracker.numbers.totals import (
    ALL,
    CELL,
    DELTA,
    DIMENSIONS,
    MONTH,
    RUNNING,
    SIDE,
    month_of,
    through_day,
    told,
    total,
)

Group = Literal["agency", "region", "matter", "day", "month"]
#: By measure.
Numbers = dict[str, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: days from `start` to `end`, both included, open where None; "" asks for what names none.

    `now` asks for what is so now, which belongs to no day.
    """

    start: date | None = None
    end: date | None = None
    agency: str | None = None
    region: str | None = None
    matter: str | None = None
    group: Group | None = None

    @property
    def only(self) -> dict[str, str]:
        """The codes it is narrowed to, by dimension."""
        codes = {"agency": self.agency, "region": self.region, "matter": self.matter}
        return {dimension: code for dimension, code in codes.items() if code is not None}

    @property
    def dimensions(self) -> list[str]:
        """The dimensions it speaks of."""
        return [name for name in DIMENSIONS if name in self.only or name == self.group]

    @property
    def by_time(self) -> bool:
        """Told by day or month, where what is so now has no place."""
        return self.group in ("day", "month")

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day, as far as there are days."""
        return self.start or date.min, self.end or date.max


async def numbers(session: AsyncSession, question: Question) -> dict[str, Numbers]:
    """By the group's key ("" without a group), what was counted on these days and what is so now."""
    parts = union_all(*_totals(question), _of_cells(DELTA, question)).subquery()
    keys = (parts.c.key, parts.c.measure)
    found: dict[str, Numbers] = defaultdict(dict)
    for key, measure, value in await session.execute(select(*keys, total(parts.c.value)).group_by(*keys)):
        found[key][measure] = value
    return dict(found)


def _totals(question: Question) -> list[Select[Any]]:
    """What there is to add up, the fewest rows that answer; the cells where it speaks of more than one dimension."""
    if len(question.dimensions) > 1:
        return [_of_cells(CELL, question)]
    if question.start is not None or question.by_time:
        return _of_days(question)
    end = question.days[1].isoformat()
    held = through_day() <= end
    since = _of_side(SIDE, question, SIDE.c.day > through_day(), SIDE.c.day <= end)
    return _where(held, [_of_side(RUNNING, question), since]) + _where(~held, _of_days(question))


def _where(condition: ColumnElement[bool], parts: list[Select[Any]]) -> list[Select[Any]]:
    """These parts if the condition holds; as a row to join, so that a database that finds none reads no further."""
    gate = select(literal(1)).where(condition).subquery()
    return [part.join(gate, true()) for part in parts]


def _of_days(question: Question) -> list[Select[Any]]:
    """Whole months, the days before and after them, and what is so now."""
    start, end = (day.isoformat() for day in question.days)
    day, month = SIDE.c.day, MONTH.c.month
    now = [] if question.by_time else [_of_side(MONTH, question, month == "")]
    months = None if question.group == "day" else whole_months(*question.days)
    if months is None:
        return [_of_side(SIDE, question, day.between(start, end)), *now]
    first, last = months
    whole = _of_side(MONTH, question, month.between(first, last))
    # As text a month lies between the last day before it and its own first.
    before = _of_side(SIDE, question, day.between(start, first))
    after = _of_side(SIDE, question, day > f"{last}-31", day <= end)
    return [whole, before, after, *now]


def _of_side(table: Any, question: Question, *where: ColumnElement[bool]) -> Select[Any]:
    """From totals by one dimension at the most."""
    side = next(iter(question.dimensions), ALL)
    time = table.c.get("day", table.c.get("month"))
    return _told(table, question, {side: table.c.code}, time).where(table.c.dimension == side, *where)


def _of_cells(table: Any, question: Question) -> Select[Any]:
    """From rows that name agency, region and matter."""
    start, end = (day.isoformat() for day in question.days)
    within = table.c.day.between(start, end)
    rows = _told(table, question, {name: table.c[name] for name in DIMENSIONS}, table.c.day)
    return rows.where(within if question.by_time else within | (table.c.day == ""))


def _told(table: Any, question: Question, columns: dict[str, Any], time: Any) -> Select[Any]:
    match question.group:
        case None:
            key: Any = literal("")
        case "day":
            key = time
        case "month":
            key = month_of(time)
        case dimension:
            key = columns[dimension]
    narrowed = [columns[dimension] == code for dimension, code in question.only.items()]
    return select(key.label("key"), table.c.measure, table.c.value).where(*narrowed)


@dataclass(frozen=True, slots=True)
class Standing:
    """A running total: up to today, of one dimension's code."""

    dimension: str
    code: str
    measure: str
    value: int


async def running(session: AsyncSession, today: date) -> list[Standing]:
    """The totals of all days up to today and of what is so now, at the same cost however many cases there are."""
    day, last = today.isoformat(), through_day()
    keys = ("dimension", "code", "measure")
    held = select(*(RUNNING.c[key] for key in keys), RUNNING.c.value).where(RUNNING.c.dimension.in_(DIMENSIONS))
    came = select(*(SIDE.c[key] for key in keys), SIDE.c.value)
    came = came.where(SIDE.c.dimension.in_(DIMENSIONS), SIDE.c.day > last, SIDE.c.day <= day)
    fresh = [told(RUNNING, DELTA, dimension, DELTA.c.day <= day) for dimension in DIMENSIONS]
    parts = union_all(held, came, *fresh).subquery()
    columns = [parts.c[key] for key in keys]
    query = select(*columns, total(parts.c.value).label("value")).group_by(*columns).order_by(*columns)
    return [Standing(**row) for row in (await session.execute(query)).mappings()]


async def oldest_delta(session: AsyncSession) -> datetime | None:
    """Since when the oldest delta waits to be folded."""
    found: datetime | None = await session.scalar(select(DELTA.c.at).order_by(DELTA.c.id).limit(1))
    return found
