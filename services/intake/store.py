"""Every query of intake."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.intake.tables import Complaint, Entry, Tries


async def complaint(session: AsyncSession, number: str) -> Complaint | None:
    return await session.get(Complaint, number)


async def tries(session: AsyncSession, number: str) -> Tries | None:
    return await session.get(Tries, number)


async def timeline(session: AsyncSession, number: str) -> Sequence[Entry]:
    """What happened, oldest first."""
    query = select(Entry).where(col(Entry.number) == number).order_by(col(Entry.at), col(Entry.id))
    return (await session.execute(query)).scalars().all()
