"""What tests drive the system with: a clock that is moved by hand, a shaky bus, and services stepped one at a time.

The fakes keep the contract of the real thing: `ShakyBus` passes the contract suite of the bus it wraps.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from shared import migrate
from shared.bus import Bus, Delivered, Progress, Record, Subscription
from shared.composition import Surroundings, surroundings
from shared.errors import Transient
from shared.runtime import Service
from shared.settings import Settings


@dataclass
class ManualClock:
    """A clock that stands still until it is moved."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@dataclass
class ShakyBus:
    """A bus that fails as buses do: before the append, after it, and with complaints interleaved another way."""

    inner: Bus
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    trouble: float = 0.0

    async def start(self) -> None:
        await self.inner.start()

    async def send(self, records: Sequence[Record]) -> None:
        fate = self.chance.random()
        if fate < self.trouble:
            raise Transient("the broker went away before the append")
        await self.inner.send(self._interleaved(records) if self.trouble else records)
        if fate < 2 * self.trouble:
            raise Transient("the broker went away after the append, before the ack")

    def _interleaved(self, records: Sequence[Record]) -> list[Record]:
        """The records in another order across complaints, in the same order within each."""
        waiting: dict[str, list[Record]] = {}
        for record in records:
            waiting.setdefault(record.key, []).append(record)
        mixed = []
        while waiting:
            key = self.chance.choice(sorted(waiting))
            mixed.append(waiting[key].pop(0))
            if not waiting[key]:
                del waiting[key]
        return mixed

    async def subscribe(self, group: str) -> Subscription:
        return await self.inner.subscribe(group)

    def replay(self, partition: int, offset: int = 0) -> AsyncGenerator[Delivered, None]:
        return self.inner.replay(partition, offset)

    async def progress(self, group: str) -> Mapping[int, Progress]:
        return await self.inner.progress(group)

    async def ping(self) -> None:
        await self.inner.ping()

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class Rig:
    """Services without their loops; a test steps relay, consumer and timers, and may kill them in between."""

    services: dict[str, Service[Any]]
    bus: Bus
    clock: ManualClock
    around: Surroundings
    #: How long a poll waits for what was just sent; 0 where sending makes it readable at once.
    wait_seconds: float = 0.0
    _doors: list["asyncio.Task[None]"] = field(default_factory=list)

    @classmethod
    async def build(
        cls,
        builds: Sequence[Callable[[Surroundings], Service[Any]]],
        folder: Path,
        clock: ManualClock,
        bus: Bus | None = None,
        replicas: int = 1,
    ) -> Self:
        """The services in a fresh folder, migrated, their request doors open."""
        around = surroundings(Settings(data_dir=folder), lambda _loop: None, clock=clock, bus=bus)
        await around.bus.start()
        built = {}
        for replica in range(replicas):
            for build in builds:
                service = build(around)
                built[service.name if replica == 0 else f"{service.name}-{replica + 1}"] = service
        rig = cls(built, around.bus, clock, around)
        for service in built.values():
            await migrate.upgrade(service.database, service.spec.migrations, service.spec.metadata)
            rig._doors.append(asyncio.create_task(service.door.serve()))
        return rig

    async def close(self) -> None:
        for task in self._doors:
            task.cancel()
        await asyncio.gather(*self._doors, return_exceptions=True)
        for service in self.services.values():
            await self.forget_reader(service)
            await service.database.close()
        await self.bus.close()

    async def forget_reader(self, service: Service[Any]) -> None:
        """The consumer dies; what it did not commit comes again."""
        subscription, service.consumer.subscription = service.consumer.subscription, None
        if subscription is not None:
            await subscription.close()

    async def relay(self, service: Service[Any], *, mark: bool = True) -> int:
        """One round of the relay; without `mark` it dies between send and mark."""
        relay = service.relay if mark else replace(service.relay)
        if not mark:
            relay._mark = _died  # type: ignore[method-assign, assignment]
        async with relay.leadership() as session:
            if session is None:
                return 0
            with suppress(Transient):
                return await relay.send_some(session)
        return 1

    async def consume(self, service: Service[Any], *, commit: bool = True) -> int:
        """One poll of the consumer; without `commit` it dies after its effects, before its offsets."""
        consumer = service.consumer
        if consumer.subscription is None:
            consumer.subscription = await self.bus.subscribe(f"yousu.{service.name}")
        if commit:
            return await consumer.step(consumer.subscription, self.wait_seconds)
        polled = await consumer.subscription.poll(500, self.wait_seconds)
        await consumer.apply(polled)
        await self.forget_reader(service)
        return len(polled)

    async def settle(self) -> None:
        """Step everything until nothing moves any more."""
        while await self._round() or await self._behind():
            pass

    async def _round(self) -> int:
        moved = 0
        for service in self.services.values():
            moved += await service.timers.fire_due() + await self.relay(service)
        for service in self.services.values():
            moved += await self.consume(service)
        return moved

    async def _behind(self) -> int:
        lags = [await s.consumer.subscription.lag() for s in self.services.values() if s.consumer.subscription]
        return sum(lags)


async def _died(*_: object) -> None:
    raise Transient("killed between send and mark")
