"""The queue that agencies pull: most urgent first, and what of it is free."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.store.cases import Filters, Place
from services.tracker.tables import Case, Deadline
from shared.tables import UtcDateTime


async def waiting(session: AsyncSession, filters: Filters, after: Place | None, limit: int) -> Sequence[Case]:
    """Open cases, most urgent first."""
    urgent = (col(Case.urgent_at), col(Case.number))
    query = select(Case).where(col(Case.urgent_at).is_not(None), *filters.conditions()).order_by(*urgent)
    if after is not None:
        query = query.where(tuple_(*urgent) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()


async def claimable(session: AsyncSession, filters: Filters, now: datetime, limit: int) -> Sequence[Case]:
    """Open cases that no worker holds, locked, most urgent first; those another claims are left out."""
    free = col(Case.lease_until).is_(None) | (col(Case.lease_until) <= literal(now, UtcDateTime))
    query = (
        select(Case)
        .where(col(Case.urgent_at).is_not(None), free, *filters.conditions())
        .order_by(col(Case.urgent_at), col(Case.number))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(query)).scalars().all()


async def opinions_due(session: AsyncSession, agency: str, after: Place | None, limit: int) -> Sequence[Deadline]:
    """Opinions that this co-agency still owes, first due first."""
    place = (col(Deadline.due_at), col(Deadline.number))
    owed = (col(Deadline.agency) == agency, col(Deadline.stage) == "opinion")
    still = (col(Deadline.met_at).is_(None), col(Deadline.ended_at).is_(None))
    query = select(Deadline).where(*owed, *still).order_by(*place)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()
