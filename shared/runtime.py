"""Start, run and stop: one service assembled from the kernel's parts, its loops supervised."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from sqlalchemy import MetaData

from shared import migrate
from shared.batch import Batch
from shared.bus import Bus
from shared.chores import Chore, Chores
from shared.clock import Clock
from shared.consumer import Consumer, Handlers
from shared.crypto import Cipher
from shared.db import Database
from shared.door import RequestDoor
from shared.events import Fact
from shared.older import refuse_older
from shared.opening import Opening
from shared.parking import Parking
from shared.pruning import Pruning
from shared.relay import Relay
from shared.settings import Settings
from shared.tables import Kernel
from shared.timers import TimerHandler, Timers

Parts = TypeVar("Parts")
#: How long a loop may take to end before it is told so again.
AGAIN_SECONDS = 2.0
log = structlog.get_logger()


@dataclass(frozen=True)
class Spec(Generic[Parts]):
    """What makes a service: what it is called, listens to, times, answers and looks after, and where its tables are.

    `applying` is what a fact that was told or answered already does to the rows, and no more, the service's own facts
    among them; `answers` are the facts it tells when it hears another's.
    """

    name: str
    metadata: MetaData
    kernel: Kernel
    migrations: Path
    routes: Sequence[APIRouter]
    handlers: Handlers
    applying: Handlers
    timers: Mapping[str, TimerHandler]
    parts: Parts
    answers: Mapping[type[Fact], tuple[type[Fact], ...]] = field(default_factory=dict)
    collect: Callable[[Any, CollectorRegistry], Awaitable[None]] | None = None
    notes: Callable[[], dict[str, str]] | None = None
    chores: Mapping[str, Chore] = field(default_factory=dict)


@dataclass
class Service(Generic[Parts]):
    """One running service: three doors in, one way out."""

    spec: Spec[Parts]
    database: Database
    clock: Clock
    cipher: Cipher
    bus: Bus
    door: RequestDoor
    relay: Relay
    consumer: Consumer
    timers: Timers
    parking: Parking
    pruning: Pruning
    chores: Chores
    migrate_at_start: bool
    on_death: Callable[[str], None]
    opening: Opening | None = None
    _opens: "asyncio.Task[None] | None" = None
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def parts(self) -> Parts:
        return self.spec.parts

    async def start(self) -> None:
        """Schema first, then the way out, then the ways in; nothing is read into a database that was put back."""
        if self.migrate_at_start:
            await migrate.upgrade(self.database, self.spec.migrations, self.spec.metadata)
        opening = self.opening = Opening(self.name, self._at_head, self._proof, self.on_death)
        self._opens = asyncio.create_task(opening.run(), name=f"{self.name}.opening")
        self._run("relay", self.relay.run, opening.clock)
        self._run("door", self.door.serve)
        self._run("consumer", self.consumer.run, opening.reader)
        self._run("timers", self.timers.run, opening.clock)
        self._run("pruning", self.pruning.run, opening.clock)
        for chore in self.spec.chores:
            self._run(chore, partial(self.chores.repeat, chore, self), opening.clock)

    async def stop(self) -> None:
        """The mirror of start."""
        for name in reversed(list(self._tasks)):
            await self.end(name)
        self._tasks.clear()
        if self._opens is not None:
            await _ended(self._opens)
        if self.consumer.subscription is not None:
            await self.consumer.subscription.close()
        await self.database.close()

    async def end(self, name: str) -> None:
        """This loop is over when it returns."""
        await _ended(self._tasks[name])

    async def _at_head(self) -> bool:
        return await migrate.at_head(self.database, self.spec.migrations)

    async def _proof(self) -> None:
        await self.bus.ping()
        await refuse_older(self.consumer, self.spec.applying.keys(), self.spec.metadata)

    def _run(self, name: str, loop: Callable[[], Awaitable[None]], after: asyncio.Event | None = None) -> None:
        async def supervised() -> None:
            try:
                if after is not None:
                    await after.wait()
                await loop()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.critical("loop died", service=self.name, loop=name, exc_info=error)
            self.on_death(f"{self.name}.{name}")

        self._tasks[name] = asyncio.create_task(supervised(), name=f"{self.name}.{name}")

    def dead_loops(self) -> list[str]:
        return [name for name, task in self._tasks.items() if task.done()]

    async def checks(self) -> dict[str, bool | str]:
        """What readiness rests on: database, schema and loops; the bus only informs, filing goes on without it."""
        found: dict[str, bool | str] = {**(self.spec.notes() if self.spec.notes else {})}
        found |= {"loops": not self.dead_loops() and self.opening is not None and self.opening.clock.is_set()}
        try:
            async with asyncio.timeout(2):
                found["schema"] = await self._at_head()
                found["database"] = True
        except Exception:
            found["database"] = False
        try:
            async with asyncio.timeout(2):
                await self.bus.ping()
            found["bus"] = "up"
        except Exception:
            found["bus"] = "down: facts wait in the outbox"
        return found


async def _ended(task: "asyncio.Task[None]") -> None:
    """Libraries swallow a cancellation now and then, or answer it with an error of their own: it is told again."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)


def assemble(
    spec: Spec[Any],
    settings: Settings,
    *,
    url: str,
    bus: Bus,
    clock: Clock,
    cipher: Cipher,
    on_death: Callable[[str], None],
    migrate_at_start: bool,
) -> Service[Any]:
    """The kernel's parts around one service."""
    database = Database(url)
    batch = Batch(database, spec.kernel, clock)
    in_order = Batch(database, spec.kernel, clock, ordered=True)
    relay = Relay(spec.name, database, spec.kernel, bus, clock)
    parking = Parking(database, spec.kernel, clock)
    return Service(
        spec=spec,
        database=database,
        clock=clock,
        cipher=cipher,
        bus=bus,
        door=RequestDoor(batch, cipher, on_commit=relay.wake),
        relay=relay,
        consumer=Consumer(spec.name, bus, in_order, parking, spec.handlers, relay.wake),
        timers=Timers(spec.name, batch, spec.timers, relay.wake),
        parking=parking,
        pruning=Pruning(database, spec.kernel, clock, settings),
        chores=Chores(spec.name, database, spec.chores),
        migrate_at_start=migrate_at_start,
        on_death=on_death,
    )
