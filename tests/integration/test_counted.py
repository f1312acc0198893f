"""From a number to its cases: for every measure, the cases listed are those that stand in the number's cells."""

import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from services.tracker.app import build
from services.tracker.numbers.contributions import contributions
from services.tracker.numbers.measures import MEASURES, Cell
from services.tracker.numbers.rows import COUNTED, Rows, snapshot
from services.tracker.store import counted, owed, supervision
from services.tracker.store.cases import Filters, rows_of
from services.tracker.store.counted import BESIDE, LABELS, REMAINDERS, TOGETHER, Behind
from services.tracker.tables import Case
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import Told, at_random, interleaved, tell

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
#: Measures whose cells add up to it, and what is taken from it.
PARTS: dict[str, tuple[tuple[str, ...], str | None]] = (
    {name: ((name,), None) for name in MEASURES}
    | {name: ((over,), less) for name, (_, over, less) in REMAINDERS.items()}
    | {name: (parts, None) for name, (_, parts) in TOGETHER.items()}
)
WEEK = {"start": date(2026, 3, 9), "end": date(2026, 3, 22)}


@pytest.fixture
async def tracker(
    kind: str, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Alone]:
    """A tracker on either database, with the lives of many complaints in it."""
    if kind == "postgres":
        monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", request.getfixturevalue("new_database")())
    clock.moment = START + timedelta(days=40)
    async with alone(build, tmp_path, clock) as running:
        chance = random.Random(11)
        lives = [at_random(f"T{place:05}", chance, START) for place in range(150)]
        lives += [late(f"U{place:05}", place) for place in range(10)]
        await tell(running.service, interleaved(lives, chance))
        yield running


def late(number: str, days: int) -> Told:
    """A case that its agency left lying, or did not leave lying, by turns."""
    at = START + timedelta(days=days)
    case = (
        Told(number, agency=("hn-gxt", "hn-czt")[days % 2])
        .filed(at)
        .assigned(at)
        .missed(at + timedelta(days=3), "accept")
        .named(at + timedelta(days=9), "accept")
    )
    if days == 4:
        return case.accepted(at + timedelta(days=10)).suspended(at + timedelta(days=11))
    return case if days % 3 else case.accepted(at + timedelta(days=10)).supervised(at + timedelta(days=11))


def questions(measure: str) -> Iterator[Behind]:
    yield Behind(measure)
    yield Behind(measure, start=WEEK["start"], end=WEEK["end"])
    yield Behind(measure, end=WEEK["end"], agency="hn-gxt")
    yield Behind(measure, agency="", region="410100")
    yield Behind(measure, region="419001", matter="6.problem.4")
    yield Behind(measure, start=WEEK["start"], region="", matter="")
    yield Behind(measure, agency="hn-czt", region="410300", matter="1.opinion.1")


async def cells_of(tracker: Alone) -> dict[str, dict[Cell, int]]:
    """By case, the cells it stands in."""
    found = {}
    async with tracker.service.database.reading() as session:
        for case in (await session.execute(select(Case))).scalars().all():
            kin = [await rows_of(session, model, case.number) for model in COUNTED]
            found[case.number] = dict(contributions(snapshot(case, Rows(*kin))))  # type: ignore[arg-type]
    return found


def stands(asked: Behind, cells: dict[Cell, int]) -> bool:
    """What this case adds to the number is more than nothing."""
    assert asked.measure is not None
    over, less = PARTS[asked.measure]
    for cell, value in cells.items():
        if cell.measure in over and _is_asked(asked, cell):
            taken = cells.get(cell._replace(measure=less), 0) if less else 0
            if value > taken:
                return True
    return False


def _is_asked(asked: Behind, cell: Cell) -> bool:
    wanted = (asked.agency, asked.region, asked.matter)
    here = all(code in (None, mine) for code, mine in zip(wanted, cell[2:], strict=True))
    first, last = asked.start and asked.start.isoformat(), asked.end and asked.end.isoformat()
    in_time = cell.day is None or ((first or "") <= cell.day <= (last or "9999"))
    return here and in_time


@ON_BOTH
async def test_the_cases_behind_every_number_are_those_that_count_for_it(tracker: Alone, kind: str) -> None:
    cells, seen = await cells_of(tracker), set[str]()
    assert PARTS.keys() == LABELS.keys() - BESIDE.keys()
    async with tracker.service.database.reading() as session:
        for measure in PARTS:
            for asked in questions(measure):
                rows = await counted.page(session, asked, Filters(), None, 500)
                listed = [row.number for row in rows]
                assert listed == sorted((n for n, c in cells.items() if stands(asked, c)), reverse=True), asked
                assert await counted.count(session, asked, Filters()) == len(listed)
                seen |= {measure} if listed else set()
    # Every measure that these lives come to has been met with cases; these are the ones they never come to.
    assert PARTS.keys() - seen <= {name for name in LABELS if "opinion" in name or "review" in name} | {
        "now_yellow_cards"
    }


@ON_BOTH
async def test_the_cases_behind_a_sum_of_money_add_up_to_it(tracker: Alone, kind: str) -> None:
    cells, met = await cells_of(tracker), set[str]()
    money = {name: counted.sums(name) for name in LABELS if counted.sums(name)}
    assert money.keys() == {name for name, one in MEASURES.items() if one.unit == "fen"} | TOGETHER.keys()
    async with tracker.service.database.reading() as session:
        for name, measures in money.items():
            for asked in questions(name):
                rows = await counted.page(session, asked, Filters(), None, 500)
                each = await owed.of_each(session, measures, [row.number for row in rows])
                assert each.keys() == {row.number for row in rows}
                assert all(value > 0 for value in each.values())
                assert 100 * sum(each.values()) == sum(
                    value
                    for case in cells.values()
                    for cell, value in case.items()
                    if cell.measure in measures and _is_asked(asked, cell)
                )
                met |= {name} if each else set()
    assert met == money.keys()


@ON_BOTH
async def test_the_cases_behind_the_bulletin_are_those_it_counts(tracker: Alone, kind: str) -> None:
    async with tracker.service.database.reading() as session:
        told = {agency: count for agency, count, _ in await supervision.bulletin(session)}
        for agency in ("hn-gxt", "hn-czt", "hn-fgw"):
            listed = await counted.page(session, Behind("now_named", agency=agency), Filters(), None, 500)
            assert len(listed) == told.get(agency, 0)
    assert told


@ON_BOTH
async def test_the_longest_late_come_first_and_are_the_late_ones(tracker: Alone, kind: str) -> None:
    async with tracker.service.database.reading() as session:
        late = await counted.latest(session, Behind(), 100)
        listed = await counted.page(session, Behind("now_late"), Filters(), None, 500)
        own = await counted.latest(session, Behind(agency="hn-gxt"), 3)
    assert {row.number for row, _ in late} == {row.number for row in listed} != set()
    assert [due for _, due in late] == sorted(due for _, due in late)
    assert own
    assert {row.lead_agency for row, _ in own} == {"hn-gxt"}


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_pages_join_without_a_gap_and_filters_narrow(tracker: Alone, kind: str) -> None:
    async with tracker.service.database.reading() as session:
        whole = [row.number for row in await counted.page(session, Behind(), Filters(), None, 500)]
        assert len(whole) == 160
        turned: list[str] = []
        while some := await counted.page(session, Behind(), Filters(), turned[-1] if turned else None, 33):
            turned += [row.number for row in some]
        assert turned == whole
        resolved = await counted.page(session, Behind("filed"), Filters(state="resolved"), None, 500)
        assert {row.state for row in resolved} == {"resolved"}
        assert await counted.count(session, Behind("filed"), Filters(state="resolved")) == len(resolved)
