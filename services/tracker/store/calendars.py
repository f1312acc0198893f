"""Open deadlines by the years of the calendar that they rest on."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.tables import Deadline
from shared.calendar import Calendar

_OPEN = (col(Deadline.met_at).is_(None), col(Deadline.ended_at).is_(None))


async def _versions(session: AsyncSession) -> Sequence[tuple[str, int]]:
    """(version, open deadlines): there are as many as spans of years."""
    query = select(Deadline.calendar, func.count()).where(*_OPEN).group_by(col(Deadline.calendar))
    return [(version, count) for version, count in await session.execute(query)]


async def stale(session: AsyncSession, calendar: Calendar, after: str, limit: int) -> Sequence[str]:
    """Numbers of complaints with an open deadline computed on years that have changed since, in order."""
    old = [version for version, _ in await _versions(session) if not calendar.has(version)]
    if not old:
        return []
    wanted = (*_OPEN, col(Deadline.calendar).in_(old), col(Deadline.number) > after)
    query = select(Deadline.number).where(*wanted).distinct().order_by(col(Deadline.number)).limit(limit)
    return (await session.execute(query)).scalars().all()


async def provisional(session: AsyncSession, calendar: Calendar) -> int:
    """How many open deadlines rest on a year that is not published yet."""
    published = {year.version for year in calendar.years.values() if year.published}
    counted = await _versions(session)
    return sum(count for version, count in counted if not set(version.split(".")) <= published)
