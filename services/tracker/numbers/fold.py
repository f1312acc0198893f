"""Deltas into totals, now and then, one replica at a time; what is read in between is totals and deltas together."""

from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.recount import recount
from services.tracker.numbers.totals import (
    ALL,
    CELL,
    DELTA,
    MONTH,
    RUNNING,
    SIDE,
    SIDES,
    THROUGH,
    add,
    alone,
    one_snapshot,
    through,
    told,
    total,
)
from shared.chores import Chore
from shared.clock import in_shanghai
from shared.db import Database
from shared.runtime import Service

FOLD_SECONDS = 5.0
#: Deltas in one transaction, so that folding never holds up the work.
CHUNK = 20_000


async def fold_numbers(service: Service[Any]) -> None:
    """Fold what there is; the very first time, count what was there before anything was counted."""
    async with service.database.reading() as session:
        counted = await through(session) is not None
    if not counted:
        await recount(service.database, repair=True)
    today = in_shanghai(service.clock.now()).date().isoformat()
    while await fold(service.database, today):
        pass


async def fold(database: Database, today: str) -> int:
    """A chunk of deltas into the totals, and the days that have come into the running ones; how many deltas."""
    async with database.writing() as session:
        # What is added and what is deleted must be the same deltas, though others write some meanwhile.
        await one_snapshot(session)
        await alone(session)
        last = await through(session)
        top = await _top(session)
        folded = 0 if top is None else await _add_up_to(session, top, last or "")
        if today > (last or ""):
            await _roll(session, last, today)
        return folded


async def _top(session: AsyncSession) -> int | None:
    oldest = select(DELTA.c.id).order_by(DELTA.c.id).limit(CHUNK).subquery()
    found: int | None = await session.scalar(select(func.max(oldest.c.id)))
    return found


async def _add_up_to(session: AsyncSession, top: int, last: str) -> int:
    mine = DELTA.c.id <= top
    await add(session, CELL, told(CELL, DELTA, ALL, mine))
    for side in SIDES:
        await add(session, SIDE, told(SIDE, DELTA, side, mine))
        await add(session, MONTH, told(MONTH, DELTA, side, mine))
        await add(session, RUNNING, told(RUNNING, DELTA, side, mine, DELTA.c.day <= last))
    done: Any = await session.execute(delete(DELTA).where(mine))
    return int(done.rowcount)


async def _roll(session: AsyncSession, last: str | None, today: str) -> None:
    """What was due on the days that have come since joins the running totals."""
    came = SIDE.c.dimension.in_(SIDES) & (SIDE.c.day > (last or "")) & (SIDE.c.day <= today)
    keys = (SIDE.c.dimension, SIDE.c.code, SIDE.c.measure)
    await add(session, RUNNING, select(*keys, total(SIDE.c.value)).where(came).group_by(*keys))
    await session.execute(
        insert(THROUGH).values(id=1, day=today) if last is None else update(THROUGH).values(day=today)
    )


FOLDING = Chore(FOLD_SECONDS, fold_numbers)
