"""Every query of the router."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, literal, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.router.tables import WAITING, DecisionRecord, Routing
from shared.tables import UtcDateTime


async def held(session: AsyncSession, after: tuple[datetime, str] | None, limit: int) -> Sequence[Routing]:
    """Complaints that wait for a dispatcher, longest first; `after` is (held_at, number) of the last one seen."""
    query = select(Routing).where(text(WAITING)).order_by(col(Routing.held_at), col(Routing.number))
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


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many complaints wait at the desk, by state."""
    query = select(Routing.state, func.count()).where(text(WAITING)).group_by(col(Routing.state))
    return {state: number for state, number in await session.execute(query)}


async def held_longest(session: AsyncSession) -> datetime | None:
    """Since when the longest waiting complaint is held."""
    query = select(func.min(Routing.held_at)).where(text(WAITING), col(Routing.state) == "held")
    found: datetime | None = (await session.execute(query)).scalar_one()
    return found
