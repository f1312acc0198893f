"""Filed → in the agency's queue, against two raw Kafka hops and two PostgreSQL commits, at a steady rate."""

import asyncio
import os
import secrets
import statistics
import time
from functools import partial
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text

from benchmarks.surroundings import Stores
from services.intake.requests import NewComplaint
from services.yousu.embedded import BUILDS
from shared.bus.kafka import KafkaBus
from shared.composition import surroundings
from shared.runtime import Service
from shared.settings import Settings
from tests.samples import complaint

RATE, COUNT, WARM = 50, 400, 50


def percentiles(seconds: list[float]) -> tuple[float, float]:
    ordered = sorted(seconds[WARM:])
    return statistics.median(ordered) * 1e3, ordered[len(ordered) * 99 // 100] * 1e3


async def steady(one: Any) -> list[float]:
    """Start one a tick; how long each took, in seconds."""
    tasks = []
    for number in range(COUNT):
        tasks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(1 / RATE)
    return list(await asyncio.gather(*tasks))


async def floor(stores: Stores) -> list[float]:
    """A commit, a hop, a commit, a hop: nothing else."""
    topics = [f"f{secrets.token_hex(4)}" for _ in range(2)]
    for topic in topics:
        await KafkaBus(stores.kafka_servers, topic=topic, partitions=1).ensure_topic()
    pool = await asyncpg.create_pool(stores.new_database().replace("+asyncpg", ""), min_size=4, max_size=4)
    await pool.execute("CREATE TABLE c (id bigserial PRIMARY KEY, body text)")
    producer = AIOKafkaProducer(bootstrap_servers=stores.kafka_servers, acks="all", enable_idempotence=True)
    await producer.start()
    arrived: list[dict[bytes, asyncio.Future[None]]] = [{}, {}]
    pairs = list(zip(topics, arrived, strict=True))
    readers = [asyncio.create_task(_read(stores, topic, waiting)) for topic, waiting in pairs]
    await asyncio.sleep(1)

    async def one(number: int) -> float:
        start, key = time.perf_counter(), b"%d" % number
        for topic, waiting in zip(topics, arrived, strict=True):
            waiting[key] = asyncio.get_running_loop().create_future()
            await pool.execute("INSERT INTO c (body) VALUES ('x')")
            await producer.send_and_wait(topic, key)
            await waiting[key]
        return time.perf_counter() - start

    found = await steady(one)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    await producer.stop()
    await pool.close()
    return found


async def _read(stores: Stores, topic: str, waiting: dict[bytes, "asyncio.Future[None]"]) -> None:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=stores.kafka_servers, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        async for record in consumer:
            waiting[record.value].set_result(None)
    finally:
        await consumer.stop()


async def road(stores: Stores, environment: Any) -> list[float]:
    """From the request that files to the row in the queue."""
    for name in ("INTAKE", "ROUTER", "TRACKER"):
        environment[f"YOUSU_{name}_DATABASE_URL"] = stores.new_database()
    bus = KafkaBus(stores.kafka_servers, topic=f"r{secrets.token_hex(4)}")
    around = surroundings(Settings(data_dir=stores.folder / "hops"), lambda _loop: None, bus=bus)
    services: dict[str, Service[Any]] = {service.name: service for service in (build(around) for build in BUILDS)}
    for service in services.values():
        service.migrate_at_start = True
        await service.start()
    intake, tracker, filing = services["intake"], services["tracker"], {}
    await asyncio.sleep(3)

    async def one(number: int) -> float:
        body = NewComplaint.model_validate(complaint(number))
        start = time.perf_counter()
        answer = await intake.door.run("", partial(intake.parts.file, body.filing(None)))
        filing[answer["number"]] = arrived = asyncio.get_running_loop().create_future()
        committed.set()
        return float(await arrived) - start

    committed, wake_relay = asyncio.Event(), tracker.consumer.on_commit

    def on_commit() -> None:
        wake_relay()
        committed.set()

    tracker.consumer.on_commit = on_commit

    async def watch() -> None:
        while True:
            await committed.wait()
            committed.clear()
            async with tracker.database.reading() as session:
                waiting = list(filing)
                query = text("SELECT number FROM case_ WHERE number = ANY(:waiting) AND urgent_at IS NOT NULL")
                for number in await session.scalars(query, {"waiting": waiting}):
                    filing.pop(number).set_result(time.perf_counter())

    watcher = asyncio.create_task(watch())
    found = await steady(one)
    watcher.cancel()
    await asyncio.gather(watcher, return_exceptions=True)
    for service in services.values():
        await service.stop()
    await bus.close()
    return found


async def run(stores: Stores) -> list[str]:
    base, ours = percentiles(await floor(stores)), percentiles(await road(stores, os.environ))
    table = ["| path | p50 ms | p99 ms |", "|---|---|---|"]
    table += [f"| two commits, two raw hops | {base[0]:.1f} | {base[1]:.1f} |"]
    table += [f"| filed → in the queue | {ours[0]:.1f} | {ours[1]:.1f} |"]
    table += [f"| ratio | {ours[0] / base[0]:.2f} | {ours[1] / base[1]:.2f} |"]
    return [*table, "", f"{COUNT - WARM} complaints at {RATE}/s, all services in one process."]
