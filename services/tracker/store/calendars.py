"""Open deadlines by the years of the calendar that they rest on."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.tables import Deadline
from shared.calendar import Calendar

_OPEN = (col(Deadline.met_at).is_(None), col(Deadline.ended_at).is_(None))


async def _versions(session: AsyncSession) -> Sequence[str]:
    """The versions that open deadlines rest on, read along the index from one to the next, however many there are."""
    first = select(func.min(col(Deadline.calendar)).label("version")).where(*_OPEN).cte("versions", recursive=True)
    later = select(func.min(col(Deadline.calendar))).where(*_OPEN, col(Deadline.calendar) > first.c.version)
    versions = first.union_all(select(later.scalar_subquery()).where(first.c.version.is_not(None)))
    query = select(versions.c.version).where(versions.c.version.is_not(None))
    found: Sequence[str] = (await session.execute(query)).scalars().all()
    return found


async def stale(session: AsyncSession, calendar: Calendar, after: str, limit: int) -> Sequence[str]:
    """Numbers of complaints with an open deadline computed on years that have changed since, in order."""
    old = [version for version in await _versions(session) if not calendar.has(version)]
    if not old:
        return []
    wanted = (*_OPEN, col(Deadline.calendar).in_(old), col(Deadline.number) > after)
    query = select(Deadline.number).where(*wanted).distinct().order_by(col(Deadline.number)).limit(limit)
    return (await session.execute(query)).scalars().all()


async def provisional(session: AsyncSession, calendar: Calendar) -> int:
    """How many open deadlines rest on a year that is not published yet."""
    published = {year.version for year in calendar.years.values() if year.published}
    unsure = [version for version in await _versions(session) if not set(version.split(".")) <= published]
    if not unsure:
        return 0
    query = select(func.count()).select_from(Deadline).where(*_OPEN, col(Deadline.calendar).in_(unsure))
    return await session.scalar(query) or 0
