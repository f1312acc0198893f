"""One case with all that belongs to it, and lists of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.store import search
from services.tracker.tables import Case, Deadline, Gram, Table
from shared.tables import UtcDateTime

Place = tuple[datetime, str]
Row = TypeVar("Row", bound=Table)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of cases is narrowed to; None leaves it open. `late_at`: late at that moment, `late` or not."""

    agency: str | None = None
    state: str | None = None
    matter: str | None = None
    region: str | None = None
    card: str | None = None
    case_class: str | None = None
    late: bool | None = None
    late_at: datetime | None = None
    q: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on the case's row, but for the words."""
        equal = (
            (Case.lead_agency, self.agency),
            (Case.state, self.state),
            (Case.matter, self.matter),
            (Case.region, self.region),
            (Case.card, self.card),
            (Case.case_class, self.case_class),
        )
        found: list[ColumnElement[bool]] = [col(column) == value for column, value in equal if value is not None]
        if self.late is not None and self.late_at is not None:
            late = col(Case.urgent_at) < literal(self.late_at, UtcDateTime)
            found.append(late if self.late else (late.is_not(True)))
        return found


@dataclass(frozen=True, slots=True)
class Walk:
    """Cases in no order yet; along `number` they are read in order without being sorted."""

    query: Any
    number: Any


async def walk(session: AsyncSession, filters: Filters, *where: ColumnElement[bool]) -> Walk:
    """The cases that these conditions and filters leave."""
    query = select(Case).where(*where, *filters.conditions())
    if filters.q is None:
        return Walk(query, col(Case.number))
    numbers = await search.named(session, filters.q)
    if filters.q.isdecimal():
        return Walk(query.where(col(Case.number).in_(numbers)), col(Case.number))
    said = search.said(filters.q, filters.agency)
    if numbers:
        either = col(Case.number).in_(numbers) | col(Case.number).in_(select(Gram.number).where(*said))
        return Walk(query.where(either), col(Case.number))
    # Were the two simply equal, PostgreSQL would find their order in all cases, and walk these.
    return Walk(query.join(Gram, col(Case.number) == col(Gram.number) + "").where(*said), col(Gram.number))


async def case(session: AsyncSession, number: str) -> Case | None:
    return await session.get(Case, number)


async def rows_of(session: AsyncSession, model: type[Row], number: str) -> Sequence[Row]:
    """The case's rows in this table, in the order of their key."""
    table = model.__table__  # type: ignore[attr-defined]
    query = select(model).where(table.c.number == number).order_by(*table.primary_key.columns)
    return (await session.execute(query)).scalars().all()


async def deadlines_of(session: AsyncSession, numbers: Sequence[str]) -> dict[str, list[Deadline]]:
    """The deadlines of these cases, by number, first due first."""
    query = select(Deadline).where(col(Deadline.number).in_(numbers)).order_by(col(Deadline.due_at), col(Deadline.name))
    found: dict[str, list[Deadline]] = {}
    for row in (await session.execute(query)).scalars():
        found.setdefault(row.number, []).append(row)
    return found


async def cases(session: AsyncSession, filters: Filters, after: Place | None, limit: int) -> Sequence[Case]:
    """Cases, latest assigned first; by words, newest number first."""
    walked = await walk(session, filters, col(Case.assigned_at).is_not(None))
    order = (walked.number,) if filters.q else (col(Case.assigned_at), walked.number)
    query = walked.query
    if after is not None:
        place = (literal(after[0], UtcDateTime), after[1])
        query = query.where(tuple_(*order) < tuple_(*place[-len(order) :]))
    ordered = query.order_by(*(column.desc() for column in order)).limit(limit)
    return cast("Sequence[Case]", (await session.execute(ordered)).scalars().all())
