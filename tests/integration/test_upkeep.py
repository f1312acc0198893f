"""What runs beside the work: pruning by age, and deadlines that two replicas fire once."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.yousu.embedded import BUILDS
from shared.bus.embedded import EmbeddedBus
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock, Rig
from tests.flow.world import World
from tests.integration.test_queue import rig_with_cases


async def rows(service: Service[Any], query: str) -> list[tuple[Any, ...]]:
    async with service.database.reading() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def rig_with(clock: ManualClock, folder: Path, complaints: int) -> Rig:
    """Services in which so many complaints stand in a queue."""
    rig = await Rig.build(BUILDS, folder, clock, EmbeddedBus(folder / "facts.db", 2))
    await World(rig, random.Random(0)).play([("file", 5 * seed) for seed in range(complaints)])
    return rig


async def test_kernel_tables_keep_what_may_come_again_and_lose_what_may_not(clock: ManualClock, tmp_path: Path) -> None:
    rig, keeps = await rig_with(clock, tmp_path, 3), Settings()
    try:
        tracker = rig.services["tracker"]
        clock.move(timedelta(days=keeps.inbox_keep_days - 1))
        await rig.settle()
        await tracker.pruning.prune()
        assert await rows(tracker, "SELECT count(*) FROM inbox") != [(0,)]
        clock.move(timedelta(days=2))
        await tracker.pruning.prune()
        assert await rows(tracker, "SELECT count(*) FROM inbox") == [(0,)]
        clock.move(timedelta(days=keeps.outbox_keep_days + 60))
        await rig.settle()
        clock.move(timedelta(days=keeps.outbox_keep_days + 1))
        await tracker.pruning.prune()
        assert await rows(tracker, "SELECT count(*) FROM outbox") == [(0,)]
        assert await rows(tracker, "SELECT count(*) FROM case_") == [(3,)]
    finally:
        await rig.close()


async def test_an_unsent_fact_is_never_pruned(clock: ManualClock, tmp_path: Path) -> None:
    rig = await rig_with(clock, tmp_path, 1)
    try:
        await World(rig, random.Random(0))._do("file", 7)
        clock.move(timedelta(days=4000))
        await rig.services["intake"].pruning.prune()
        assert await rows(rig.services["intake"], "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(1,)]
    finally:
        await rig.close()


#: So many cases, each with eight timers that fall due.
CASES = 1250


@pytest.mark.postgres
async def test_two_replicas_fire_each_of_ten_thousand_due_timers_once(
    clock: ManualClock, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", new_database())
    rig = await rig_with_cases(tmp_path, clock, CASES, replicas=2)
    try:
        first, second = rig.services["tracker"], rig.services["tracker-2"]
        clock.move(timedelta(days=400))
        due = await rows(
            first, "SELECT count(*) FROM timer WHERE fired_at IS NULL AND kind IN ('deadline', 'deadline-warning')"
        )
        assert due[0][0] >= 10_000
        fired = [0, 0]

        async def fire(which: int, tracker: Service[Any]) -> None:
            while count := await tracker.timers.fire_due():
                fired[which] += count

        await asyncio.gather(fire(0, first), fire(1, second))
        assert min(fired) > 0
        query = "SELECT number, what, detail FROM entry WHERE what IN ('warned', 'missed', 'supervised')"
        told = [(number, what, str(detail)) for number, what, detail in await rows(first, query)]
        kinds = Counter(what for _, what, _ in told)
        assert kinds == {"warned": 4 * CASES, "missed": 4 * CASES, "supervised": 3 * CASES}
        stages = [(number, what, detail) for number, what, detail in told if what != "supervised"]
        assert max(Counter(stages).values()) == 1
        late = await rows(first, "SELECT count(*) FROM timer WHERE fired_at IS NULL AND due_at <= '2027-04-14'")
        assert late == [(0,)]
        assert await first.timers.parked_count() == 0
    finally:
        await rig.close()
