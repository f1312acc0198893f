"""Every query of the webhooks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.tracker.webhooks.tables import Delivery, Webhook
from shared.tables import UtcDateTime

Place = tuple[datetime, str]
OPEN = ("ready", "sending", "waiting")
#: Rows in one transaction, so that clearing up never holds up the work.
CHUNK = 1000


async def listening(session: AsyncSession, agencies: Collection[str]) -> Sequence[Webhook]:
    """The enabled addresses of these agencies."""
    query = select(Webhook).where(col(Webhook.agency).in_(agencies), col(Webhook.enabled))
    return (await session.execute(query.order_by(col(Webhook.id)))).scalars().all()


async def webhook(session: AsyncSession, id_: str) -> Webhook | None:
    return await session.get(Webhook, id_)


async def count(session: AsyncSession, agency: str) -> int:
    query = select(func.count()).select_from(Webhook).where(col(Webhook.agency) == agency)
    return await session.scalar(query) or 0


async def webhooks(session: AsyncSession, agency: str | None, after: Place | None, limit: int) -> Sequence[Webhook]:
    """Addresses, oldest first; of one agency, or of all."""
    place = (col(Webhook.created_at), col(Webhook.id))
    query = select(Webhook).order_by(*place)
    if agency is not None:
        query = query.where(col(Webhook.agency) == agency)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(literal(after[0], UtcDateTime), after[1]))
    return (await session.execute(query.limit(limit))).scalars().all()


async def deliveries(
    session: AsyncSession, webhook: str, state: str | None, after: Place | None, limit: int
) -> Sequence[Delivery]:
    """The log of one address, newest first."""
    place = (col(Delivery.created_at), col(Delivery.id))
    query = select(Delivery).where(col(Delivery.webhook) == webhook)
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    if after is not None:
        query = query.where(tuple_(*place) < tuple_(literal(after[0], UtcDateTime), after[1]))
    query = query.order_by(place[0].desc(), place[1].desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


def _due(now: datetime) -> ColumnElement[bool]:
    """Ready, or claimed by somebody who never came back."""
    return col(Delivery.state).in_(("ready", "sending")) & (col(Delivery.try_at) <= literal(now, UtcDateTime))


async def with_something_due(session: AsyncSession, now: datetime) -> Sequence[Webhook]:
    """Enabled addresses that something is to be sent to now, in no order, so that none is always the last."""
    waits = exists().where(col(Delivery.webhook) == col(Webhook.id), _due(now))
    query = select(Webhook).where(col(Webhook.enabled), waits).order_by(func.random())
    return (await session.execute(query)).scalars().all()


async def take(session: AsyncSession, webhook: str, now: datetime, limit: int) -> Sequence[Delivery]:
    """What is due for this address, locked, oldest first; what another replica is taking is left out."""
    query = select(Delivery).where(col(Delivery.webhook) == webhook, _due(now)).order_by(col(Delivery.try_at))
    return (await session.execute(query.limit(limit).with_for_update(skip_locked=True))).scalars().all()


async def drop(session: AsyncSession, webhook: str) -> None:
    """What waits for this address is not sent any more; what is being sent meets its own fate."""
    mine = (col(Delivery.webhook) == webhook, col(Delivery.state).in_(("ready", "waiting")))
    await session.execute(update(Delivery).where(*mine).values(state="dropped", try_at=None))


async def forget(session: AsyncSession, webhook: str) -> None:
    """The log of this address goes with it."""
    await session.execute(delete(Delivery).where(col(Delivery.webhook) == webhook))


async def drop_strays(session: AsyncSession) -> None:
    """What was written for an address while it was being disabled or deleted."""
    heard = select(col(Webhook.id)).where(col(Webhook.enabled))
    stray = (col(Delivery.state).in_(("ready", "waiting")), col(Delivery.webhook).not_in(heard))
    await session.execute(update(Delivery).where(*stray).values(state="dropped", try_at=None))


async def forget_some(session: AsyncSession, before: datetime) -> int:
    """A chunk of the closed deliveries written before then goes; how many."""
    closed = (col(Delivery.created_at) < literal(before, UtcDateTime), col(Delivery.state).not_in(OPEN))
    old = select(col(Delivery.id)).where(*closed).limit(CHUNK)
    gone: Any = await session.execute(delete(Delivery).where(col(Delivery.id).in_(old)))
    return int(gone.rowcount)


async def standing(session: AsyncSession) -> tuple[int, datetime | None, int, int]:
    """(deliveries that wait, since when the oldest does, addresses that fail, addresses disabled for failing)."""
    mine = select(func.count(), func.min(col(Delivery.open_since))).where(col(Delivery.state).in_(OPEN))
    waiting, oldest = (await session.execute(mine)).one()
    failing = func.count().filter(col(Webhook.enabled), col(Webhook.failing_since).is_not(None))
    disabled = func.count().filter(col(Webhook.disabled_why).in_(("gone", "failing")))
    fails, gone = (await session.execute(select(failing, disabled).select_from(Webhook))).one()
    return waiting, oldest, fails, gone
