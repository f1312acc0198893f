"""Cases by words: the same are found on both databases, by every list that can be asked, in pages without a gap."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from services.tracker.app import build
from services.tracker.domain.search import grams
from services.tracker.exports import cases as exported
from services.tracker.store import counted
from services.tracker.store.cases import Filters, cases
from services.tracker.store.counted import Behind
from services.tracker.store.search import DEPTH
from services.tracker.tables import Case, Imported
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import Told, tell
from tests.integration.tracker_alone import LEAD, OTHER, tracker_alone
from tests.integration.upgraded import upgraded_again

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
AGENCIES = ("hn-gxt", "hn-czt", "410100-yshj")
CASES, PAGE = 400, 50
WORDS = ("欠款", "款欠款", "路路", "欠路款", "款款款款款款", "路欠款路欠", "工欠", "欠款路")
#: The number in earlier records of a case in whose title these words are not.
ORIGIN = "路路路路路"


@pytest.fixture
async def tracker(
    kind: str, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Alone]:
    """A tracker on either database, with many cases whose titles are much alike."""
    if kind == "postgres":
        monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", request.getfixturevalue("new_database")())
    clock.moment = START + timedelta(days=3)
    async with alone(build, tmp_path, clock) as running:
        chance = random.Random(7)
        lives = [life(f"T{place:05}", chance) for place in range(CASES)]
        await tell(running.service, [fact for one in lives for fact in one.facts])
        yield running


def life(number: str, chance: random.Random) -> Told:
    """A case, of which some go from agency to agency and some come back to their first."""
    title = "".join(chance.choices("欠款路", weights=(6, 6, 1), k=chance.randint(3, 9)))
    case = Told(number, title=title, agency=chance.choice(AGENCIES)).filed(START)
    for hours in range(chance.choice((1, 1, 1, 2, 3))):
        case.assigned(START + timedelta(hours=hours + 1), chance.choice(AGENCIES))
    return case.accepted(START + timedelta(hours=9)) if chance.random() < 0.5 else case


async def rows(tracker: Alone) -> Sequence[Case]:
    async with tracker.service.database.reading() as session:
        return (await session.execute(select(Case))).scalars().all()


def holding(found: Sequence[Case], q: str, also: Callable[[Case], bool] = lambda _: True) -> list[str]:
    """Their numbers, newest first, by looking at every title."""
    wanted = set(grams(q))
    return sorted((one.number for one in found if wanted <= set(grams(one.title)) and also(one)), reverse=True)


async def listed(tracker: Alone, filters: Filters) -> list[str]:
    """All pages of the list, joined."""
    found: list[str] = []
    after = None
    while True:
        async with tracker.service.database.reading() as session:
            some = await cases(session, filters, after, PAGE)
        found += [one.number for one in some]
        if len(some) < PAGE:
            return found
        assert some[-1].assigned_at is not None
        after = (some[-1].assigned_at, some[-1].number)


async def turned(tracker: Alone, behind: Behind, filters: Filters) -> list[str]:
    """All pages of the list behind a number, joined."""
    found: list[str] = []
    async with tracker.service.database.reading() as session:
        while some := await counted.page(session, behind, filters, found[-1] if found else None, PAGE):
            found += [one.number for one in some]
        assert await counted.count(session, behind, filters) == len(found)
        assert await counted.count(session, behind, filters, 3) == min(len(found), 4)
    return found


@ON_BOTH
async def test_every_list_finds_the_cases_in_whose_titles_the_words_are(tracker: Alone, kind: str) -> None:
    everyone = await rows(tracker)
    assert len(holding(everyone, "欠款")) > DEPTH
    for q in WORDS:
        assert await listed(tracker, Filters(q=q)) == holding(everyone, q), q
        assert await turned(tracker, Behind(), Filters(q=q)) == holding(everyone, q), q
        accepted = holding(everyone, q, lambda one: one.state == "handling")
        assert await listed(tracker, Filters(q=q, state="handling")) == accepted, q
        assert await turned(tracker, Behind("accepted"), Filters(q=q)) == accepted, q
        for agency in AGENCIES:
            own = holding(everyone, q, lambda one, agency=agency: one.lead_agency == agency)  # type: ignore[misc]
            assert await listed(tracker, Filters(agency=agency, q=q)) == own, (q, agency)
            assert await turned(tracker, Behind(agency=agency), Filters(q=q)) == own, (q, agency)
    assert await listed(tracker, Filters(agency="hn-fgw", q="欠款")) == []


@ON_BOTH
async def test_the_longest_words_that_may_be_asked_for_are_looked_for(tracker: Alone, kind: str) -> None:
    longest = "".join(chr(ord("一") + place) for place in range(100))
    await tell(tracker.service, Told("T99999", title=f"关于{longest}").filed(START).assigned(START).facts)
    assert await listed(tracker, Filters(q=longest)) == ["T99999"]
    assert await listed(tracker, Filters(q=longest[:-1] + "款")) == []


@ON_BOTH
async def test_a_file_of_cases_found_by_words_has_them_by_number(tracker: Alone, kind: str) -> None:
    wanted = holding(await rows(tracker), "款欠款")
    pages = exported.pages(tracker.service.database, Behind(), Filters(q="款欠款"))
    assert [line.case.number async for page in pages for line in page] == wanted[::-1]


@ON_BOTH
async def test_a_number_in_earlier_records_is_found_beside_the_words(tracker: Alone, kind: str) -> None:
    everyone = await rows(tracker)
    other = next(one.number for one in everyone if "路" not in one.title)
    told: dict[str, Any] = {"source": "", "digest": "", "at": START, "by": "test"}
    async with tracker.service.database.writing() as session:
        for number, word in ((other, ORIGIN), (other, "欠款路"), (everyone[0].number, "2019000123")):
            session.add(Imported(key=word, origin=word, word=word, number=number, **told))
    assert await listed(tracker, Filters(q=ORIGIN)) == sorted({*holding(everyone, ORIGIN), other}, reverse=True)
    both = sorted({*holding(everyone, "欠款路"), other}, reverse=True)
    assert len(both) > PAGE
    assert await listed(tracker, Filters(q="欠款路")) == both
    assert await turned(tracker, Behind(), Filters(q="欠款路")) == both
    assert await listed(tracker, Filters(q="2019000123")) == [everyone[0].number]
    assert await listed(tracker, Filters(q="2019000124")) == []


@ON_BOTH
async def test_an_upgrade_finds_the_cases_of_before_by_their_agencies(tracker: Alone, kind: str) -> None:
    async def words() -> list[Any]:
        async with tracker.service.database.reading() as session:
            return sorted(map(tuple, await session.execute(text("SELECT gram, number FROM gram"))))

    before = await words()
    assert sum(word.startswith("@") for word, _ in before) > CASES
    await upgraded_again(tracker.service, "0008")
    assert await words() == before


async def test_a_case_is_found_under_the_agency_that_leads_it_also_when_it_comes_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with tracker_alone(tmp_path, clock) as tracker:
        number = await tracker.opened()
        for assignment, agency in enumerate((OTHER, LEAD, OTHER), start=2):
            await tracker.assign(number, assignment, lead_agency=agency, co_agencies=())
            for one in (LEAD, OTHER):
                query = {"q": "工程款", "agency": one}
                found = (await tracker.supervisor("GET", "/cases", params=query))["cases"]
                assert [case["number"] for case in found] == ([number] if one == agency else [])


async def test_cases_found_by_words_come_newest_first_page_by_page(tmp_path: Path, clock: ManualClock) -> None:
    async with tracker_alone(tmp_path, clock) as tracker:
        made = [await tracker.opened() for _ in range(5)]
        await tracker.assign(made[0], 2, lead_agency=OTHER, co_agencies=())
        seen, query = [], {"limit": 2, "q": "工程款"}
        while True:
            found = await tracker.supervisor("GET", "/cases", params=query)
            seen += [case["number"] for case in found["cases"]]
            if found["next"] is None:
                break
            query["cursor"] = found["next"]
        assert seen == sorted(made, reverse=True)
