"""Decisions are counted once each, whatever was tallied already and whatever happens meanwhile; on both databases."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import insert, select, text, update

import services.router.tables
from services.router.tables import UNTALLIED
from services.router.tally import DECISION, TALLY, Accuracy, By, accuracy, tally
from shared import migrate
from shared.db import Database

MIGRATIONS = Path(services.router.tables.__file__).parent / "migrations"
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
KEYS: tuple[By, ...] = get_args(By)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def router(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    sqlite = request.param == "sqlite"
    url = f"sqlite+aiosqlite:///{tmp_path}/r.db" if sqlite else request.getfixturevalue("new_database")()
    database = Database(url)
    await migrate.upgrade(database, MIGRATIONS, services.router.tables.metadata)
    yield database
    await database.close()


class Decisions:
    """Decisions as chance has them; the first ones by a release that does not know of tallies."""

    def __init__(self, database: Database) -> None:
        self.database, self.chance, self.numbers = database, random.Random(7), count()

    async def decide(self) -> None:
        pick, lead = self.chance.choice, self.chance.choice(("hn-gxt", "hn-czt"))
        row = {
            "number": f"{next(self.numbers):012d}",
            "assignment": 1,
            "at": NOON,
            "lead_agency": lead,
            "matter": None,
            "clause": pick(("附件1", "附件2")),
            "rules_version": pick(("2022-09-19", "2026-01-01")),
            "decided_by": pick(("rules", "dispatcher")),
            "note": None,
            "reader": pick((None, "first", "second")),
            "proposed": pick((None, "hn-gxt")),
            "returned_code": None,
        } | {name: [] for name in ("co_agencies", "participants", "reasons", "candidates")}
        async with self.database.writing() as session:
            await session.execute(insert(DECISION).values(row))

    async def give_back(self) -> None:
        """One that was not returned yet, if there is any."""
        async with self.database.writing() as session:
            kept = select(DECISION.c.id).where(DECISION.c.returned_code.is_(None)).order_by(DECISION.c.id)
            if ids := list(await session.scalars(kept)):
                one = DECISION.c.id == self.chance.choice(ids)
                await session.execute(update(DECISION).where(one).values(returned_code="NOT_OUR_DUTY"))

    async def counted(self, by: By) -> list[Accuracy]:
        """What the rows themselves say."""
        found: dict[Any, Counter[str]] = {}
        async with self.database.reading() as session:
            for row in await session.execute(select(DECISION)):
                person = row.decided_by == "dispatcher"
                found.setdefault(getattr(row, by), Counter()).update(
                    assigned=1,
                    returned=int(row.returned_code is not None),
                    decided_by_person=int(person),
                    proposed=int(person and row.proposed is not None),
                    agreed=int(person and row.proposed == row.lead_agency),
                )
        return in_order(Accuracy(group, **numbers) for group, numbers in found.items())

    async def told(self, by: By) -> list[Accuracy]:
        async with self.database.reading() as session:
            return in_order(await accuracy(session, by))

    async def agree(self) -> None:
        for by in KEYS:
            assert await self.told(by) == await self.counted(by), by


def in_order(rows: Any) -> list[Accuracy]:
    return sorted(rows, key=lambda row: row.group or "")


async def untallied(database: Database) -> Sequence[int]:
    async with database.reading() as session:
        return list(await session.scalars(select(DECISION.c.id).where(text(UNTALLIED))))


async def test_the_counts_are_those_of_the_rows_before_and_after_every_tally(router: Database) -> None:
    decisions = Decisions(router)
    for _ in range(120):
        step = decisions.chance.choices(("decide", "give_back", "tally"), (5, 2, 1))[0]
        await (tally(router) if step == "tally" else getattr(decisions, step)())
        await decisions.agree()
    assert await untallied(router)
    await tally(router)
    assert await untallied(router) == []
    await decisions.agree()


async def test_a_tally_of_everything_leaves_nothing_to_count_but_the_tally(router: Database) -> None:
    decisions = Decisions(router)
    for _ in range(10):
        await decisions.decide()
    assert await tally(router) == 10
    assert await tally(router) == 0
    async with router.writing() as session:
        await session.execute(update(TALLY).values(assigned=TALLY.c.assigned + 1))
    told, counted = await decisions.told("reader"), await decisions.counted("reader")
    assert sum(row.assigned for row in told) > sum(row.assigned for row in counted), "it read the rows"


async def test_what_is_decided_and_returned_while_two_replicas_tally_is_counted_once(router: Database) -> None:
    decisions = Decisions(router)

    async def work() -> None:
        for _ in range(30):
            await decisions.decide()
            await decisions.give_back()

    async def tallying() -> None:
        for _ in range(30):
            await tally(router)

    await asyncio.gather(work(), work(), tallying(), tallying())
    await decisions.agree()
    await tally(router)
    await decisions.agree()
