"""Two replicas of every service on the same databases: whatever they are asked at once, it happens once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.yousu.embedded import BUILDS
from shared.auth import Role
from shared.bus.embedded import EmbeddedBus
from shared.client import Client, Refused
from shared.composition import Surroundings, issuer, surroundings
from shared.events import Fact, decode
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock
from shared.web.application import application
from tests.samples import complaint

LEAD = "hn-gxt"
COMPLAINTS = 24
PATIENCE_SECONDS = 60
pytestmark = pytest.mark.postgres


class Replicas:
    """Two processes' worth of services, all their loops running; `client(n)` speaks to the n-th, by turns."""

    def __init__(self, around: Surroundings, services: list[list[Service[Any]]]) -> None:
        self.around, self.services = around, services
        apps = [application(some, around.bus, around.verifier, around.settings) for some in services]
        self._transports = [httpx.ASGITransport(app, raise_app_exceptions=False) for app in apps]

    def client(self, which: int, role: Role | None = None, agency: str | None = None) -> Client:
        tokens = issuer(self.around.settings)
        token = tokens.token(role, agency=agency, subject=f"w{which}") if role else None
        return Client("http://yousu.test", token, transport=self._transports[which % len(self._transports)])

    def service(self, name: str) -> Service[Any]:
        return next(service for service in self.services[0] if service.name == name)

    async def facts(self) -> list[Fact]:
        """All on the topic, in order per complaint; a fact that was sent twice is told once."""
        found: dict[Any, Fact] = {}
        for partition in range(self.around.bus.partitions):  # type: ignore[attr-defined]
            async for delivered in self.around.bus.replay(partition):
                fact = decode(delivered.value)
                found.setdefault(fact.event_id, fact)
        return list(found.values())

    async def until(self, query: str, wanted: int, name: str = "tracker") -> None:
        """Until this service's database counts so many."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.service(name).database.reading() as session:
                    if await session.scalar(text(query)) == wanted:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path, clock: ManualClock) -> AsyncIterator[Replicas]:
    died: list[str] = []
    bus = EmbeddedBus(folder / "facts.db", 4)
    await bus.start()
    around = surroundings(Settings(data_dir=folder), died.append, clock=clock, bus=bus)
    replicas = Replicas(around, [[build(around) for build in BUILDS] for _ in range(2)])
    for place, services in enumerate(replicas.services):
        for service in services:
            service.migrate_at_start = place == 0
            await service.start()
    try:
        yield replicas
    finally:
        for services in replicas.services:
            for service in services:
                await service.stop()
        await bus.close()
    assert died == []


@pytest.fixture
async def two(
    new_database: Callable[[], str], tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Replicas]:
    for name in ("INTAKE", "ROUTER", "TRACKER"):
        monkeypatch.setenv(f"YOUSU_{name}_DATABASE_URL", new_database())
    async with running(tmp_path, clock) as found:
        yield found


async def filed_at_both(two: Replicas, seed: int) -> str:
    """One complaint, sent to both replicas at once under one key; its number."""

    async def file(which: int) -> str:
        while True:
            try:
                async with two.client(which) as client:
                    return (await client.file(complaint(seed), idempotency_key=f"k-{seed}")).number
            except Refused as refused:
                if refused.status != 409:
                    raise
                await asyncio.sleep(0.01)

    numbers = set(await asyncio.gather(file(0), file(1), file(2), file(3)))
    assert len(numbers) == 1
    return numbers.pop()


async def worked(two: Replicas, which: int) -> list[str]:
    """A worker of the lead agency claims and handles until nothing is free; each step goes to both replicas."""
    handled: list[str] = []
    async with two.client(which, "agency", LEAD) as mine, two.client(which + 1, "agency", LEAD) as other:
        while claimed := (await mine.request("POST", "/api/v1/queue/claims", json={"limit": 3}))["cases"]:
            for case in claimed:
                handled.append(case["number"])
                place, fence = f"/api/v1/cases/{case['number']}", {"X-Fence": str(case["fence"])}
                for step, body in (
                    ("acceptance", {}),
                    ("replies", {"text": "已付款", "met": True}),
                    ("resolution", {}),
                ):
                    sent = {"json": body, "headers": fence}
                    await asyncio.gather(*(by.request("POST", f"{place}/{step}", **sent) for by in (mine, other)))
    return handled


async def test_what_is_asked_of_two_replicas_at_once_happens_once(two: Replicas, clock: ManualClock) -> None:
    numbers = [await filed_at_both(two, seed) for seed in range(COMPLAINTS)]
    assert len(set(numbers)) == COMPLAINTS
    await two.until("SELECT count(*) FROM case_ WHERE state = 'to_accept'", COMPLAINTS)
    clock.move(timedelta(days=2))
    await two.until("SELECT count(*) FROM deadline WHERE stage = 'accept' AND card = 'red'", COMPLAINTS)

    handled = [number for some in await asyncio.gather(*(worked(two, n) for n in range(6))) for number in some]
    assert sorted(handled) == sorted(numbers)
    await two.until("SELECT count(*) FROM case_ WHERE state = 'resolved'", COMPLAINTS)
    for name in ("intake", "router", "tracker"):
        await two.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0, name)

    facts = await two.facts()
    once = Counter((type(fact).__name__, fact.number) for fact in facts)
    for kind in ("ComplaintFiled", "ComplaintAssigned", "CaseOpened", "CaseAccepted", "CaseReplied", "CaseResolved"):
        assert {number: once[kind, number] for number in numbers} == dict.fromkeys(numbers, 1), kind
    missed = Counter((fact.number, fact.name) for fact in facts if type(fact).__name__ == "DeadlineMissed")  # type: ignore[attr-defined]
    assert set(missed.values()) == {1}
    assert {number for number, name in missed if name == "1.accept"} == set(numbers)
    in_order = ["ComplaintFiled", "ComplaintAssigned", "CaseOpened", "CaseAccepted", "CaseReplied", "CaseResolved"]
    for number in numbers:
        told = [type(fact).__name__ for fact in facts if fact.number == number]
        assert [kind for kind in told if kind in in_order] == in_order
    for services in two.services:
        for service in services:
            assert (await service.parking.count(), await service.timers.parked_count()) == (0, 0)
    assert sorted(service.relay.leading for some in two.services for service in some) == [False] * 3 + [True] * 3
