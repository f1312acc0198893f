"""Every query of the router."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, tuple_
from sqlalchemy import select as sql_select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.router.tables import DecisionRecord, Routing
from shared.tables import UtcDateTime


async def held(session: AsyncSession, after: tuple[datetime, str] | None, limit: int) -> Sequence[Routing]:
    """Complaints that wait for a dispatcher, longest first; `after` is (held_at, number) of the last one seen."""
    waiting = col(Routing.state).in_(("held", "supplement"))
    query = select(Routing).where(waiting).order_by(col(Routing.held_at), col(Routing.number))
    if after is not None:
        query = query.where(
            tuple_(col(Routing.held_at), col(Routing.number)) > tuple_(literal(after[0], UtcDateTime), after[1])
        )
    return (await session.execute(query.limit(limit))).scalars().all()


async def routing(session: AsyncSession, number: str) -> Routing | None:
    return await session.get(Routing, number)


async def decisions(session: AsyncSession, number: str) -> Sequence[DecisionRecord]:
    """Every decision on this complaint, oldest first."""
    query = select(DecisionRecord).where(col(DecisionRecord.number) == number).order_by(col(DecisionRecord.id))
    return (await session.execute(query)).scalars().all()


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Decisions of one group: how many, how many returned; of dispatchers' ones, how many agreed with the machine."""

    group: str | None
    assigned: int
    returned: int
    decided_by_person: int
    proposed: int
    agreed: int


async def accuracy(session: AsyncSession, by: str) -> Sequence[Accuracy]:
    """Counts by a column of the decisions, most decisions first."""
    column, total = col(getattr(DecisionRecord, by)), func.count()
    person, proposed = col(DecisionRecord.decided_by) == "dispatcher", col(DecisionRecord.proposed)
    counted = (
        column,
        total,
        total.filter(col(DecisionRecord.returned_code).is_not(None)),
        total.filter(person),
        total.filter(person & proposed.is_not(None)),
        total.filter(person & (proposed == col(DecisionRecord.lead_agency))),
    )
    query = sql_select(*counted).group_by(column).order_by(total.desc(), column)
    rows = await session.execute(query)
    return [Accuracy(*row) for row in rows]


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many complaints wait at the desk, by state."""
    waiting = col(Routing.held_at).is_not(None) & col(Routing.state).in_(("held", "supplement"))
    query = select(Routing.state, func.count()).where(waiting).group_by(col(Routing.state))
    return {state: number for state, number in await session.execute(query)}


async def held_longest(session: AsyncSession) -> datetime | None:
    """Since when the longest waiting complaint is held."""
    query = select(func.min(Routing.held_at)).where(col(Routing.state) == "held")
    found: datetime | None = (await session.execute(query)).scalar_one()
    return found
