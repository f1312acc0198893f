"""One property over the whole pipeline: whatever dies and repeats on the way, the record is that of the clean run."""

import asyncio
import random
import secrets
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.yousu.embedded import BUILDS
from shared.bus import Bus
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.testing import ManualClock, Rig, ShakyBus
from tests.flow.world import World, leftovers

VERBS = ("file", "file", "accept", "reply", "resolve", "withdraw", "wait")
scripts = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 60)), min_size=4, max_size=14)
NOON = datetime(2026, 9, 28, 4, 0, tzinfo=UTC)


async def played(
    script: list[tuple[str, int]], seed: int, trouble: float, folder: Path, inner: Bus, wait_seconds: float = 0.0
) -> tuple[dict[str, Any], dict[str, int]]:
    chance = random.Random(seed)
    bus = ShakyBus(inner, chance)
    rig = await Rig.build(BUILDS, folder, ManualClock(NOON), bus)
    rig.wait_seconds = wait_seconds
    try:
        world = World(rig, chance, trouble)
        await world.play([("file", 1), *script])
        bus.trouble = 0.0
        await rig.settle()
        return await world.record(), await leftovers(rig)
    finally:
        await rig.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=scripts, seed=st.integers(0, 2**32))
def test_a_troubled_day_ends_as_a_clean_one_on_sqlite(script: list[tuple[str, int]], seed: int) -> None:
    async def both() -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            clean, _ = await played(script, seed, 0.0, folder / "a", EmbeddedBus(folder / "a.db", 3))
            shaken, left = await played(script, seed, 0.4, folder / "b", EmbeddedBus(folder / "b.db", 3))
            assert left == {}
            assert shaken == clean

    asyncio.run(both())


DAY = [
    *[("file", i) for i in range(12)],
    *[("accept", i) for i in range(8)],
    ("wait", 26),
    *[("reply", i) for i in range(6)],
    ("withdraw", 2),
    ("wait", 200),
    *[("resolve", i) for i in range(4)],
    ("withdraw", 1),
]


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("seed", [7])
async def test_a_troubled_day_ends_as_a_clean_one_on_postgresql_and_kafka(
    seed: int,
    kafka_servers: str,
    new_database: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = []
    for trouble in (0.0, 0.35):
        for name in ("INTAKE", "ROUTER", "TRACKER"):
            monkeypatch.setenv(f"YOUSU_{name}_DATABASE_URL", new_database())
        bus = KafkaBus(kafka_servers, topic=f"t{secrets.token_hex(6)}", partitions=3)
        record, left = await played(DAY, seed, trouble, tmp_path / str(trouble), bus, 0.02)
        assert left == {}
        records.append(record)
    assert records[0] == records[1]
    assert any("resolved" in row for rows in records[0].values() for row in rows)
    assert any("withdrawn" in row for rows in records[0].values() for row in rows)
    assert any("red" in row for rows in records[0].values() for row in rows)
