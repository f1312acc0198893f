"""A database that was put back to an older copy: what its group has read since is not in it, and nobody may go on so.

The proof is in the rows: of what the group has committed beyond where the database stands, the last fact that leaves a
mark here is looked for. A program that kept no positions may have read it; then it is known, and all is well.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, MetaData, Table, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import reached
from shared.consumer import Consumer
from shared.errors import YousuError
from shared.events import Fact
from shared.tables import Kernel
from shared.unheard import Unheard


class Older(YousuError):
    """This database does not hold what its service has read of the stream; `yousu catch-up` brings it there."""


async def refuse_older(consumer: Consumer, marks: Collection[type[Fact]], metadata: MetaData) -> None:
    """Raise Older unless all that the group has committed is here; Transient while the bus does not answer.

    `marks` are the facts that leave a mark in this database, the service's own among them.
    """
    told = await consumer.bus.progress(consumer.group)
    here = await standing(consumer, metadata)
    for partition, one in told.items():
        start = one.committed if here is None else here.get(partition, 0)
        if one.committed > start and not await _heard(consumer, marks, partition, start, one.committed):
            raise Older(f"{consumer.group} has read partition {partition} to {one.committed}, its database to {start}")
    # Of an empty stream too: whoever keeps no place at all was written by a program of before.
    await consumer.keep({partition: one.committed for partition, one in told.items()})


async def standing(consumer: Consumer, metadata: MetaData) -> dict[int, int] | None:
    """Where the database stands; None when it does not say and is not empty: a program of before wrote it."""
    kernel = consumer.batch.kernel
    async with consumer.batch.database.reading() as session:
        found = await reached.standing(session, kernel)
        return found if found or await _empty(session, metadata) else None


async def _empty(session: AsyncSession, metadata: MetaData) -> bool:
    kept = [table for table in metadata.sorted_tables if {"number", "event_id"} & set(table.c.keys())]
    return not await session.scalar(select(or_(*(_holds(table) for table in kept))))


def _holds(table: Table) -> ColumnElement[bool]:
    return select(literal(1)).select_from(table).exists()


async def _heard(consumer: Consumer, marks: Collection[type[Fact]], partition: int, start: int, end: int) -> bool:
    last: tuple[bytes, Fact] | None = None
    async for page in Unheard(consumer.bus, {partition: (start, end)}).pages():
        for heard in page:
            if heard.fact is not None and type(heard.fact) in marks:
                last = heard.delivered.value, heard.fact
    if last is None:
        return True
    async with consumer.batch.database.reading() as session:
        return await _known(session, consumer.batch.kernel, *last)


async def _known(session: AsyncSession, kernel: Kernel, body: bytes, fact: Fact) -> bool:
    if await heard_of(session, kernel, [fact.event_id]):
        return True
    parked = kernel.parked.c
    same = (parked.number == fact.number) & (parked.body == body)
    return await session.scalar(select(parked.id).where(same).limit(1)) is not None


async def heard_of(session: AsyncSession, kernel: Kernel, ids: Collection[UUID]) -> set[str]:
    """Of these facts those whose effect is here: they were heard, or told by this service itself."""
    wanted = [str(id_) for id_ in ids]
    found: set[str] = set()
    for table in (kernel.inbox, kernel.outbox):
        found |= set(await session.scalars(select(table.c.event_id).where(table.c.event_id.in_(wanted))))
    return found
