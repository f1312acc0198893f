"""Whatever stands on the topic, it is parked or told apart, and the facts behind it go on."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from services.intake.requests import NewComplaint
from services.yousu.embedded import BUILDS
from shared.bus import Record
from shared.bus.kafka import KafkaBus
from shared.errors import Unreadable
from shared.events import ComplaintAssigned, ComplaintFiled, Fact, decode, encode
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from tests.samples import complaint

ENDS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
NO_FACTS = [
    *(b"", b"\xff", b"null", b"[]", b"1", b'"x"', b"{}", b"[" * 5000, b'{"type":"Nobody","version":1}'),
    *(b'{"type":[],"version":1}', b'{"type":{},"version":1}', b'{"type":"ComplaintFiled","version":[]}'),
    *(b'{"type":"ComplaintFiled","version":{}}', b'{"type":"ComplaintFiled","version":"1"}'),
    *(b'{"type":"ComplaintFiled","version":99}', b'{"type":"ComplaintFiled","version":1}'),
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def rig(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rig]:
    if request.param == "postgresql":
        for name in ("INTAKE", "ROUTER", "TRACKER"):
            monkeypatch.setenv(f"YOUSU_{name}_DATABASE_URL", request.getfixturevalue("new_database")())
    found = await Rig.build(BUILDS, tmp_path / "data", clock)
    yield found
    await found.close()


async def file(rig: Rig, seed: int) -> str:
    intake = rig.services["intake"]
    body = NewComplaint.model_validate(complaint(seed)).filing(None)
    answer = await intake.door.run("", partial(intake.parts.file, body))
    return str(answer["number"])


async def states(tracker: Service[Any]) -> dict[str, str]:
    async with tracker.database.reading() as session:
        return {row.number: row.state for row in await session.execute(text("SELECT number, state FROM case_"))}


def told(fact: Fact, **changes: Any) -> bytes:
    """The fact on the wire, with fields as no service of ours would write them."""
    return json.dumps({**json.loads(encode(fact)), **changes}).encode()


def strange(clock: ManualClock) -> list[Record]:
    """Facts of a known type that a database, a clock or a handler can do nothing with."""
    now, number = clock.now(), "k"
    filed = ComplaintFiled(number=number, at=now, title="t", text="x", region="410102", enterprise="ab")
    assigned = ComplaintAssigned(
        number=number,
        at=now,
        assignment=1,
        lead_agency="hn-gxt",
        filed_at=now,
        title="t",
        region="410102",
        reasons=(),
        clause="",
        rules_version="",
        decided_by="rules",
    )
    bodies = [
        *(told(filed, number=f"at{place}", at=moment) for place, moment in enumerate(ENDS)),
        told(filed, number="text", title="合\x00同"),
        told(filed, number="k\x00ey"),
        told(filed, number="amount", amount="1e30"),
        told(assigned, number="count", assignment=2**70),
        told(assigned, number="nobody", lead_agency="no-such-agency", region="x" * 10_000),
    ]
    return [Record(f"s{place}", body, "00-\x00") for place, body in enumerate(bodies)]


@pytest.mark.parametrize("body", NO_FACTS, ids=lambda body: repr(body[:36]))
def test_bytes_that_are_no_fact_are_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body)


async def test_what_is_no_fact_is_parked_and_what_is_behind_it_goes_on(rig: Rig) -> None:
    before = await file(rig, 1)
    await rig.settle()
    garbage = [Record(f"g{place}", body) for place, body in enumerate(NO_FACTS)]
    keys = [Record(key, b"x", "\x00") for key in ("", "k\x00ey", "x" * 5000)]
    await rig.bus.send([*garbage, *keys, *strange(rig.clock)])
    after = [await file(rig, seed) for seed in range(2, 6)]
    async with asyncio.timeout(60):
        await rig.settle()
    for name, service in rig.services.items():
        parked = await service.parking.list()
        assert {record.key for record in garbage} <= {fact.number for fact in parked}, name
        assert not {before, *after} & {fact.number for fact in parked}, name
    assert {number: state for number, state in (await states(rig.services["tracker"])).items() if number in after} == (
        dict.fromkeys(after, "to_accept")
    )


async def test_a_complaint_with_an_unknown_fact_waits_alone(rig: Rig) -> None:
    waiting, other = await file(rig, 1), await file(rig, 2)
    await rig.settle()
    await rig.bus.send([Record(waiting, b'{"type":"OfTomorrow","version":1}')])
    intake = rig.services["intake"]
    for number in (waiting, other):
        await intake.door.run(number, partial(intake.parts.withdraw, number))
    await rig.settle()
    assert await states(rig.services["tracker"]) == {waiting: "to_accept", other: "withdrawn"}
    parked = await rig.services["tracker"].parking.list(waiting)
    assert [fact.error[:10] for fact in parked] == ["Unreadable", "Behind('be"]


async def test_one_event_id_counts_once_whatever_comes_under_it(rig: Rig) -> None:
    number = await file(rig, 1)
    await rig.settle()
    (fact, *_) = [decode(record.value) async for record in all_of(rig) if record.key == number]
    title = told(fact, title="另一个标题")
    await rig.bus.send([Record(number, encode(fact)), Record(number, title), Record(number, encode(fact))])
    await rig.settle()
    async with rig.services["tracker"].database.reading() as session:
        seen = await session.execute(text("SELECT title FROM case_"))
        assert list(seen.scalars()) == ["镇政府拖欠道路工程款两年"]
        filed = await session.execute(text("SELECT count(*) FROM entry WHERE what = 'filed'"))
        assert filed.scalar_one() == 1


async def all_of(rig: Rig) -> AsyncIterator[Any]:
    for partition in range(12):
        async for delivered in rig.bus.replay(partition):
            yield delivered


@pytest.mark.kafka
async def test_a_record_that_anybody_wrote_to_kafka_can_be_read(kafka_servers: str) -> None:
    bus = KafkaBus(kafka_servers, topic=f"t{secrets.token_hex(6)}", partitions=1)
    await bus.start()
    await bus.ensure_topic()
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers)
    await producer.start()
    headers: list[tuple[str, Any]] = [("traceparent", b"\xff"), ("traceparent", None), ("other", b"\xff")]
    await producer.send_and_wait(bus.topic, key=b"\xff\xfe", value=b"\xff", headers=headers, partition=0)
    await producer.send_and_wait(bus.topic, key=b"", value=None, headers=[("traceparent", None)], partition=0)
    await producer.stop()
    subscription = await bus.subscribe("readers")
    found: list[Any] = []
    while len(found) < 2:
        found += await subscription.poll(10, 5)
    assert [(one.key, one.value, one.trace) for one in found] == [("\ufffd\ufffd", b"\xff", "\ufffd"), ("", b"", None)]
    await subscription.close()
    await bus.close()
