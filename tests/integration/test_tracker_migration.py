"""Cases opened under the first schema go on under the present one, with their deadlines, timers and queue."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text

import services.tracker
from services.tracker.app import build
from services.tracker.tables import metadata
from shared import migrate
from shared.db import Database
from shared.events import DeadlineMissed, DeadlinesMoved
from shared.testing import ManualClock, Rig
from tests.integration.tracker_alone import LEAD, TrackerAlone

FOLDER = Path(services.tracker.__file__).parent / "migrations"
NUMBER = "2603100000000019"
CASE = (
    "INSERT INTO case_ (number, state, assignment, version, lead_agency, co_agencies, participants, case_class, title,"
    " region, reasons, filed_at, assigned_at, urgent_at, fence) VALUES (:number, 'handling', 1, 3, :lead, '[]', '[]',"
    " 'arrears', '拖欠工程款', '410102', '[]', :start, :start, :reply, 1)"
)
DEADLINE = (
    "INSERT INTO deadline (id, number, assignment, stage, due_at, met_at) VALUES (:id, :number, 1, :stage, :due, :met)"
)
TIMER = (
    "INSERT INTO timer (id, kind, number, payload, due_at, try_at, attempts)"
    " VALUES (:id, 'deadline', :number, '{}', :due, :due, 0)"
)
DUE = {"accept": "2026-03-11", "reply": "2026-03-13", "resolve": "2026-04-09"}


def moment(day: str, clock: str = "15:59:59") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+00:00")


def to(revision: str, connection: Connection) -> None:
    config = migrate._config(FOLDER, connection=connection, metadata=metadata)
    (command.upgrade if revision == "0001" else command.downgrade)(config, "0001")


def first_schema(connection: Connection) -> None:
    """The first schema with a case that was accepted and waits for its reply."""
    to("0001", connection)
    bind = moment if connection.dialect.name == "postgresql" else lambda day, clock="15:59:59": f"{day} {clock}.000000"
    start = bind("2026-03-10", "02:00:00")
    connection.execute(text(CASE), {"number": NUMBER, "lead": LEAD, "start": start, "reply": bind(DUE["reply"])})
    for stage, day in DUE.items():
        met = start if stage == "accept" else None
        row = {"id": f"{NUMBER}:1.{stage}", "number": NUMBER, "stage": stage, "due": bind(day), "met": met}
        connection.execute(text(DEADLINE), row)
        late = bind(day, "16:00:00")
        connection.execute(text(TIMER), {"id": f"deadline:{NUMBER}:1.{stage}", "number": NUMBER, "due": late})


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def tracker(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TrackerAlone]:
    """A tracker on a database that was begun under the first schema."""
    url = f"sqlite+aiosqlite:///{tmp_path}/tracker.db"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_database")
        url = make()
    database = Database(url)
    async with database.writing() as session:
        await (await session.connection()).run_sync(first_schema)
    await database.close()
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", url)
    rig = await Rig.build([build], tmp_path, clock)
    yield TrackerAlone(rig)
    await rig.close()


async def test_a_case_opened_before_keeps_its_deadlines_and_its_timers(tracker: TrackerAlone) -> None:
    case = await tracker.case(NUMBER)
    assert {row["name"]: row["agency"] for row in case["deadlines"]} == {f"1.{stage}": LEAD for stage in DUE}
    await tracker.service.chores.once("calendar", tracker.service)
    await tracker.rig.settle()
    assert await tracker.told(DeadlinesMoved) == []
    assert await tracker.due(NUMBER) == {f"1.{stage}": moment(day) for stage, day in DUE.items()}
    await tracker.pass_days(5)
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["reply"]
    await tracker.step(NUMBER, "suspension", {"reason": "缺少合同"})
    await tracker.pass_days(2)
    await tracker.step(NUMBER, "resumption")
    assert (await tracker.due(NUMBER))["1.resolve"] == moment("2026-04-13")
    for step, body in (("replies", {"text": "已付款", "met": True}), ("resolution", {})):
        done: Any = await tracker.step(NUMBER, step, body)
    assert done["state"] == "resolved"


async def test_the_first_schema_can_be_gone_back_to(tracker: TrackerAlone) -> None:
    await tracker.file()
    async with tracker.service.database.writing() as session:
        connection = await session.connection()
        await connection.run_sync(lambda sync: to("downgrade", sync))
        assert (await session.execute(text("SELECT number FROM case_"))).scalars().all() == [NUMBER]
    async with tracker.service.database.writing() as session:
        await (await session.connection()).run_sync(
            lambda sync: command.upgrade(migrate._config(FOLDER, connection=sync, metadata=metadata), "head")
        )
