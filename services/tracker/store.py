"""Every query of the tracker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.tables import Case, Deadline, Entry
from shared.tables import UtcDateTime

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of cases is narrowed to; None leaves it open."""

    agency: str | None = None
    state: str | None = None
    matter: str | None = None
    region: str | None = None
    card: str | None = None
    q: str | None = None


async def case(session: AsyncSession, number: str) -> Case | None:
    return await session.get(Case, number)


async def deadlines(session: AsyncSession, number: str, assignment: int) -> Sequence[Deadline]:
    """The deadlines of this assignment, first due first."""
    mine = (col(Deadline.number) == number) & (col(Deadline.assignment) == assignment)
    return (await session.execute(select(Deadline).where(mine).order_by(col(Deadline.due_at)))).scalars().all()


async def deadlines_of(session: AsyncSession, numbers: Sequence[str]) -> dict[str, list[Deadline]]:
    """The deadlines of these cases, by number, first due first."""
    query = select(Deadline).where(col(Deadline.number).in_(numbers)).order_by(col(Deadline.due_at))
    found: dict[str, list[Deadline]] = {}
    for row in (await session.execute(query)).scalars():
        found.setdefault(row.number, []).append(row)
    return found


async def timeline(session: AsyncSession, number: str) -> Sequence[Entry]:
    """What happened to the case, oldest first."""
    query = select(Entry).where(col(Entry.number) == number).order_by(col(Entry.id))
    return (await session.execute(query)).scalars().all()


async def queue(session: AsyncSession, agency: str, after: Place | None, limit: int) -> Sequence[Case]:
    """The agency's open cases, most urgent first."""
    urgent = (col(Case.urgent_at), col(Case.number))
    query = select(Case).where(col(Case.lead_agency) == agency, col(Case.urgent_at).is_not(None)).order_by(*urgent)
    if after is not None:
        query = query.where(tuple_(*urgent) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()


async def claimable(session: AsyncSession, agency: str, now: datetime, limit: int) -> Sequence[Case]:
    """Open cases of the agency that no worker holds, locked, most urgent first; those another claims are left out."""
    free = col(Case.lease_until).is_(None) | (col(Case.lease_until) <= literal(now, UtcDateTime))
    query = (
        select(Case)
        .where(col(Case.lead_agency) == agency, col(Case.urgent_at).is_not(None), free)
        .order_by(col(Case.urgent_at), col(Case.number))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(query)).scalars().all()


async def cases(session: AsyncSession, filters: Filters, after: Place | None, limit: int) -> Sequence[Case]:
    """Cases, latest assigned first."""
    latest = (col(Case.assigned_at), col(Case.number))
    query = select(Case).where(col(Case.assigned_at).is_not(None))
    for column, value in (
        (Case.lead_agency, filters.agency),
        (Case.state, filters.state),
        (Case.matter, filters.matter),
        (Case.region, filters.region),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if filters.card is not None:
        carded = select(Deadline.number).where(col(Deadline.card) == filters.card)
        query = query.where(col(Case.number).in_(carded))
    if filters.q:
        query = query.where(col(Case.title).contains(filters.q, autoescape=True))
    if after is not None:
        query = query.where(tuple_(*latest) < tuple_(literal(after[0], UtcDateTime), after[1]))
    ordered = query.order_by(latest[0].desc(), latest[1].desc()).limit(limit)
    return (await session.execute(ordered)).scalars().all()


async def counts(session: AsyncSession) -> Sequence[tuple[str, str, int]]:
    """(lead agency, state, cases)."""
    query = select(Case.lead_agency, Case.state, func.count()).where(col(Case.lead_agency).is_not(None))
    rows = await session.execute(query.group_by(col(Case.lead_agency), col(Case.state)))
    return [(str(agency), state, number) for agency, state, number in rows]


async def deadline_counts(session: AsyncSession, now: datetime) -> Sequence[tuple[str, int, int]]:
    """(stage, due until now, of these met in time)."""
    late = col(Deadline.due_at) <= literal(now, UtcDateTime)
    met = func.count().filter(col(Deadline.met_at) <= col(Deadline.due_at))
    query = select(Deadline.stage, func.count(), met).where(late).group_by(col(Deadline.stage))
    return [(stage, due, done) for stage, due, done in await session.execute(query)]
