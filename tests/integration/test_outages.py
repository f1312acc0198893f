"""Kafka away and back; a replica that joins and one that dies: every fact once, in order."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.intake.requests import NewComplaint
from services.yousu.distributed import kafka
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from services.yousu.embedded import BUILDS
from shared.bus.kafka import KafkaBus
from shared.clock import SystemClock
from shared.composition import Surroundings, surroundings
from shared.events import decode
from shared.runtime import Service
from shared.settings import Settings
from tests.conftest import free_port, require
from tests.samples import complaint

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
PATIENCE_SECONDS = 90


async def file_some(intake: Service[Any], count: int) -> list[str]:
    """Their numbers."""

    async def one(seed: int) -> str:
        body = NewComplaint.model_validate(complaint(seed))
        answer = await intake.door.run("", partial(intake.parts.file, body.filing(None)))
        return str(answer["number"])

    return list(await asyncio.gather(*(one(seed) for seed in range(count))))


async def ask(service: Service[Any], query: str) -> list[tuple[Any, ...]]:
    async with service.database.reading() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def eventually(service: Service[Any], query: str, expected: int) -> None:
    """Until the count is right; fails after a while with what it is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (found := (await ask(service, query))[0][0]) != expected:
            assert found <= expected, f"{found} effects of {expected}: one happened twice"
            await asyncio.sleep(0.1)


@pytest.fixture
def settings_of(new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("INTAKE", "ROUTER", "TRACKER"):
        monkeypatch.setenv(f"YOUSU_{name}_DATABASE_URL", new_database())
    return Settings(data_dir=tmp_path / "data")


@asynccontextmanager
async def running(settings: Settings, servers: str, topic: str) -> AsyncIterator[dict[str, Service[Any]]]:
    """One replica of every service, with all its loops."""
    died: list[str] = []
    bus = KafkaBus(servers, topic=topic, partitions=4)
    around: Surroundings = surroundings(settings, died.append, clock=SystemClock(), bus=bus)
    services = [build(around) for build in BUILDS]
    try:
        for service in services:
            service.migrate_at_start = True
            await service.start()
        yield {service.name: service for service in services}
    finally:
        for service in services:
            await service.stop()
        await bus.close()
    assert died == []


async def order_is_kept(bus: KafkaBus, numbers: set[str]) -> None:
    """On the topic every complaint reads filed, assigned, opened, in this order, each event at least once."""
    seen: dict[str, list[str]] = {}
    for partition in range(bus.partitions):
        async for delivered in bus.replay(partition):
            name = type(decode(delivered.value)).__name__
            told = seen.setdefault(delivered.key, [])
            if name not in told:
                told.append(name)
    assert set(seen) == numbers
    life = ["ComplaintFiled", "ComplaintAssigned", "CaseOpened"]
    assert all([name for name in told if name in life] == life for told in seen.values())


async def test_kafka_away_for_a_while_filing_goes_on_and_every_fact_arrives_once_in_order(
    settings_of: Settings, tmp_path: Path
) -> None:
    require(kafka.missing() is None, "Java and Maven (for Kafka)")
    port, home, topic = free_port(), tmp_path / "kafka", f"t{secrets.token_hex(6)}"
    broker = Kept(Program("kafka", kafka.prepare(home, port), lambda: accepts(port)), tmp_path, tmp_path)
    broker.start()
    try:
        async with running(settings_of, f"127.0.0.1:{port}", topic) as services:
            numbers = await file_some(services["intake"], 20)
            await eventually(services["tracker"], "SELECT count(*) FROM case_ WHERE state IS NOT NULL", 20)
            broker.stop()
            numbers += await file_some(services["intake"], 50)
            waiting = await ask(services["intake"], "SELECT count(*) FROM outbox WHERE sent_at IS NULL")
            assert waiting == [(50,)]
            assert (await services["intake"].checks())["database"] is True
            broker = Kept(Program("kafka", kafka.prepare(home, port), lambda: accepts(port)), tmp_path, tmp_path)
            broker.start()
            await eventually(services["tracker"], "SELECT count(*) FROM case_ WHERE state IS NOT NULL", 70)
            await eventually(services["intake"], "SELECT count(*) FROM complaint WHERE status = 'assigned'", 70)
            await eventually(services["router"], "SELECT count(*) FROM decision", 70)
            bus = KafkaBus(f"127.0.0.1:{port}", topic=topic, partitions=4)
            await order_is_kept(bus, set(numbers))
    finally:
        broker.stop()


async def test_a_replica_joins_and_another_dies_in_mid_flow_and_nothing_is_lost_doubled_or_reordered(
    settings_of: Settings, kafka_servers: str
) -> None:
    topic = f"t{secrets.token_hex(6)}"
    async with running(settings_of, kafka_servers, topic) as first:
        filing = asyncio.create_task(_file_in_waves(first["intake"], waves=12, size=25))
        async with running(settings_of, kafka_servers, topic) as second:
            await _abandon(first["router"])
            await _abandon(second["tracker"])
            numbers = await filing
            await eventually(second["intake"], "SELECT count(*) FROM complaint WHERE status = 'assigned'", len(numbers))
        await eventually(first["tracker"], "SELECT count(*) FROM case_ WHERE state IS NOT NULL", len(numbers))
        await eventually(first["router"], "SELECT count(*) FROM decision", len(numbers))
        doubled = "SELECT count(*) FROM (SELECT number FROM entry GROUP BY number, what HAVING count(*) > 1) AS d"
        assert await ask(first["tracker"], doubled) == [(0,)]
        await order_is_kept(KafkaBus(kafka_servers, topic=topic, partitions=4), set(numbers))


async def _file_in_waves(intake: Service[Any], waves: int, size: int) -> list[str]:
    numbers: list[str] = []
    for _ in range(waves):
        numbers += await file_some(intake, size)
        await asyncio.sleep(0.1)
    return numbers


async def _abandon(service: Service[Any]) -> None:
    """The replica's consumer and relay die at once, without a word to the group."""
    await asyncio.gather(service.end("consumer"), service.end("relay"))
    if service.consumer.subscription is not None:
        await service.consumer.subscription.close()
        service.consumer.subscription = None
