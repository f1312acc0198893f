"""The distributed system as `make distributed` runs it, on ports and in a folder of its own, driven from outside."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from services.yousu.distributed.supervisor import Plan
from shared.auth import Role
from shared.client import Client, Complaint, Filed
from shared.composition import issuer
from shared.settings import Settings
from tests.conftest import free_range, wait_until

START_SECONDS, STOP_SECONDS, PATIENCE_SECONDS = 180, 120, 60


class Whole:
    """The running system: its origin, its databases, its processes."""

    def __init__(self, settings: Settings, replicas: int) -> None:
        self.settings, self.replicas = settings, replicas
        self.plan = Plan(settings, replicas)
        self.origin = f"http://127.0.0.1:{settings.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the command needs to speak to it."""
        return {"YOUSU_PORT": str(self.settings.port), "YOUSU_DATA_DIR": str(self.settings.data_dir)}

    def client(self, role: Role | None = None, agency: str | None = None) -> Client:
        token = issuer(self.settings).token(role, agency=agency) if role else None
        return Client(self.origin, token)

    async def yousu(self, *words: str) -> str:
        """A command, as an operator types it; what it said."""
        where = {**os.environ, **self.environment}
        command = [sys.executable, "-m", "services.yousu", *words]
        kept = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
        process = await asyncio.create_subprocess_exec(*command, env=where, **kept)  # type: ignore[arg-type]
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    @asynccontextmanager
    async def session(self, database: str) -> AsyncIterator[Any]:
        """Somebody's own session of a service's database."""
        where = {"host": "127.0.0.1", "port": self.plan.postgres_port, "user": "yousu"}
        session = await asyncpg.connect(**where, database=database)
        try:
            yield session
        finally:
            await session.close()

    def pid(self, name: str) -> int:
        return int((self.plan.home / "run" / f"{name}.pid").read_text())

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """The process does nothing meanwhile, and does not know it."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def until(self, filed: Filed, *statuses: str) -> Complaint:
        """The complaint once it has come so far."""
        async with asyncio.timeout(PATIENCE_SECONDS), self.client() as client:
            while (seen := await client.look_up(filed.number, filed.access_code)).status not in statuses:
                await asyncio.sleep(0.1)
            return seen


@contextmanager
def whole(folder: Path, replicas: int, **environment: str) -> Iterator[Whole]:
    """The system, up; taken down in order by an interrupt of its supervisor."""
    found = Whole(Settings(data_dir=folder / "data", port=free_range()), replicas)
    said = folder / "supervisor.log"
    where = {**os.environ, **found.environment, "YOUSU_REPLICAS": str(replicas), **environment}
    with said.open("wb") as log:
        command = [sys.executable, "-m", "services.yousu", "distributed"]
        supervisor = subprocess.Popen(command, env=where, stdout=log, stderr=log)
    try:
        wait_until(lambda: "(distributed)" in said.read_text(), START_SECONDS, "the distributed system is up")
        yield found
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(STOP_SECONDS)
