"""Rebuilding the tracker's rows from the stream, into a database of their own."""

from collections.abc import Callable

from sqlalchemy import func, select

from services.tracker.handlers import Tracker
from services.tracker.numbers.fold import fold_numbers
from shared import migrate
from shared.bus import PARTITIONS, Bus
from shared.runtime import Service

#: Facts of one transaction.
PAGE = 500


class Live(Exception):
    """The database is one that a tracker works on: it has told facts of its own."""


async def rebuild(
    tracker: Service[Tracker],
    bus: Bus,
    partitions: int = PARTITIONS,
    offset: int = 0,
    progress: Callable[[int], None] = lambda _facts: None,
) -> int:
    """Apply every fact from `offset` of each partition on; how many were read.

    What is applied already is left out, so a replay that was interrupted is run again. Raises Live.
    """
    await migrate.upgrade(tracker.database, tracker.spec.migrations, tracker.spec.metadata)
    await _refuse_live(tracker)
    facts = 0
    for partition in range(partitions):
        page = []
        async for delivered in bus.replay(partition, offset):
            page.append(delivered)
            if len(page) == PAGE:
                await tracker.consumer.apply(page)
                facts, page = facts + len(page), []
                progress(facts)
        await tracker.consumer.apply(page)
        facts += len(page)
        progress(facts)
        await fold_numbers(tracker)
    return facts


async def _refuse_live(tracker: Service[Tracker]) -> None:
    outbox = tracker.spec.kernel.outbox
    async with tracker.database.reading() as session:
        if await session.scalar(select(func.count()).select_from(outbox)):
            raise Live(str(tracker.database.url))
