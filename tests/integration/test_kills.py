"""kill -9 of every process of the distributed system in the middle of 2,000 complaints: none lost, none doubled."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.yousu.distributed.supervisor import POSTGRES_OFFSET
from shared.client import Client, Filed, Refused
from tests.conftest import free_range, wait_until
from tests.samples import complaint

pytestmark = [pytest.mark.distributed, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
COMPLAINTS = 2000
VICTIMS = ("intake-1", "router-1", "kafka", "tracker-1", "postgres", "intake-2", "tracker-2", "gateway", "router-2")
START_SECONDS, SETTLE_SECONDS = 120, 150


@pytest.fixture
def distributed_system(tmp_path: Path, distributed_programs: None) -> Iterator[tuple[int, Path]]:
    """The distributed system with two replicas of each service; its port and its folder."""
    port = free_range()
    environment = {**os.environ, "YOUSU_PORT": str(port), "YOUSU_DATA_DIR": str(tmp_path), "YOUSU_REPLICAS": "2"}
    with (tmp_path / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "services.yousu", "distributed"], env=environment, stdout=log, stderr=log
        )
    try:
        log_text = tmp_path / "supervisor.log"
        wait_until(lambda: "(distributed)" in log_text.read_text(), START_SECONDS, "the distributed system is up")
        yield port, tmp_path
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(120)
    assert list((tmp_path / "run").glob("*.pid")) == []


class Progress:
    """How many complaints have been answered."""

    def __init__(self) -> None:
        self._done = 0
        self._changed = asyncio.Condition()

    async def advance(self) -> None:
        async with self._changed:
            self._done += 1
            self._changed.notify_all()

    async def reached(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._done >= count)


async def file_one(client: Client, seed: int) -> Filed:
    """Sent again, under the same key, until there is an answer."""
    for attempt in range(60):
        try:
            return await client.file(complaint(seed), idempotency_key=f"kill-{seed}")
        except (httpx.TransportError, Refused) as error:
            if isinstance(error, Refused) and error.status not in (409, 502, 503, 504):
                raise
            await asyncio.sleep(min(0.1 * 2**attempt, 2))
    raise AssertionError(f"complaint {seed} got no answer")


async def file_all(port: int, progress: "Progress") -> list[Filed]:
    gate = asyncio.Semaphore(8)
    async with Client(f"http://127.0.0.1:{port}", timeout_seconds=20) as client:

        async def one(seed: int) -> Filed:
            async with gate:
                filed = await file_one(client, seed)
            await progress.advance()
            return filed

        return list(await asyncio.gather(*(one(seed) for seed in range(COMPLAINTS))))


def pid_of(folder: Path, name: str) -> int:
    return int((folder / "run" / f"{name}.pid").read_text())


async def kill_along(folder: Path, progress: "Progress") -> list[str]:
    """One victim after another, spread over the filing."""
    killed = []
    for place, name in enumerate(VICTIMS, start=1):
        await progress.reached(COMPLAINTS * place // (len(VICTIMS) + 1))
        os.kill(pid_of(folder, name), signal.SIGKILL)
        killed.append(name)
    return killed


async def ask(port: int, database: str, query: str) -> Any:
    connection = await asyncpg.connect(host="127.0.0.1", port=port + POSTGRES_OFFSET, user="yousu", database=database)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def eventually(port: int, database: str, query: str, expected: int) -> None:
    found: Any = None
    for _ in range(SETTLE_SECONDS * 5):
        try:
            found = await ask(port, database, query)
        except (OSError, asyncpg.PostgresError) as error:
            found = error
        if found == expected:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{database}: {query}: {found}, expected {expected}")


async def test_kill_9_of_every_process_amid_2000_complaints_loses_none_and_doubles_none(
    distributed_system: tuple[int, Path],
) -> None:
    port, folder = distributed_system
    progress = Progress()
    filed, killed = await asyncio.gather(file_all(port, progress), kill_along(folder, progress))
    assert killed == list(VICTIMS)
    numbers = {one.number for one in filed}
    assert len(numbers) == COMPLAINTS
    await eventually(port, "intake", "SELECT count(*) FROM complaint", COMPLAINTS)
    await eventually(port, "intake", "SELECT count(*) FROM complaint WHERE status = 'assigned'", COMPLAINTS)
    await eventually(port, "router", "SELECT count(*) FROM decision", COMPLAINTS)
    await eventually(port, "tracker", "SELECT count(*) FROM case_ WHERE state = 'to_accept'", COMPLAINTS)
    told = "SELECT count(*) FROM entry WHERE what IN ('filed', 'assigned', 'opened')"
    await eventually(port, "tracker", told, 3 * COMPLAINTS)
    doubled = "SELECT count(*) FROM (SELECT number FROM entry GROUP BY number, what HAVING count(*) > 1) AS d"
    await eventually(port, "tracker", doubled, 0)
    own = "SELECT count(*) FROM deadline WHERE stage IN ('accept', 'reply', 'resolve')"
    await eventually(port, "tracker", own, 3 * COMPLAINTS)
    for service in ("intake", "router", "tracker"):
        await eventually(port, service, "SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
        await eventually(port, service, "SELECT count(*) FROM parked", 0)
    sample = random.Random(1).sample(filed, 20)
    async with Client(f"http://127.0.0.1:{port}") as client:
        seen = [await client.look_up(one.number, one.access_code) for one in sample]
    assert {complaint.lead_agency for complaint in seen} == {"hn-gxt"}
