"""The proof: all cases counted again, held against the totals and the deltas, and the totals put right where asked.

A correction is an addition like any other, so what moved while it was counted stays right.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.counting import DIFFERENCE, WORDS, begin, count, make_tables
from services.tracker.numbers.totals import CELL, MONTH, RUNNING, SIDE, add, alone, key_of, through
from shared.db import Database


@dataclass(frozen=True, slots=True)
class Difference:
    """A total that is not what the cases add up to; `place` names the table and the row."""

    place: str
    measure: str
    kept: int
    counted: int


def _ignore(_what: Any) -> None:
    return None


async def recount(
    database: Database,
    *,
    repair: bool = False,
    tell: Callable[[Difference], None] = _ignore,
    counted: Callable[[int], None] = _ignore,
) -> int:
    """How many totals differ from the cases, each one told; `counted` is told the cases as they are read."""
    async with database.apart() as session:
        await make_tables(session)
        while True:
            last = await count(session, counted)
            found = 0
            async for difference in _differences(session):
                tell(difference)
                found += 1
            if not repair or await _repair(session, last):
                return found


async def _differences(session: AsyncSession) -> AsyncIterator[Difference]:
    order = [DIFFERENCE.c[name] for name in ("total", "measure", "day", "month", "dimension", "code", *WORDS[:4])]
    rows = await session.stream(select(DIFFERENCE).order_by(*order))
    async for row in rows:
        words = [row.total, row.dimension, row.code, row.month, row.day, row.agency, row.region, row.matter]
        yield Difference(" ".join(word for word in words if word), row.measure, row.kept, row.counted)
    await session.commit()


async def _repair(session: AsyncSession, last: str | None) -> bool:
    """Add what is missing; False when the running totals took in another day meanwhile, and all is to be done again."""
    await begin(session, "BEGIN IMMEDIATE")
    await alone(session)
    same = await through(session) == last
    for table in (CELL, SIDE, MONTH, RUNNING) if same else ():
        keys = [DIFFERENCE.c[name] for name in key_of(table)]
        missing = select(*keys, DIFFERENCE.c.counted - DIFFERENCE.c.kept)
        await add(session, table, missing.where(DIFFERENCE.c.total == table.name))
    await session.commit()
    return same
