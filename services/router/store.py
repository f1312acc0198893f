"""Every query of the router."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.router.tables import DecisionRecord, Routing
from shared.tables import UtcDateTime


async def held(session: AsyncSession, after: tuple[datetime, str] | None, limit: int) -> Sequence[Routing]:
    """Complaints that wait for a dispatcher, longest first; `after` is (held_at, number) of the last one seen."""
    query = select(Routing).where(col(Routing.state) == "held").order_by(col(Routing.held_at), col(Routing.number))
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
