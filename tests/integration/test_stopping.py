"""A service that is stopped ends, whatever its loops do with the word."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.intake.app import build
from shared.chores import Chore
from shared.composition import surroundings
from shared.errors import Transient
from shared.runtime import Service
from shared.settings import Settings

#: More than a service that ends needs, and less than a test may take.
PATIENCE_SECONDS = 30


class Deaf:
    """A chore in which the first cancellation is lost, as it is in a library that answers it with its own error."""

    def __init__(self) -> None:
        self.begun, self.told = asyncio.Event(), 0

    async def __call__(self, _service: object) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as told:
            self.told += 1
            if self.told == 1:
                raise Transient("connection lost") from told
            raise


@pytest.fixture
async def intake_with(tmp_path: Path) -> AsyncIterator[Callable[[Deaf], Service[Any]]]:
    around = surroundings(Settings(data_dir=tmp_path), lambda _loop: None)
    await around.bus.start()

    def made(deaf: Deaf) -> Service[Any]:
        service = build(around)
        service.migrate_at_start = True
        service.spec = replace(service.spec, chores={"deaf": Chore(0, deaf)})
        service.chores = replace(service.chores, chores=service.spec.chores)
        return service

    yield made
    await around.bus.close()


async def test_a_loop_that_loses_the_word_is_told_again(intake_with: Callable[[Deaf], Service[Any]]) -> None:
    deaf = Deaf()
    service = intake_with(deaf)
    await service.start()
    await deaf.begun.wait()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await service.stop()
    assert deaf.told == 2
