"""Rebuilding the tracker from the stream, against raw consumption of the same topic."""

import os
import secrets
import time
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.surroundings import Stores
from services.tracker.app import build
from shared import migrate
from shared.bus import Record
from shared.bus.kafka import KafkaBus
from shared.composition import surroundings
from shared.events import ComplaintAssigned, encode
from shared.settings import Settings

FACTS, PAGE = 10_000, 500


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


async def raw(stores: Stores, topic: str, partitions: int) -> float:
    """Seconds to consume it all and do nothing."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stores.kafka_servers)
    await consumer.start()
    here = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer.assign(here)
    await consumer.seek_to_beginning(*here)
    start, seen = time.perf_counter(), 0
    while seen < FACTS:
        seen += sum(map(len, (await consumer.getmany(timeout_ms=1000, max_records=PAGE)).values()))
    seconds = time.perf_counter() - start
    await consumer.stop()
    return seconds


async def rebuilt(stores: Stores, bus: KafkaBus) -> float:
    """Seconds to bring a fresh tracker database to the end of the stream."""
    os.environ["YOUSU_TRACKER_DATABASE_URL"] = stores.new_database()
    around = surroundings(Settings(data_dir=stores.folder / "replay"), lambda _loop: None, bus=bus)
    tracker = build(around)
    await migrate.upgrade(tracker.database, tracker.spec.migrations, tracker.spec.metadata)
    start = time.perf_counter()
    for partition in range(bus.partitions):
        page = []
        async for delivered in bus.replay(partition):
            page.append(delivered)
            if len(page) == PAGE:
                await tracker.consumer.apply(page)
                page = []
        await tracker.consumer.apply(page)
    seconds = time.perf_counter() - start
    await tracker.database.close()
    return seconds


async def run(stores: Stores) -> list[str]:
    bus = KafkaBus(stores.kafka_servers, topic=f"p{secrets.token_hex(4)}", partitions=4)
    await bus.send([Record(f"{n:016d}", encode(assigned(n))) for n in range(FACTS)])
    base = FACTS / await raw(stores, bus.topic, bus.partitions)
    ours = FACTS / await rebuilt(stores, bus)
    await bus.close()
    table = ["| path | facts/s |", "|---|---|", f"| raw consume | {base:,.0f} |", f"| tracker rebuilt | {ours:,.0f} |"]
    return [*table, f"| ratio | {ours / base:.3f} |", "", f"{FACTS:,} assignments, each a case with three deadlines."]
