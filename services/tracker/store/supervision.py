"""What supervisors look at: orders, requests for more time, reviews, the bulletin."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.store.cases import Place
from services.tracker.tables import UNACCEPTED, Case, Deadline, ExtensionRequest, Order, Review
from shared.tables import UtcDateTime


async def order(session: AsyncSession, id_: str) -> Order | None:
    return await session.get(Order, id_)


async def orders(
    session: AsyncSession, agency: str | None, is_open: bool | None, after: Place | None, limit: int
) -> Sequence[Order]:
    """Supervision orders, newest first."""
    place = (col(Order.given_at), col(Order.id))
    closed = col(Order.replied_at).is_not(None) | col(Order.ended_at).is_not(None)
    wanted: list[ColumnElement[bool]] = [col(Order.agency) == agency] if agency else []
    if is_open is True:
        wanted += [col(Order.replied_at).is_(None), col(Order.ended_at).is_(None)]
    elif is_open is False:
        wanted.append(closed)
    if after is not None:
        wanted.append(tuple_(*place) < tuple_(literal(after[0], UtcDateTime), after[1]))
    query = select(Order).where(*wanted).order_by(place[0].desc(), place[1].desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def deadlines(session: AsyncSession, ids: Sequence[str]) -> dict[str, Deadline]:
    """These deadlines, by id."""
    rows = (await session.execute(select(Deadline).where(col(Deadline.id).in_(ids)))).scalars()
    return {row.id: row for row in rows}


async def requests(
    session: AsyncSession, agency: str | None, state: str, after: Place | None, limit: int
) -> Sequence[ExtensionRequest]:
    """Requests for more time in this state, oldest first."""
    place = (col(ExtensionRequest.asked_at), col(ExtensionRequest.id))
    query = select(ExtensionRequest).where(col(ExtensionRequest.state) == state).order_by(*place)
    if agency is not None:
        query = query.where(col(ExtensionRequest.agency) == agency)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()


async def reviews(session: AsyncSession, after: Place | None, limit: int) -> Sequence[Review]:
    """Reviews that wait for a decision, oldest first."""
    place = (col(Review.asked_at), col(Review.number))
    query = select(Review).where(col(Review.state) == "pending").order_by(*place)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()


async def bulletin(session: AsyncSession) -> Sequence[tuple[str, int, datetime]]:
    """(agency, its cases that are named in the bulletin and still late, the oldest due time), most cases first."""
    named = (col(Deadline.named_at).is_not(None), col(Deadline.met_at).is_(None), col(Deadline.ended_at).is_(None))
    cases = func.count(func.distinct(Deadline.number))
    query = select(Deadline.agency, cases, func.min(Deadline.due_at)).where(*named).group_by(col(Deadline.agency))
    rows = await session.execute(query.order_by(cases.desc(), col(Deadline.agency)))
    return [(str(agency), count, oldest) for agency, count, oldest in rows]


async def unaccepted_since(session: AsyncSession) -> dict[str, datetime]:
    """By agency, since when its longest waiting case is not taken up; the index is read once an agency."""
    agency, waiting = col(Case.lead_agency), text(UNACCEPTED)
    first = select(func.min(agency).label("agency")).where(waiting).cte("agencies", recursive=True)
    later = select(func.min(agency)).where(waiting, agency > first.c.agency)
    agencies = first.union_all(select(later.scalar_subquery()).where(first.c.agency.is_not(None)))
    since = select(func.min(col(Case.assigned_at))).where(waiting, agency == agencies.c.agency)
    query = select(agencies.c.agency, since.scalar_subquery()).where(agencies.c.agency.is_not(None))
    return {code: moment for code, moment in await session.execute(query)}
