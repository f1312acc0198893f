"""One relay leads at a time, for as long as its session lives; whoever waits takes over when it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.intake.app import build
from services.intake.requests import NewComplaint
from shared import migrate
from shared.bus.embedded import EmbeddedBus
from shared.composition import surroundings
from shared.relay import Relay
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock
from tests.samples import complaint

pytestmark = pytest.mark.postgres
PATIENCE_SECONDS = 20
HOLDERS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


@dataclass
class Counted(Relay):
    """A relay that counts the rounds in which it found something, and signals each to its test."""

    rounds: int = 0
    sent: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_some(self, session: Any) -> int:
        found = await super().send_some(session)
        self.rounds += bool(found)
        if found:
            self.sent.set()
        return found


@dataclass
class Replicas:
    """One intake with an open door and two relays of it on the same database."""

    intake: Service[Any]
    relays: list[Counted]
    tasks: list["asyncio.Task[None]"]
    sent: asyncio.Event

    async def file(self, seed: int) -> None:
        body = NewComplaint.model_validate(complaint(seed))
        await self.intake.door.run("", partial(self.intake.parts.file, body.filing(None)))
        for relay in self.relays:
            relay.wake()

    async def ask(self, query: str) -> list[Any]:
        async with self.intake.database.reading() as session:
            return list(await session.scalars(text(query)))

    async def all_sent(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self.sent.clear()
                if not await self.ask("SELECT id FROM outbox WHERE sent_at IS NULL"):
                    return
                await self.sent.wait()

    @property
    def leaders(self) -> list[Counted]:
        return [relay for relay in self.relays if relay.leading]


@asynccontextmanager
async def replicas(folder: Path, clock: ManualClock) -> AsyncIterator[Replicas]:
    settings, bus = Settings(data_dir=folder), EmbeddedBus(folder / "facts.db", 2)
    await bus.start()
    intake = build(surroundings(settings, lambda _loop: None, clock=clock, bus=bus))
    await migrate.upgrade(intake.database, intake.spec.migrations, intake.spec.metadata)
    sent = asyncio.Event()
    relays = [Counted("intake", intake.database, intake.spec.kernel, bus, clock, sent=sent) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    door = asyncio.create_task(intake.door.serve())
    try:
        yield Replicas(intake, relays, tasks, sent)
    finally:
        for task in (*tasks, door):
            task.cancel()
        await asyncio.gather(*tasks, door, return_exceptions=True)
        await intake.database.close()
        await bus.close()


@pytest.fixture
async def two(
    new_database: Callable[[], str], tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Replicas]:
    monkeypatch.setenv("YOUSU_INTAKE_DATABASE_URL", new_database())
    async with replicas(tmp_path, clock) as found:
        yield found


async def test_only_one_of_two_relays_sends_and_it_keeps_its_lock_from_round_to_round(two: Replicas) -> None:
    await two.file(0)
    await two.all_sent()
    holders = await two.ask(HOLDERS)
    for seed in range(1, 30):
        await two.file(seed)
        await two.all_sent()
    assert len(two.leaders) == 1
    assert sorted(relay.rounds > 0 for relay in two.relays) == [False, True]
    assert len(holders) == 1
    assert await two.ask(HOLDERS) == holders


async def test_when_the_leading_relay_is_cancelled_the_other_one_takes_over(two: Replicas) -> None:
    await two.file(0)
    await two.all_sent()
    leader = two.leaders[0]
    two.tasks[two.relays.index(leader)].cancel()
    await two.file(1)
    await two.all_sent()
    assert two.leaders == [relay for relay in two.relays if relay is not leader]


async def test_a_leader_whose_session_the_server_ends_leads_no_longer_and_nothing_stays_unsent(two: Replicas) -> None:
    await two.file(0)
    await two.all_sent()
    before = await two.ask(HOLDERS)
    await two.ask(f"SELECT pg_terminate_backend({before[0]})")
    await two.file(1)
    await two.all_sent()
    assert len(two.leaders) == 1
    after = await two.ask(HOLDERS)
    assert len(after) == 1
    assert after != before
