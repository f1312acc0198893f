"""Rebuilding the tracker from the stream as `yousu replay` does, against raw consumption of the same topic."""

import os
import secrets
import time
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import select

from benchmarks.surroundings import Stores
from services.tracker.app import build, rebuilding
from services.tracker.replay import rebuild
from shared import migrate
from shared.bus import Delivered, Record
from shared.bus.kafka import KafkaBus
from shared.composition import surroundings
from shared.events import ComplaintAssigned, encode
from shared.settings import Settings

#: Cases; facts that the live tracker hears at once, and records that are consumed at once.
CASES, POLL, PAGE = 10_000, 50, 500


def assigned(number: int) -> ComplaintAssigned:
    now = datetime.now(UTC)
    return ComplaintAssigned(
        number=f"{number:016d}",
        at=now,
        assignment=1,
        matter="6.problem.4",
        lead_agency="hn-gxt",
        co_agencies=("hn-czt",),
        case_class="arrears",
        filed_at=now,
        title="镇政府拖欠道路工程款两年",
        region="410102",
        reasons=("企业选择了事项", "该事项由省工业和信息化厅、省财政厅牵头"),
        clause="附件1 第6项 问题 4",
        rules_version="2022-09-19",
        decided_by="rules",
    )


async def raw(stores: Stores, topic: str, partitions: int, facts: int) -> float:
    """Seconds to consume it all and do nothing."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stores.kafka_servers)
    await consumer.start()
    here = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer.assign(here)
    await consumer.seek_to_beginning(*here)
    start, seen = time.perf_counter(), 0
    while seen < facts:
        seen += sum(map(len, (await consumer.getmany(timeout_ms=1000, max_records=PAGE)).values()))
    seconds = time.perf_counter() - start
    await consumer.stop()
    return seconds


async def lived(stores: Stores, heard: list[ComplaintAssigned]) -> list[Record]:
    """The stream that is left when a tracker heard these, some at a time: they, and after them what it told."""
    os.environ["YOUSU_TRACKER_DATABASE_URL"] = stores.new_database()
    tracker = build(surroundings(Settings(data_dir=stores.folder / "replay"), lambda _loop: None))
    await migrate.upgrade(tracker.database, tracker.spec.migrations, tracker.spec.metadata)
    outbox, stream, told = tracker.spec.kernel.outbox, list[Record](), 0
    for start in range(0, len(heard), POLL):
        some = [Record(fact.number, encode(fact)) for fact in heard[start : start + POLL]]
        polled = [Delivered(0, start + place, one.key, one.value) for place, one in enumerate(some)]
        await tracker.consumer.apply(polled)
        fresh = select(outbox.c.id, outbox.c.number, outbox.c.body).where(outbox.c.id > told).order_by(outbox.c.id)
        async with tracker.database.reading() as session:
            rows = (await session.execute(fresh)).all()
        told = rows[-1].id
        stream += [*some, *(Record(row.number, row.body) for row in rows)]
    await tracker.database.close()
    return stream


async def rebuilt(stores: Stores, bus: KafkaBus) -> tuple[int, float]:
    """Facts read and seconds spent to bring a fresh tracker database to the end of the stream."""
    around = surroundings(Settings(data_dir=stores.folder / "replay"), lambda _loop: None, bus=bus)
    tracker = rebuilding(around, stores.new_database())
    await migrate.upgrade(tracker.database, tracker.spec.migrations, tracker.spec.metadata)
    start = time.perf_counter()
    facts = await rebuild(tracker, bus, bus.partitions)
    seconds = time.perf_counter() - start
    assert await tracker.parking.count() == 0
    await tracker.database.close()
    return facts, seconds


async def run(stores: Stores) -> list[str]:
    stream = await lived(stores, [assigned(number) for number in range(CASES)])
    bus = KafkaBus(stores.kafka_servers, topic=f"p{secrets.token_hex(4)}", partitions=4)
    await bus.send(stream)
    base = len(stream) / await raw(stores, bus.topic, bus.partitions, len(stream))
    facts, seconds = await rebuilt(stores, bus)
    assert facts == len(stream)
    ours = facts / seconds
    await bus.close()
    table = ["| path | facts/s |", "|---|---|", f"| raw consume | {base:,.0f} |", f"| tracker rebuilt | {ours:,.0f} |"]
    note = f"{facts:,} facts of {CASES:,} cases, each with five deadlines; {CASES / seconds:,.0f} cases/s."
    return [*table, f"| ratio | {ours / base:.3f} |", "", note]
