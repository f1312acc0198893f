"""One contract, held by the embedded bus, the shaky one around it, and a real Kafka."""

import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.bus import Bus, Delivered, Record, Subscription, partition_of
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.errors import Transient
from shared.testing import ShakyBus

PARTITIONS = 4


@pytest.fixture(
    params=["embedded", "shaky", pytest.param("kafka", marks=pytest.mark.kafka)],
)
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    made: Bus
    if request.param == "kafka":
        servers = request.getfixturevalue("kafka_servers")
        made = KafkaBus(servers, topic=f"t{secrets.token_hex(6)}", partitions=PARTITIONS)
    else:
        made = EmbeddedBus(tmp_path / "facts.db", PARTITIONS)
        made = ShakyBus(made) if request.param == "shaky" else made
    await made.start()
    yield made
    await made.close()


def records(count: int, keys: int = 5) -> list[Record]:
    return [Record(f"k{i % keys}", f"{i}".encode(), f"00-{i:032x}-{i:016x}-01") for i in range(count)]


async def take(subscription: Subscription, count: int) -> list[Delivered]:
    """At least `count` records, and what comes with them."""
    found: list[Delivered] = []
    while len(found) < count:
        polled = await subscription.poll(100, 5)
        assert polled, f"only {len(found)} of {count} came"
        found += polled
    return found


def by_key(found: list[Delivered]) -> dict[str, list[bytes]]:
    told: dict[str, list[bytes]] = {}
    for delivered in found:
        told.setdefault(delivered.key, []).append(delivered.value)
    return told


async def test_what_is_sent_arrives_whole_and_in_order_per_key(bus: Bus) -> None:
    sent = records(60)
    await bus.send(sent[:25])
    await bus.send(sent[25:])
    subscription = await bus.subscribe("readers")
    found = await take(subscription, 60)
    assert by_key(found) == by_key([Delivered(0, 0, r.key, r.value) for r in sent])
    assert {d.trace for d in found} == {r.trace for r in sent}
    await subscription.close()


async def test_a_key_always_stands_in_its_own_partition(bus: Bus) -> None:
    await bus.send(records(20))
    subscription = await bus.subscribe("readers")
    assert all(d.partition == partition_of(d.key, PARTITIONS) for d in await take(subscription, 20))
    await subscription.close()


async def test_what_was_not_committed_comes_again_to_the_next_member(bus: Bus) -> None:
    await bus.send(records(30))
    first = await bus.subscribe("readers")
    found = await take(first, 30)
    done = [d for d in found if d.partition in (0, 1)]
    await first.commit({p: max(d.offset for d in done if d.partition == p) + 1 for p in {d.partition for d in done}})
    await first.close()
    second = await bus.subscribe("readers")
    again = await take(second, 30 - len(done))
    assert sorted(d.value for d in again) == sorted(d.value for d in found if d not in done)
    await second.close()


async def test_rewinding_reads_on_from_what_was_committed(bus: Bus) -> None:
    await bus.send(records(10))
    subscription = await bus.subscribe("readers")
    found = await take(subscription, 10)
    await subscription.commit({d.partition: 0 for d in found})
    await subscription.rewind()
    assert len(await take(subscription, 10)) == 10
    await subscription.close()


async def test_two_groups_read_everything_each(bus: Bus) -> None:
    await bus.send(records(10))
    for group in ("router", "tracker"):
        subscription = await bus.subscribe(group)
        assert len(await take(subscription, 10)) == 10
        await subscription.close()


async def test_two_members_of_a_group_share_the_partitions_and_lose_nothing(bus: Bus) -> None:
    first, second = await bus.subscribe("readers"), await bus.subscribe("readers")
    await bus.send(records(40, keys=16))
    seen: dict[bytes, set[int]] = {}
    tries = 0
    while len(seen) < 40 and tries < 60:
        tries += 1
        for member, subscription in enumerate((first, second)):
            polled = await subscription.poll(100, 0.2)
            for delivered in polled:
                seen.setdefault(delivered.value, set()).add(member)
            await subscription.commit({d.partition: d.offset + 1 for d in polled})
    assert len(seen) == 40
    await first.close()
    await second.close()


async def test_a_replay_reads_a_partition_from_any_offset(bus: Bus) -> None:
    await bus.send([Record("one", f"{i}".encode()) for i in range(12)])
    partition = partition_of("one", PARTITIONS)
    assert [d.value async for d in bus.replay(partition)] == [f"{i}".encode() for i in range(12)]
    assert [d.offset async for d in bus.replay(partition, 7)] == [7, 8, 9, 10, 11]


async def test_lag_tells_what_is_not_read_yet(bus: Bus) -> None:
    await bus.send(records(8))
    subscription = await bus.subscribe("readers")
    await take(subscription, 8)
    assert await subscription.lag() == 0
    await subscription.close()


async def test_progress_tells_how_far_a_group_has_committed_and_where_each_partition_ends(bus: Bus) -> None:
    assert {(p.committed, p.end) for p in (await bus.progress("nobody")).values()} == {(0, 0)}
    await bus.send(records(30))
    subscription = await bus.subscribe("readers")
    found = await take(subscription, 30)
    ends = {p: max(d.offset for d in found if d.partition == p) + 1 for p in {d.partition for d in found}}
    done, left = sorted(ends)[0], sorted(ends)[1]
    await subscription.commit({done: ends[done]})
    await subscription.close()
    told = await bus.progress("readers")
    assert sorted(told) == list(range(PARTITIONS))
    assert (told[done].committed, told[left].committed) == (ends[done], 0)
    assert {partition: one.end for partition, one in told.items() if one.end} == ends
    assert {one.committed for one in (await bus.progress("others")).values()} == {0}


async def test_a_broker_that_cannot_be_reached_is_a_transient_failure(free: Callable[[], int]) -> None:
    away = KafkaBus(f"127.0.0.1:{free()}")
    await away.start()
    with pytest.raises(Transient):
        await away.send(records(1))
    with pytest.raises(Transient):
        await away.ping()
    with pytest.raises(Transient):
        await away.progress("readers")
    await away.close()


@pytest.fixture
def free() -> Callable[[], int]:
    from tests.conftest import free_port

    return free_port
