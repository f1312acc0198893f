"""One case with all that belongs to it, and lists of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, literal, tuple_, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.domain.search import grams
from services.tracker.tables import Case, Deadline, Gram, Imported, Table
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
        """As conditions on the case's row."""
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
        return found + (_says(self.q) if self.q else [])


def _says(words: str) -> list[ColumnElement[bool]]:
    """Cases in whose title every pair of these characters is, or whose number they are, here or in earlier records."""
    by_origin = select(Imported.number).where(col(Imported.word) == words)
    if words.isdecimal():
        return [col(Case.number).in_(union(select(literal(words)), by_origin))]
    first, *rest = grams(words)
    by_title = select(Gram.number).where(col(Gram.gram) == first)
    for gram in rest:
        by_title = by_title.where(col(Gram.number).in_(select(Gram.number).where(col(Gram.gram) == gram)))
    return [col(Case.number).in_(union(by_title, by_origin))]


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
    """Cases, latest assigned first."""
    latest = (col(Case.assigned_at), col(Case.number))
    query = select(Case).where(col(Case.assigned_at).is_not(None), *filters.conditions())
    if after is not None:
        query = query.where(tuple_(*latest) < tuple_(literal(after[0], UtcDateTime), after[1]))
    ordered = query.order_by(latest[0].desc(), latest[1].desc()).limit(limit)
    return (await session.execute(ordered)).scalars().all()
