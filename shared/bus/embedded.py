"""The bus of one process: a durable log in a SQLite file of its own."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, func, select
from sqlalchemy.dialects.sqlite import insert

from shared.bus import PARTITIONS, Delivered, Progress, Record, partition_of
from shared.db import Database

_metadata = MetaData()
LOG = Table(
    "log",
    _metadata,
    Column("partition", Integer, primary_key=True),
    Column("offset", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("trace", Text),
    sqlite_with_rowid=False,
)
POSITION = Table(
    "position",
    _metadata,
    Column("consumers", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Integer, nullable=False),
)
_REPLAY_PAGE = 1000


class EmbeddedBus:
    """Keeps the contract of `shared.bus` inside one process."""

    def __init__(self, path: Path, partitions: int = PARTITIONS) -> None:
        self._path = path
        self.partitions = partitions
        self._appended = asyncio.Condition()
        self._groups: dict[str, list[EmbeddedSubscription]] = {}

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.database = Database(f"sqlite+aiosqlite:///{self._path}")
        async with self.database.writing() as session:
            connection = await session.connection()
            await connection.run_sync(_metadata.create_all)
        self._next = dict.fromkeys(range(self.partitions), 0)
        async with self.database.reading() as session:
            for row in await session.execute(select(LOG.c.partition, func.max(LOG.c.offset)).group_by(LOG.c.partition)):
                self._next[row[0]] = row[1] + 1

    async def send(self, records: Sequence[Record]) -> None:
        if not records:
            return
        async with self._appended:
            ends, rows = dict(self._next), []
            for record in records:
                partition = partition_of(record.key, self.partitions)
                row = {"partition": partition, "offset": ends[partition]}
                rows.append({**row, "key": record.key, "value": record.value, "trace": record.trace})
                ends[partition] += 1
            async with self.database.writing() as session:
                await session.execute(LOG.insert(), rows)
            self._next = ends
            self._appended.notify_all()

    async def subscribe(self, group: str) -> "EmbeddedSubscription":
        member = EmbeddedSubscription(self, group)
        self._groups.setdefault(group, []).append(member)
        await self._share(group)
        return member

    async def leave(self, member: "EmbeddedSubscription") -> None:
        members = self._groups.get(member.group, [])
        if member in members:
            members.remove(member)
            await self._share(member.group)

    async def _share(self, group: str) -> None:
        members = self._groups[group]
        for index, member in enumerate(members):
            await member.own({p for p in range(self.partitions) if p % len(members) == index})

    async def replay(self, partition: int, offset: int = 0) -> AsyncGenerator[Delivered, None]:
        while page := await self.read({partition: offset}, _REPLAY_PAGE):
            for delivered in page:
                yield delivered
            offset = page[-1].offset + 1

    async def progress(self, group: str) -> Mapping[int, Progress]:
        committed = await self.committed(group, range(self.partitions))
        return {partition: Progress(committed[partition], end) for partition, end in self._next.items()}

    async def committed(self, group: str, partitions: Collection[int]) -> dict[int, int]:
        """The group's next offset of each of these partitions; 0 where it committed none."""
        mine = (POSITION.c.consumers == group) & POSITION.c.partition.in_(partitions)
        async with self.database.reading() as session:
            rows = await session.execute(select(POSITION.c.partition, POSITION.c.offset).where(mine))
            return dict.fromkeys(partitions, 0) | {row.partition: row.offset for row in rows}

    async def read(self, positions: Mapping[int, int], limit: int) -> list[Delivered]:
        """Up to `limit` records from these positions on, partition by partition."""
        found: list[Delivered] = []
        async with self.database.reading() as session:
            for partition, offset in positions.items():
                if offset >= self._next[partition] or len(found) >= limit:
                    continue
                here = (LOG.c.partition == partition) & (LOG.c.offset >= offset)
                query = select(LOG).where(here).order_by(LOG.c.offset).limit(limit - len(found))
                found += [Delivered(*row) for row in await session.execute(query)]
        return found

    def behind(self, positions: Mapping[int, int]) -> int:
        return sum(self._next[partition] - offset for partition, offset in positions.items())

    async def wait_for_more(self, positions: Mapping[int, int], timeout_seconds: float) -> None:
        try:
            async with asyncio.timeout(timeout_seconds), self._appended:
                await self._appended.wait_for(lambda: self.behind(positions) > 0)
        except TimeoutError:
            return

    async def ping(self) -> None:
        await self.database.ping()

    async def close(self) -> None:
        await self.database.close()


@dataclass(eq=False)
class EmbeddedSubscription:
    """One member of a group; partitions are dealt out again whenever a member joins or leaves."""

    bus: EmbeddedBus
    group: str
    positions: dict[int, int] = field(default_factory=dict)

    async def own(self, partitions: set[int]) -> None:
        kept = {p: offset for p, offset in self.positions.items() if p in partitions}
        committed = await self.bus.committed(self.group, partitions - kept.keys())
        self.positions = dict(sorted((kept | committed).items()))

    async def poll(self, limit: int, timeout_seconds: float) -> Sequence[Delivered]:
        if self.bus.behind(self.positions) == 0:
            await self.bus.wait_for_more(self.positions, timeout_seconds)
        found = await self.bus.read(dict(self.positions), limit)
        owned = [delivered for delivered in found if delivered.partition in self.positions]
        for delivered in owned:
            self.positions[delivered.partition] = delivered.offset + 1
        return owned

    async def commit(self, positions: Mapping[int, int]) -> None:
        mine = {p: offset for p, offset in positions.items() if p in self.positions}
        if not mine:
            return
        rows = [{"consumers": self.group, "partition": p, "offset": offset} for p, offset in mine.items()]
        statement = insert(POSITION)
        upsert = statement.on_conflict_do_update(
            index_elements=["consumers", "partition"], set_={"offset": statement.excluded.offset}
        )
        async with self.bus.database.writing() as session:
            await session.execute(upsert, rows)

    async def rewind(self) -> None:
        self.positions = dict(sorted((await self.bus.committed(self.group, set(self.positions))).items()))

    async def lag(self) -> int:
        return self.bus.behind(self.positions)

    async def close(self) -> None:
        await self.bus.leave(self)
