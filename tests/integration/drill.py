"""What a drill of the runbook needs: an office that moves from server to server, its traffic, and what it must find."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from services.yousu.distributed import kafka, postgres
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from shared.client import Refused
from shared.settings import Settings
from tests.conftest import free_port, require
from tests.integration.live import Live, live
from tests.integration.lives import People
from tests.integration.runbook import surroundings

SERVICES = ("intake", "router", "tracker")
#: What `yousu catch-up` says where nothing is missing.
NOTHING = "0 applied, 0 handled now, 0 could not be applied"
PATIENCE_SECONDS = 60


@contextmanager
def broker(home: Path) -> Iterator[tuple[str, Path]]:
    """A Kafka of its own, with the one topic of the system; its address, and the file with its process id."""
    require(kafka.missing() is None, "Java and Maven (for Kafka)")
    home.mkdir()
    port = free_port()
    kept = Kept(Program("kafka", kafka.prepare(home / "kafka", port), lambda: accepts(port)), home, home)
    kept.start()
    try:
        yield f"127.0.0.1:{port}", home / "kafka.pid"
    finally:
        kept.stop()


class Office:
    """One data folder with its keys, one stream, and databases on whichever server there is."""

    def __init__(self, folder: Path, servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = Settings(data_dir=folder, kafka_servers=servers)
        self._monkeypatch = monkeypatch
        self._environment = {"YOUSU_DATA_DIR": str(folder), "YOUSU_KAFKA_SERVERS": servers}

    def on(self, port: int) -> None:
        """From now on its databases are those of this server."""
        for name in SERVICES:
            url = postgres.url(port, name)
            self._environment[f"YOUSU_{name.upper()}_DATABASE_URL"] = url
            self._monkeypatch.setenv(f"YOUSU_{name.upper()}_DATABASE_URL", url)

    async def yousu(self, *words: str) -> str:
        """A command, as an operator types it; what it said."""
        command = [sys.executable, "-m", "services.yousu", *words]
        kept = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
        where = {**os.environ, **self._environment}
        process = await asyncio.create_subprocess_exec(*command, env=where, **kept)  # type: ignore[arg-type]
        said = (await process.communicate())[0].decode()
        assert process.returncode == 0, said
        return said

    async def caught_up(self) -> list[str]:
        """What `yousu catch-up` says, line by line."""
        return [line.strip() for line in (await self.yousu("catch-up")).splitlines()]


async def typed(lines: list[str], port: int, folder: Path) -> None:
    """The runbook's commands, while everything goes on."""
    for line in lines:
        order = ["bash", "-euc", line]
        process = await asyncio.create_subprocess_exec(*order, env=surroundings(port), cwd=folder)
        assert await process.wait() == 0, line


@asynccontextmanager
async def traffic(people: People, first: int) -> AsyncIterator[list[str]]:
    """Enterprises file one complaint after another; the numbers that they were answered with."""
    answered: list[str] = []

    async def file() -> None:
        seed = first
        while True:
            # The database may be lost under way: what was not answered was not promised.
            with suppress(Refused, httpx.HTTPError):
                answered.append(await people.file(seed))
            seed += 1
            await asyncio.sleep(0.02)

    filing = asyncio.create_task(file())
    try:
        yield answered
    finally:
        filing.cancel()
        await asyncio.gather(filing, return_exceptions=True)


async def some(answered: list[str], many: int) -> None:
    """Until so many more were answered."""
    wanted = len(answered) + many
    await until(lambda: len(answered) >= wanted)


async def until(true: Callable[[], bool]) -> None:
    """While everything else goes on."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():
            await asyncio.sleep(0.02)


async def refuses_to_start(office: Office) -> None:
    """On older copies no service reads, sends or fires anything."""
    died: list[str] = []
    async with live(office.settings, died) as older:
        await until(lambda: len(died) == len(SERVICES))
        assert sorted(died) == [f"{name}.opening" for name in SERVICES]
        assert all([(await service.checks())["loops"] is False for service in older.services.values()])


async def those_who_filed_are_known(after: Live, known: set[str], lost: set[str]) -> None:
    """Their codes open what they filed; what was filed by those who are lost is handled all the same."""
    async with after.client() as client:
        for number in known:
            assert (await client.look_up(number, after.people.codes[number])).number == number
        for number in lost:
            with pytest.raises(Refused):
                await client.look_up(number, after.people.codes[number])
    for number in sorted(lost)[:3]:
        assert (await after.people.case(number))["number"] == number
