"""A replay: the tracker's rows made again from the stream, equal to the live ones, and fit to take over."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.tracker.app import build, rebuilding
from services.tracker.replay import rebuild
from shared.bus import Record
from shared.bus.embedded import EmbeddedBus
from shared.composition import Surroundings
from shared.events import (
    AgencyNamed,
    CaseSupervised,
    ComplaintRated,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlineWarned,
    encode,
)
from shared.testing import ManualClock, Rig
from tests.flow.test_case_in_any_order import PARTITIONS, WHOLE_LIFE, play
from tests.integration.rebuilt import contents
from tests.integration.tracker_alone import LEAD, TrackerAlone, tracker_alone

ROOT = Path(__file__).parents[2]


@pytest.mark.postgres
async def test_a_long_life_replayed_on_postgresql_is_equal_row_by_row(
    tmp_path: Path, clock: ManualClock, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", new_database())
    rig = await Rig.build([build], tmp_path, clock, EmbeddedBus(tmp_path / "facts.db", PARTITIONS))
    try:
        await play(rig, WHOLE_LIFE, doubled=True)
        live = await contents(rig.services["tracker"])
        fresh = rebuilding(rig.around, new_database())
        await rebuild(fresh, rig.bus, PARTITIONS)
        assert await contents(fresh) == live
        assert sum(map(len, live.values())) > 150
        await fresh.database.close()
    finally:
        await rig.close()


async def test_the_facts_of_others_may_stand_elsewhere_between_the_trackers_own(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A step that was committed before a withdrawal was heard of may be relayed after it."""
    async with tracker_alone(tmp_path / "live", clock) as tracker:
        number = await tracker.opened()
        async with tracker.client("agency", LEAD) as client:
            await client.accept(number)
            await client.reply(number, "已付款", met=True)
        await said_before_it_is_heard(tracker, number)
        live = await contents(tracker.service)
        fresh = rebuilding(tracker.rig.around, f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
        await rebuild(fresh, tracker.rig.bus)
        assert await contents(fresh) == live
        await fresh.database.close()


async def said_before_it_is_heard(tracker: TrackerAlone, number: str) -> None:
    """A withdrawal reaches the stream before the tracker's last steps do, and the tracker after them."""
    fact = ComplaintWithdrawn(number=number, at=tracker.clock.now())
    await tracker.rig.bus.send([Record(number, encode(fact))])
    await tracker.rig.relay(tracker.service)
    await tracker.rig.settle()


async def test_the_command_rebuilds_says_how_much_and_leaves_out_what_it_has(
    tmp_path: Path, clock: ManualClock
) -> None:
    data = tmp_path / "data"
    async with tracker_alone(data, clock) as tracker:
        await tracker.resolved()
        live = await contents(tracker.service)
        around = tracker.rig.around

        def replay(url: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-m", "services.yousu", "replay", "--database", url]
            given = {**os.environ, "YOUSU_DATA_DIR": str(data)}
            return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, encoding="utf-8")

        fresh = f"sqlite+aiosqlite:///{tmp_path}/fresh.db"
        first, again = replay(fresh), replay(fresh)
        assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
        assert "7 facts read, 0 could not be applied" in first.stdout
        assert await told(fresh, around) == live
        in_use = replay(f"sqlite+aiosqlite:///{data}/tracker.db")
        assert in_use.returncode != 0
        assert "in use by a tracker" in " ".join(in_use.stderr.replace("│", "").split())


async def told(url: str, around: Surroundings) -> dict[str, list[str]]:
    fresh = rebuilding(around, url)
    try:
        return await contents(fresh)
    finally:
        await fresh.database.close()


async def test_a_rebuilt_database_takes_over_and_says_nothing_twice(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "data"
    async with tracker_alone(folder, clock) as tracker:
        number = await tracker.opened()
        await tracker.step(number, "acceptance")
        await tracker.pass_days(14)
        before = {kind: len(await tracker.told(kind)) for kind in (DeadlineWarned, DeadlineMissed, CaseSupervised)}
        fresh = rebuilding(tracker.rig.around, f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
        await rebuild(fresh, tracker.rig.bus)
        await fresh.database.close()
    for left in folder.glob("tracker.db*"):
        left.unlink()
    shutil.copy(tmp_path / "fresh.db", folder / "tracker.db")
    async with tracker_alone(folder, clock) as tracker:
        await tracker.rig.settle()
        for kind, count in before.items():
            assert len(await tracker.told(kind)) == count
        await tracker.step(number, "replies", {"text": "已付款", "met": True})
        await tracker.step(number, "resolution")
        await tracker.hears(ComplaintRated, number, grade=1, solved=False)
        assert (await tracker.case(number))["state"] == "reopened"
        await tracker.pass_days(40)
        assert {fact.stage for fact in await tracker.told(AgencyNamed)} >= {"reply", "redo"}
