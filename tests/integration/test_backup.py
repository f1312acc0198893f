"""The runbook's commands, run: what was backed up is restored on another server, whole, and goes on there."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.intake.app import build as build_intake
from services.intake.requests import NewComplaint
from services.router.app import build_with
from services.router.domain import UNREAD
from services.router.settings import RouterSettings
from services.tracker.app import build as build_tracker
from services.yousu.distributed import postgres
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from shared.auth import Principal
from shared.composition import Surroundings
from shared.crypto import Cipher
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from tests.conftest import free_port, require
from tests.samples import complaint

pytestmark = pytest.mark.postgres
RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
SERVICES = ("intake", "router", "tracker")


def commands(heading: str, program: str) -> list[str]:
    """The lines under this heading of the runbook that run this program."""
    part = RUNBOOK.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    found = [line for block in blocks for line in block.splitlines() if program in line]
    assert found, f"{heading}: no {program}"
    return found


def run(lines: Sequence[str], port: int | None, folder: Path) -> None:
    """These shell commands in this folder, against the server on this port."""
    found = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "yousu"} if port else {}
    path = f"{postgres.binaries()}:{os.environ['PATH']}"
    for line in lines:
        subprocess.run(["bash", "-euc", line], env={**os.environ, **found, "PATH": path}, cwd=folder, check=True)


@contextmanager
def server(home: Path) -> Iterator[int]:
    """A PostgreSQL of its own; its port."""
    require(postgres.binaries() is not None, "PostgreSQL")
    home.mkdir()
    port = free_port()
    kept = Kept(Program("postgres", postgres.prepare(home / "data", port), lambda: accepts(port)), home, home)
    kept.start()
    try:
        yield port
    finally:
        kept.stop()


def _build_router(around: Surroundings) -> Service[Any]:
    return build_with(around, RouterSettings(), lambda _title, _text: UNREAD, UNREAD.reader)


async def running_on(port: int, folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Rig:
    for name in SERVICES:
        monkeypatch.setenv(f"YOUSU_{name.upper()}_DATABASE_URL", postgres.url(port, name))
    return await Rig.build([build_intake, _build_router, build_tracker], folder, clock)


async def file(rig: Rig, seed: int) -> str:
    intake = rig.services["intake"]
    body = NewComplaint.model_validate(complaint(seed))
    return str((await intake.door.run("", partial(intake.parts.file, body.filing(None))))["number"])


async def contents(rig: Rig) -> dict[str, int]:
    """How many rows every table of every service has."""
    counted: dict[str, int] = {}
    for name, service in rig.services.items():
        async with service.database.reading() as session:
            for table in service.spec.metadata.sorted_tables:
                query = select(func.count()).select_from(table)
                counted[f"{name}.{table.name}"] = await session.scalar(query) or 0
    return counted


async def test_a_dump_restored_elsewhere_holds_everything_and_the_stream_goes_on(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, dumps = tmp_path / "data", tmp_path / "dumps"
    dumps.mkdir()
    with server(tmp_path / "here") as here, server(tmp_path / "there") as there:
        run(commands("Start", "createdb"), here, dumps)
        rig = await running_on(here, data, clock, monkeypatch)
        numbers = [await file(rig, seed) for seed in range(1, 9)]
        await rig.settle()
        before = await contents(rig)
        run(commands("Back up and restore", "pg_dump"), here, dumps)
        late = await file(rig, 20)
        await rig.close()
        restoring = commands("Back up and restore", "for name in")
        run([line for line in restoring if "createdb" in line or "pg_restore" in line], there, dumps)
        rig = await running_on(there, data, clock, monkeypatch)
        try:
            assert await contents(rig) == before
            who = Principal("supervisor:local", "supervisor")
            intake = rig.services["intake"]
            reveal = partial(intake.parts.reveal, numbers[0], "identity", who)
            assert "李建国" in str(await intake.door.run(numbers[0], reveal))
            again = await file(rig, 21)
            await rig.settle()
            cases = {row[0] for row in await rows(rig.services["tracker"], "case_")}
            assert cases >= {*numbers, again}
            assert late not in cases, "it was filed after the dump and never sent"
        finally:
            await rig.close()


async def rows(service: Service[Any], table: str) -> list[Any]:
    async with service.database.reading() as session:
        return list(await session.execute(select(service.spec.metadata.tables[table].c.number)))


def test_the_keys_made_and_changed_by_the_runbook_open_what_was_sealed_before(tmp_path: Path) -> None:
    making = [line for line in commands("Start", "keys") if not line.startswith(("kubectl", " "))]
    run(making, None, tmp_path)
    path = tmp_path / "keys" / "cipher.keys"
    old = Cipher.from_file(path)
    changing = [line for line in commands("Rotate keys", "keys/") if not line.startswith(("kubectl", " "))]
    run(changing[:-1], None, tmp_path)
    between = Cipher.from_file(path)
    run(changing[-1:], None, tmp_path)
    new = Cipher.from_file(path)
    assert between.open(old.seal(b"phone", "c"), "c") == old.open(between.seal(b"phone", "c"), "c") == b"phone"
    assert new.open(between.seal(b"phone", "c"), "c") == between.open(new.seal(b"phone", "c"), "c") == b"phone"
    assert new.seal(b"phone", "c").startswith(b"k2:")
    assert {one.digest("enterprise", "91350100M000100Y43") for one in (old, between)} == {
        new.digest("enterprise", "91350100M000100Y43")
    }
