"""Where in the stream a database stands: kept with the effects of what was read, so that every copy of it knows too.

The group's own offsets are the broker's; they do not go back when a database is restored to an older copy.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import Delivered
from shared.tables import Kernel


def behind(polled: Iterable[Delivered]) -> dict[int, int]:
    """The next offset of each partition once these records, given in order, are read."""
    return {delivered.partition: delivered.offset + 1 for delivered in polled}


async def keep(session: AsyncSession, kernel: Kernel, positions: Mapping[int, int]) -> None:
    """Everything before these offsets has had its effect here, or is parked; what was reached stays reached."""
    if not positions:
        return
    table = kernel.reached
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(table)
    farther = insert.excluded.next_offset > table.c.next_offset
    moved = insert.on_conflict_do_update(
        index_elements=["partition"], set_={"next_offset": insert.excluded.next_offset}, where=farther
    )
    # In one order, so that two replicas never wait for each other in a ring.
    rows = [{"partition": partition, "next_offset": offset} for partition, offset in sorted(positions.items())]
    await session.execute(moved, rows)


async def go_back(session: AsyncSession, kernel: Kernel, positions: Mapping[int, int]) -> None:
    """The stream is a shorter one than this database knows: it stands here."""
    table = kernel.reached
    for partition, offset in positions.items():
        await session.execute(table.update().where(table.c.partition == partition).values(next_offset=offset))


async def standing(session: AsyncSession, kernel: Kernel) -> dict[int, int]:
    """The next offset of each partition that was read here."""
    table = kernel.reached
    rows = await session.execute(select(table.c.partition, table.c.next_offset))
    return {row.partition: row.next_offset for row in rows}
