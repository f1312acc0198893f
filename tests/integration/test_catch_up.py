"""A database that was put back to an older copy, brought up to the stream: as if nothing had happened to it."""

import shutil
from pathlib import Path

import pytest

from shared.older import Older
from shared.testing import ManualClock
from tests.integration.lives import LONGEST, Lives
from tests.integration.marks import Marks, different
from tests.integration.three import SERVICES, World, copy, prove, put_back, world

LOST = (("intake",), ("router",), ("tracker",), SERVICES)


async def test_a_restored_database_that_caught_up_is_the_one_that_was_lost_and_nothing_is_told_twice(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        lives = Lives(before.people)
        await before.live(lives, LONGEST)
        copy(folder, copies)
        await before.live(lives, 3)
        await before.live(lives, LONGEST, begin=False)
        untouched, told = await before.marks(), await before.stream()
    for lost in LOST:
        elsewhere = tmp_path / "-".join(lost)
        shutil.copytree(folder, elsewhere)
        put_back(copies, elsewhere, lost)
        async with world(elsewhere, clock) as after:
            await is_the_same(after, lost, untouched, told)
            if lost == SERVICES:
                await after.live(Lives(after.people, begun=1000), LONGEST)
                assert [await service.parking.count() for service in after.rig.services.values()] == [0, 0, 0]


async def is_the_same(after: World, lost: tuple[str, ...], untouched: Marks, told: list[bytes]) -> None:
    """The lost databases are refused, catch up, and are then as they were; the services go on and tell nothing."""
    for name in lost:
        with pytest.raises(Older):
            await prove(after.rig.services[name])
    caught = await after.catch_up()
    assert {name for name, one in caught.items() if one.applied} == set(lost)
    assert {one.parked for one in caught.values()} == {0}
    await after.open()
    assert different(await after.marks(), untouched) == []
    await after.rig.settle()
    assert different(await after.marks(), untouched) == []
    assert await after.stream() == told
