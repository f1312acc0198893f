"""Work beside the doors: done again and again, by one replica at a time, and again after a failure."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from shared.chores import Chore, Chores
from shared.db import Database
from shared.errors import Transient, Unavailable


async def nothing(_service: object) -> None:
    return None


class Busy:
    """A chore that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.end, self.times = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, _service: object) -> None:
        self.times += 1
        self.begun.set()
        await self.end.wait()


@pytest.mark.postgres
async def test_one_replica_does_a_chore_and_another_leaves_it_out_meanwhile(new_database: Callable[[], str]) -> None:
    url, busy = new_database(), Busy()
    first, second = (
        Chores("tracker", Database(url), {"sweep": Chore(1, busy), "fold": Chore(1, nothing)}) for _ in range(2)
    )
    doing = asyncio.create_task(first.once("sweep", None))
    await busy.begun.wait()
    assert await second.once("sweep", None) is False
    assert await second.once("fold", None) is True
    busy.end.set()
    assert await doing is True
    assert await second.once("sweep", None) is True
    assert busy.times == 2
    for chores in (first, second):
        await chores.database.close()


@pytest.mark.postgres
async def test_a_replica_that_dies_at_a_chore_leaves_it_to_the_others(new_database: Callable[[], str]) -> None:
    url, busy = new_database(), Busy()
    first, second = (Chores("tracker", Database(url), {"sweep": Chore(1, busy)}) for _ in range(2))
    doing = asyncio.create_task(first.once("sweep", None))
    await busy.begun.wait()
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    busy.end.set()
    assert await second.once("sweep", None) is True
    for chores in (first, second):
        await chores.database.close()


async def test_a_chore_is_repeated_and_an_outage_is_waited_out(tmp_path: Path) -> None:
    away = (Transient("away"), Unavailable("数据库暂不可用"), OperationalError("", None, OSError("locked")))
    fates: list[Exception | None] = [None, *away, None]
    done = asyncio.Event()

    async def fated(_service: object) -> None:
        if (fate := fates.pop(0)) is not None:
            raise fate
        if not fates:
            done.set()
            await asyncio.Event().wait()

    chores = Chores("tracker", Database(f"sqlite+aiosqlite:///{tmp_path}/s.db"), {"sweep": Chore(0, fated)})
    repeating = asyncio.create_task(chores.repeat("sweep", None))
    async with asyncio.timeout(5):
        await done.wait()
    repeating.cancel()
    await asyncio.gather(repeating, return_exceptions=True)
    await chores.database.close()


async def test_a_fault_of_its_own_ends_the_loop_so_that_somebody_notices(tmp_path: Path) -> None:
    async def faulty(_service: object) -> None:
        raise ValueError("a fault")

    chores = Chores("tracker", Database(f"sqlite+aiosqlite:///{tmp_path}/s.db"), {"sweep": Chore(0, faulty)})
    with pytest.raises(ValueError, match="a fault"):
        await chores.repeat("sweep", None)
    await chores.database.close()
