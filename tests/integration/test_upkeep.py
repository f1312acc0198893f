"""What runs beside the work: pruning by age, and deadlines that two replicas fire once."""

import asyncio
import random
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


async def rows(service: Service[Any], query: str) -> list[tuple[Any, ...]]:
    async with service.database.reading() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def rig_with(clock: ManualClock, folder: Path, complaints: int, replicas: int = 1) -> Rig:
    """Services in which so many complaints stand in a queue."""
    rig = await Rig.build(BUILDS, folder, clock, EmbeddedBus(folder / "facts.db", 2), replicas)
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


@pytest.mark.postgres
async def test_two_replicas_fire_every_deadline_once(
    clock: ManualClock, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", new_database())
    rig = await rig_with(clock, tmp_path, 120, replicas=2)
    try:
        first, second = rig.services["tracker"], rig.services["tracker-2"]
        clock.move(timedelta(days=400))
        while sum(await asyncio.gather(first.timers.fire_due(), second.timers.fire_due())):
            pass
        missed = await rows(first, "SELECT number, count(*) FROM entry WHERE what = 'missed' GROUP BY number")
        assert len(missed) == 120
        assert {count for _, count in missed} == {3}
        assert await rows(first, "SELECT count(*) FROM timer WHERE fired_at IS NULL") == [(0,)]
    finally:
        await rig.close()
