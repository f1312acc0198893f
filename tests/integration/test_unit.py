"""What the messages of one transaction share: families of rows, and what is left for the end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from services.tracker.app import build
from services.tracker.tables import Arrears, Case, Kept, Rating, kernel
from shared.batch import Batch, Done, Failed, Work
from shared.db import Database
from shared.testing import ManualClock
from shared.tx import Tx, Unit
from tests.integration.alone import Alone, alone

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alone]:
    async with alone(build, tmp_path, clock) as running:
        yield running


def rating(number: str) -> Rating:
    return Rating(number=number, round=0, assignment=1, at=NOW, grade=5, solved=True)


def asked(database: Database) -> list[str]:
    """The queries put to the writer from here on."""
    said: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *about: said.append(about[2]))
    return said


async def test_tables_that_hold_nothing_of_a_batch_cost_one_query_together(tracker: Alone) -> None:
    database = tracker.service.database
    async with database.writing() as session:
        session.add(rating("T2"))
    said = asked(database)
    async with database.writing() as session:
        tx = Tx(Unit(session, kernel, NOW, ("T1", "T2")))
        await tx.skip_empty((Rating, Arrears, Kept), "T1")
        found = [await tx.family(model, number) for model in (Arrears, Kept) for number in ("T1", "T2")]
        assert found == [[], [], [], []]
        assert [statement for statement in said if "SELECT" in statement] == said[-1:]
        assert await tx.family(Rating, "T1") == []
        assert [row.grade for row in await tx.family(Rating, "T2")] == [5]


async def test_a_row_added_before_or_after_its_table_was_found_empty_is_in_the_family(tracker: Alone) -> None:
    async with tracker.service.database.writing() as session:
        tx = Tx(Unit(session, kernel, NOW, ("T1", "T2")))
        tx.add(rating("T1"))
        tx.add(rating("elsewhere"))
        await tx.skip_empty((Rating, Arrears), "T1")
        tx.add(rating("T2"))
        assert [[row.number for row in await tx.family(Rating, number)] for number in ("T1", "T2")] == [["T1"], ["T2"]]


class Ended:
    """Adds what its transaction left it."""

    def __init__(self) -> None:
        self.numbers: list[str] = []

    async def __call__(self, tx: Tx) -> None:
        for number in self.numbers:
            tx.add(Case(number=number, co_agencies=[], participants=[], reasons=[], policy={}))


async def test_what_is_left_for_the_end_is_done_once_with_all_and_fails_with_what_failed(tracker: Alone) -> None:
    async def leaves(tx: Tx, number: str, fails: bool) -> None:
        tx.at_end(Ended).numbers.append(number)
        tx.insert(Kept, id=number, number=number, text="")
        if fails:
            raise RuntimeError(number)

    def work(number: str, fails: bool = False) -> Work:
        async def run(tx: Tx) -> None:
            await leaves(tx, number, fails)

        return Work(number, run)

    service = tracker.service
    batch = Batch(service.database, kernel, service.clock)
    outcomes = await batch.run([work("T1"), work("T2", fails=True), work("T3")])
    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done]
    async with service.database.reading() as session:
        found = [await session.get(Case, number) is not None for number in ("T1", "T2", "T3")]
    assert found == [True, False, True]
