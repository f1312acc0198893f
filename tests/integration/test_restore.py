"""The drill of the runbook, with its own commands: copies made under way, the databases lost, restored elsewhere."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.yousu.distributed import postgres
from services.yousu.distributed.processes import Kept, Program
from tests.conftest import wait_until
from tests.integration.drill import (
    NOTHING,
    SERVICES,
    Office,
    broker,
    refuses_to_start,
    some,
    those_who_filed_are_known,
    traffic,
    typed,
    until,
)
from tests.integration.live import live
from tests.integration.lives import Lives
from tests.integration.marks import different
from tests.integration.runbook import Crashing, commands, run, server, surroundings

pytestmark = [pytest.mark.postgres, pytest.mark.kafka, pytest.mark.timeout(600)]


async def test_dumps_made_in_full_work_are_restored_elsewhere_and_nothing_that_was_told_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    with (
        broker(tmp_path / "bus") as (servers, pid),
        server(tmp_path / "here") as here,
        server(tmp_path / "there") as there,
    ):
        office = Office(tmp_path / "data", servers, monkeypatch)
        run(commands("Start", "createdb"), here, dumps)
        office.on(here)
        await office.yousu("migrate")
        async with live(office.settings) as before:
            lives = Lives(before.people)
            await before.live(lives, 6)
            async with traffic(before.people, 10_000) as answered:
                await some(answered, 10)
                known = set(before.people.codes)
                broker_pid = int(pid.read_text())
                os.kill(broker_pid, signal.SIGSTOP)
                try:
                    await some(answered, 20)
                    dumping = asyncio.create_task(typed(commands("Back up", "pg_dump"), here, dumps))
                    await until((dumps / "router.dump").exists)
                finally:
                    os.kill(broker_pid, signal.SIGCONT)
                await dumping
                await some(answered, 40)
            await before.at_rest()
            await before.live(lives, 2)
            await before.live(lives, 9, begin=False)
            untouched, numbers, facts = await before.marks(), await before.numbers(), await before.facts()
            codes = before.people.codes
        restoring = commands("Restore", "for name in")
        run([line for line in restoring if "createdb" in line or "pg_restore" in line], there, dumps)
        office.on(there)
        await refuses_to_start(office)
        said = await office.caught_up()
        lost = {line for line in said if line.isdigit()}
        assert lost < set(codes)
        assert lost.isdisjoint(known)
        assert [line.split(", ", 1)[1] for line in await office.caught_up()] == [NOTHING] * len(SERVICES)
        async with live(office.settings) as after:
            await after.at_rest()
            assert different(await after.marks(), untouched) == []
            assert await after.numbers() == numbers
            assert await after.facts() == facts
            assert "差异 0 处" in await office.yousu("recount")
            after.people.codes = codes
            await those_who_filed_are_known(after, set(codes) - lost, lost)
            await after.live(Lives(after.people, begun=20_000), 2)
            assert {await service.parking.count() for service in after.services.values()} == {0}


async def test_with_the_log_nothing_that_was_answered_is_lost_and_a_moment_can_be_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = folder_of_postgres(tmp_path / "safe")
    base, archive = safe / "base", folder_of_postgres(safe / "archive")
    where = {"BASE": str(base), "ARCHIVE": str(archive)}
    with broker(tmp_path / "bus") as (servers, _), crashing(tmp_path / "here") as here:
        office = Office(tmp_path / "data", servers, monkeypatch)
        run(commands("Start", "createdb"), here.port, safe)
        office.on(here.port)
        await office.yousu("migrate")
        slot, receiving = commands("Back up", "--slot=yousu")
        run([slot], here.port, safe, where)
        with kept_alive(receiving, here.port, safe, where):
            run(commands("Back up", "ALTER SYSTEM"), here.port, safe, where)
            waited_for = "SELECT sync_state FROM pg_stat_replication"
            wait_until(lambda: asked(here.port, waited_for) == "sync", 30, "a commit waits for the receiver")
            died: list[str] = []
            async with live(office.settings, died) as before:
                lives = Lives(before.people)
                await before.live(lives, 4)
                run(commands("Back up", "pg_basebackup"), here.port, safe, where)
                await before.live(lives, 2)
                moment = datetime.now(UTC)
                await before.live(lives, 9, begin=False)
                async with traffic(before.people, 10_000) as answered:
                    await some(answered, 30)
                    here.end(signal.SIGKILL)
                codes = before.people.codes
        assert died == []
        with restored(tmp_path / "there", where) as there:
            office.on(there.port)
            said = await office.caught_up()
            # What was on its way is heard now; nothing that was told is missing, so no complaint is listed as lost.
            assert [line.split(":")[0] for line in said] == list(SERVICES), said
            async with live(office.settings) as after:
                await after.at_rest()
                after.people.codes = codes
                await those_who_filed_are_known(after, set(codes), set())
                untouched, numbers = await after.marks(), await after.numbers()
        with restored(tmp_path / "then", where, moment) as then:
            office.on(then.port)
            await refuses_to_start(office)
            lost = {line for line in await office.caught_up() if line.isdigit()}
            assert set(answered) <= lost
            async with live(office.settings) as after:
                await after.at_rest()
                assert different(await after.marks(), untouched) == []
                assert await after.numbers() == numbers
                assert "差异 0 处" in await office.yousu("recount")


def folder_of_postgres(folder: Path) -> Path:
    """A folder that its account may write to."""
    folder.mkdir(mode=0o700)
    if (user := postgres.account()) is not None:
        shutil.chown(folder, user, "nogroup")
    return folder


@contextmanager
def crashing(home: Path) -> Iterator[Crashing]:
    found = Crashing(home)
    found.start()
    try:
        yield found
    finally:
        found.end(signal.SIGINT)


@contextmanager
def kept_alive(line: str, port: int, folder: Path, where: dict[str, str]) -> Iterator[None]:
    """The command that the runbook has a machine keep alive; it is there when the server knows it."""
    environment = surroundings(port, **where)
    program = Program("receiver", postgres.as_account(["bash", "-euc", line]), lambda: receives(port), environment)
    kept = Kept(program, folder, folder)
    kept.start()
    try:
        yield
    finally:
        kept.stop()


def receives(port: int) -> bool:
    return asked(port, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"


def asked(port: int, question: str) -> str:
    """The server's own answer."""
    order = ["psql", "-XAtd", "postgres", "-c", question]
    return subprocess.run(order, env=surroundings(port), capture_output=True, text=True, check=False).stdout.strip()


@contextmanager
def restored(home: Path, where: dict[str, str], moment: datetime | None = None) -> Iterator[Crashing]:
    """A new server, made of the base copy and the log as the runbook has it, up to this moment or to its end."""
    data = folder_of_postgres(folder_of_postgres(home) / "data")
    given = {**where, "PGDATA": str(data)} | ({"MOMENT": moment.isoformat()} if moment else {})
    first, *rest = [line for line in commands("Restore", "$PGDATA") if moment or "recovery_target" not in line]
    run([first, *commands("Restore", ".partial"), *rest], None, home, given)
    with crashing(home) as found:
        wait_until(lambda: asked(found.port, "SELECT pg_is_in_recovery()") == "f", 60, "the log is read to its end")
        yield found
