"""The runbook's commands, taken from it and run; a PostgreSQL of one's own to run them against."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.yousu.distributed import postgres
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from tests.conftest import free_port, require, wait_until

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")


def commands(heading: str, program: str) -> list[str]:
    """The lines under this heading of the runbook that run this program."""
    part = RUNBOOK.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    found = [line for block in blocks for line in block.splitlines() if program in line]
    assert found, f"{heading}: no {program}"
    return found


def surroundings(port: int | None, **more: str) -> dict[str, str]:
    """What a shell needs to run them against the server on this port."""
    found = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "yousu"} if port else {}
    return {**os.environ, **found, **more, "PATH": f"{postgres.binaries()}:{os.environ['PATH']}"}


def run(lines: Sequence[str], port: int | None, folder: Path, more: Mapping[str, str] | None = None) -> None:
    """These shell commands in this folder, as PostgreSQL's account where one is needed."""
    for line in lines:
        order = ["bash", "-euc", line]
        where = surroundings(port, **(more or {}))
        subprocess.run(order if more is None else postgres.as_account(order), env=where, cwd=folder, check=True)


def answers(port: int) -> bool:
    """Whether the server on this port takes statements."""
    asked = [f"{postgres.binaries()}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return accepts(port) and subprocess.run(asked, check=False).returncode == 0


@contextmanager
def server(home: Path) -> Iterator[int]:
    """A PostgreSQL of its own; its port."""
    require(postgres.binaries() is not None, "PostgreSQL")
    home.mkdir()
    port = free_port()
    kept = Kept(Program("postgres", postgres.prepare(home / "data", port), lambda: answers(port)), home, home)
    kept.start()
    try:
        yield port
    finally:
        kept.stop()


class Crashing:
    """A PostgreSQL that nobody keeps alive: it can be lost."""

    def __init__(self, home: Path) -> None:
        require(postgres.binaries() is not None, "PostgreSQL")
        self.port, self.home = free_port(), home
        self.data = home / "data"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = postgres.prepare(self.home, self.port)
        with (self.home / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: answers(self.port), 90, "PostgreSQL takes statements")

    def end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None
