"""Reading the numbers: totals and unfolded deltas in one statement, so that nothing is missed or seen twice."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.totals import (
    CELL,
    DELTA,
    DIMENSIONS,
    RUNNING,
    SIDE,
    by_running,
    through_day,
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


async def numbers(session: AsyncSession, question: Question) -> dict[str, Numbers]:
    """By the group's key ("" without a group), what was counted on these days and what is so now."""
    parts = union_all(_totals(question), _deltas(question)).subquery()
    keys = (parts.c.key, parts.c.measure)
    found: dict[str, Numbers] = defaultdict(dict)
    for key, measure, value in await session.execute(select(*keys, total(parts.c.value)).group_by(*keys)):
        found[key][measure] = value
    return dict(found)


def _totals(question: Question) -> Select[Any]:
    """From the totals by one dimension where it speaks of one at the most, else from the cells."""
    if len(question.dimensions) > 1:
        return _told(CELL, question, {name: CELL.c[name] for name in DIMENSIONS})
    dimension = next(iter(question.dimensions), "region")
    return _told(SIDE, question, {dimension: SIDE.c.code}).where(SIDE.c.dimension == dimension)


def _deltas(question: Question) -> Select[Any]:
    return _told(DELTA, question, {name: DELTA.c[name] for name in DIMENSIONS})


def _told(source: Any, question: Question, columns: dict[str, Any]) -> Select[Any]:
    key: Any = literal("")
    if question.group is not None:
        by_time = {"day": source.c.day, "month": func.substr(source.c.day, 1, 7)}
        key = (by_time | columns)[question.group]
    narrowed = [columns[dimension] == code for dimension, code in question.only.items()]
    rows = select(key.label("key"), source.c.measure, source.c.value)
    return rows.where(_days(source.c.day, question), *narrowed)


def _days(day: Any, question: Question) -> ColumnElement[bool]:
    found: ColumnElement[bool] = day > ""
    if question.start is not None:
        found &= day >= question.start.isoformat()
    if question.end is not None:
        found &= day <= question.end.isoformat()
    return found if question.group in ("day", "month") else (day == "") | found


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
    came = select(*(SIDE.c[key] for key in keys), SIDE.c.value).where(SIDE.c.day > last, SIDE.c.day <= day)
    fresh = [by_running(DELTA, dimension, DELTA.c.day <= day) for dimension in DIMENSIONS]
    parts = union_all(select(*(RUNNING.c[key] for key in keys), RUNNING.c.value), came, *fresh).subquery()
    columns = [parts.c[key] for key in keys]
    query = select(*columns, total(parts.c.value).label("value")).group_by(*columns).order_by(*columns)
    return [Standing(**row) for row in (await session.execute(query)).mappings()]


async def oldest_delta(session: AsyncSession) -> datetime | None:
    """Since when the oldest delta waits to be folded."""
    found: datetime | None = await session.scalar(select(DELTA.c.at).order_by(DELTA.c.id).limit(1))
    return found
