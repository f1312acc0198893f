"""`yousu catch-up` as an operator types it: what it says, and when it does not begin."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shared.testing import ManualClock
from tests.integration.three import SERVICES, copy, put_back, world

ROOT = Path(__file__).parents[2]


def catch_up(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "services.yousu", "catch-up", *words]
    given = {**os.environ, "YOUSU_DATA_DIR": str(folder), **environment}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, encoding="utf-8")


async def test_it_says_what_it_did_and_whose_complainant_is_lost(tmp_path: Path, clock: ManualClock) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as here:
        await here.open()
        copy(folder, copies)
        number = await here.people.file(1)
        await here.rig.settle()
    put_back(copies, folder, SERVICES)
    first, again = catch_up(folder), catch_up(folder, "--service", "tracker")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout.splitlines() == [
        "intake: 5 facts read, 4 applied, 0 handled now, 0 could not be applied",
        "intake: who filed these 1 is not known any more:",
        f"  {number}",
        "router: 5 facts read, 2 applied, 0 handled now, 0 could not be applied",
        "tracker: 5 facts read, 5 applied, 0 handled now, 0 could not be applied",
    ]
    assert again.stdout == "tracker: 0 facts read, 0 applied, 0 handled now, 0 could not be applied\n"


def test_it_does_not_begin_in_a_folder_that_a_process_serves(tmp_path: Path) -> None:
    with (tmp_path / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = catch_up(tmp_path)
    assert refused.returncode == 2
    assert "stop it first" in refused.stdout


@pytest.mark.postgres
async def test_it_does_not_begin_on_a_database_that_a_service_works_on(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("new_database")()
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", url)
    async with world(tmp_path / "data", clock) as here, here.rig.services["tracker"].relay.leadership():
        refused = catch_up(tmp_path / "data", "--service", "tracker")
    assert (refused.returncode, refused.stdout) == (2, "tracker: stop it first, all its replicas\n")


async def test_it_does_not_guess_where_a_database_of_an_older_release_stands(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "data"
    async with world(folder, clock) as here:
        await here.people.file(1)
        await here.rig.settle()
    with sqlite3.connect(folder / "router.db") as database:
        database.execute("DELETE FROM reached")
    refused = catch_up(folder, "--service", "router")
    assert refused.returncode == 2
    assert "does not say where in the stream it stands" in refused.stdout


def test_a_service_that_there_is_not_is_refused(tmp_path: Path) -> None:
    refused = catch_up(tmp_path, "--service", "registry")
    assert refused.returncode == 2
    assert "registry is none of intake, router, tracker" in " ".join(refused.stderr.replace("│", "").split())
