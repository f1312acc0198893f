"""The numbers move with the cases, on both databases, and every way of reading them says the same."""

import asyncio
import io
import json
import random
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import insert, text

from services.tracker.app import build, rebuilding
from services.tracker.consumer import REPLAYING
from services.tracker.numbers.definitions import INDICATORS
from services.tracker.numbers.fold import fold
from services.tracker.numbers.measures import NOW
from services.tracker.numbers.recount import Difference, recount
from services.tracker.numbers.store import Question, running
from services.tracker.numbers.totals import DELTA
from services.tracker.replay import rebuild
from services.yousu.recount import run_recount
from shared.batch import Batch, Done, Failed, Work
from shared.client import Refused
from shared.clock import in_shanghai
from shared.events import Fact
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock
from shared.tx import Tx
from tests.conftest import require
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import (
    Told,
    asked,
    at_random,
    differences,
    fold_all,
    interleaved,
    tell,
    works,
)
from tests.integration.system import System
from tests.integration.upgraded import upgraded_again
from tests.samples import complaint

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def tracker(
    kind: str, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Alone]:
    """A tracker alone, on SQLite or on PostgreSQL."""
    if kind == "postgres":
        monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", request.getfixturevalue("new_database")())
    async with alone(build, tmp_path, clock) as running_alone:
        yield running_alone


def lives(count: int, seed: int = 1) -> list[Told]:
    chance = random.Random(seed)
    return [at_random(f"T{place:05}", chance, START) for place in range(count)]


def today(service: Service[Any]) -> date:
    return in_shanghai(service.clock.now()).date()


async def standing(service: Service[Any]) -> dict[tuple[str, str, str], int]:
    """What a scrape reads, without what comes to nothing."""
    async with service.database.reading() as session:
        found = await running(session, today(service))
    return {(one.dimension, one.code, one.measure): one.value for one in found if one.value}


async def everything(service: Service[Any]) -> list[Any]:
    """Every way of asking, answered."""
    ways = [Question(group=group) for group in (None, "agency", "region", "matter", "day", "month")]
    ways += [Question(agency="hn-gxt"), Question(region="410100", group="agency"), Question(matter="", group="month")]
    ways += [Question(start=date(2026, 3, 9), end=date(2026, 3, 13), agency="hn-czt", matter="6.problem.4")]
    return [await asked(service, way) for way in ways] + [await standing(service)]


@ON_BOTH
async def test_a_recount_finds_no_difference_folded_or_not_and_reading_does_not_tell_them_apart(tracker: Alone) -> None:
    service, chance = tracker.service, random.Random(5)
    tracker.clock.moment = START + timedelta(days=20)
    facts = interleaved(lives(120), chance)
    await tell(service, facts[: len(facts) // 2], together=37)
    assert await differences(service) == []
    await fold_all(service)
    await tell(service, facts[len(facts) // 2 :], together=211)
    unfolded = await everything(service)
    assert await differences(service) == []
    await fold_all(service)
    assert await rows(service, "SELECT count(*) FROM number_delta") == [(0,)]
    assert await everything(service) == unfolded
    assert await differences(service) == []


async def test_every_question_has_the_answer_that_adding_up_the_cells_gives(tracker: Alone) -> None:
    service = tracker.service
    await tell(service, interleaved(lives(80, seed=3), random.Random(2)))
    await fold_all(service)
    cells = await rows(service, "SELECT agency, region, matter, day, measure, value FROM number_cell")

    def added(agency: str | None = None, region: str | None = None, matter: str | None = None) -> dict[str, int]:
        found: dict[str, int] = {}
        for *place, day, measure, value in cells:
            wanted = (agency, region, matter)
            if all(code in (None, here) for code, here in zip(wanted, place, strict=True)) and day <= "2026-03-20":
                found[measure] = found.get(measure, 0) + value
        return {measure: value for measure, value in found.items() if value}

    for agency in (None, "hn-gxt"):
        for region in (None, "410300", ""):
            for matter in (None, "1.opinion.1"):
                where: dict[str, Any] = {"agency": agency, "region": region, "matter": matter}
                told = await asked(service, Question(end=date(2026, 3, 20), **where))
                assert told.get("", {}) == added(**where), where


#: A month's first, middle and last day, before, on and after the day that the running totals hold.
ENDS = ("2026-03-31", "2026-04-14", "2026-04-30", "2026-05-01", "2026-05-09", "2026-05-10", "2026-05-11", "2026-06-02")
STARTS = (None, "2026-03-01", "2026-03-02", "2026-03-20", "2026-04-01", "2026-05-10")


@ON_BOTH
async def test_any_period_and_group_have_the_answer_that_adding_up_the_cells_gives(tracker: Alone) -> None:
    service, chance = tracker.service, random.Random(4)
    told = [at_random(f"T{n:05}", chance, START + timedelta(days=chance.randrange(70))) for n in range(120)]
    tracker.clock.moment = datetime(2026, 5, 10, 3, 0, tzinfo=UTC)
    await tell(service, interleaved(told, chance))
    await fold_all(service)
    cells = await rows(service, "SELECT agency, region, matter, day, measure, value FROM number_cell")
    periods = [(start, end) for start in STARTS for end in (*ENDS, None) if (start or "") <= (end or "9")]
    for start, end in periods:
        for group in (None, "agency", "region", "matter", "day", "month"):
            for agency in (None, "hn-gxt"):
                first, last = (date.fromisoformat(day) if day else None for day in (start, end))
                way = Question(first, last, agency=agency, group=group)
                assert await asked(service, way) == added(cells, start, end, group, agency), way


def added(
    cells: list[Any], start: str | None, end: str | None, group: str | None, agency: str | None
) -> dict[str, dict[str, int]]:
    """The cells of this period, of this agency, by this group; what is so now is told by no time."""
    found: dict[str, dict[str, int]] = {}
    for named, region, matter, day, measure, value in cells:
        keys = {None: "", "agency": named, "region": region, "matter": matter, "day": day, "month": day[:7]}
        asked_for = (start or "0") <= day <= (end or "9") if day else group not in ("day", "month")
        if asked_for and agency in (None, named):
            here = found.setdefault(keys[group], {})
            here[measure] = here.get(measure, 0) + value
    held = {key: {name: value for name, value in told.items() if value} for key, told in found.items()}
    return {key: told for key, told in held.items() if told}


@ON_BOTH
async def test_an_upgrade_makes_the_totals_that_folding_would_have_made(tracker: Alone) -> None:
    service = tracker.service
    tracker.clock.moment = START + timedelta(days=20)
    await tell(service, interleaved(lives(60), random.Random(1)))
    await fold_all(service)
    await tell(service, Told("T9").filed(START).assigned(START).facts)
    before = [await kept(service, table) for table in TOTALS]
    await upgraded_again(service, "0007")
    assert [await kept(service, table) for table in TOTALS] == before
    assert await differences(service) == []


TOTALS = ("number_cell", "number_side", "number_month", "number_running")


async def kept(service: Service[Any], table: str) -> list[tuple[Any, ...]]:
    """What this table of totals says, without what comes to nothing."""
    return sorted(await rows(service, f"SELECT * FROM {table} WHERE value <> 0"))  # noqa: S608


async def rows(service: Service[Any], query: str) -> list[tuple[Any, ...]]:
    async with service.database.reading() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def test_what_fails_takes_its_numbers_with_it(tracker: Alone) -> None:
    service = tracker.service
    good, bad = Told("T1").filed(START).assigned(START), Told("T2").filed(START).assigned(START)

    async def fails_after_writing(tx: Tx) -> None:
        await REPLAYING[type(bad.facts[0])](bad.facts[0], tx)
        raise RuntimeError("after it wrote")

    batch = Batch(service.database, service.spec.kernel, service.clock)
    outcomes = await batch.run([*works(good.facts), Work("T2", fails_after_writing)])
    assert [type(outcome) for outcome in outcomes] == [Done] * len(good.facts) + [Failed]
    assert (await asked(service))[""]["filed"] == 1
    assert await differences(service) == []


async def test_the_messages_of_a_transaction_leave_one_delta_a_cell(tracker: Alone) -> None:
    facts = [fact for place in range(50) for fact in Told(f"T{place}").filed(START).assigned(START).facts]
    await tell(tracker.service, facts)
    assert await rows(tracker.service, "SELECT count(*), max(value) FROM number_delta WHERE measure = 'filed'") == [
        (1, 50)
    ]
    assert await rows(tracker.service, "SELECT count(*) FROM number_delta WHERE measure = 'now_routing'") == [(0,)]


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgres"])
async def test_folding_beside_many_writers_loses_nothing_and_no_reader_sees_half_a_case(tracker: Alone) -> None:
    service, writing = tracker.service, True
    tracker.clock.moment = START + timedelta(days=20)

    async def write(mine: list[Told]) -> None:
        for life in mine:
            await tell(service, life.facts, together=2)

    async def keep_folding() -> int:
        folded = 0
        while writing:
            folded += await fold(service.database, today(service).isoformat())
            await asyncio.sleep(0)
        return folded

    async def keep_reading() -> int:
        looks = 0
        while writing:
            found = (await asked(service)).get("", {})
            assert sum(found.get(name, 0) for name in NOW if name[4:] in STATES) == found.get("filed", 0)
            looks += 1
        return looks

    everyone = lives(160, seed=9)
    others = [
        asyncio.create_task(keep_folding()),
        asyncio.create_task(keep_folding()),
        asyncio.create_task(keep_reading()),
    ]
    await asyncio.gather(*(write(everyone[start::8]) for start in range(8)))
    writing = False
    first, second, looks = await asyncio.gather(*others)
    assert first + second > 0
    assert looks > 0
    assert await differences(service) == []
    await fold_all(service)
    assert await differences(service) == []
    assert (await asked(service))[""]["filed"] == 160


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_slower_writer_that_commits_in_the_middle_of_a_fold_is_folded_next_time(tracker: Alone) -> None:
    """Its deltas have lower ids than some that are folded: sequences commit out of order."""
    service, day = tracker.service, today(tracker.service).isoformat()
    await tell(service, Told("T1").filed(START).facts)
    await fold_all(service)
    async with service.database.apart() as slow, service.database.apart() as holding:
        await slow.execute(insert(DELTA), [DELAYED])
        await tell(service, Told("T2").filed(START).facts)
        await holding.execute(text("SELECT 1 FROM number_running FOR UPDATE"))
        folding = asyncio.create_task(fold(service.database, day))
        async with asyncio.timeout(10):
            while await rows(service, "SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
                await asyncio.sleep(0.01)
        await slow.commit()
        await holding.rollback()
        assert await folding > 0
    assert await rows(service, "SELECT agency, value FROM number_delta") == [("slow", 1)]
    await fold_all(service)
    assert await rows(service, "SELECT value FROM number_cell WHERE agency = 'slow'") == [(1,)]


DELAYED = {
    "at": START,
    "measure": "filed",
    "day": "2026-03-02",
    "agency": "slow",
    "region": "",
    "matter": "",
    "value": 1,
}
STATES = {name.removeprefix("now_") for name in NOW if NOW[name].family == "cases"}


async def test_a_limit_joins_what_a_scrape_reads_on_its_day(tracker: Alone) -> None:
    service = tracker.service
    await tell(service, Told("T1").filed(START).assigned(START).accepted(START).facts)
    due = ("agency", "hn-gxt", "due_reply")
    for folded in (False, True):
        tracker.clock.moment = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
        if folded:
            await fold_all(service)
        assert due not in await standing(service)
        tracker.clock.moment = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
        assert (await standing(service))[due] == 1
    await fold_all(service)
    assert (await standing(service))[due] == 1
    assert await rows(service, "SELECT day FROM number_through") == [("2026-03-05",)]
    await tell(service, Told("T2").filed(START).assigned(START).facts)
    await fold_all(service)
    assert (await standing(service))[due] == 2
    assert await differences(service) == []


@ON_BOTH
@pytest.mark.parametrize("table", TOTALS)
async def test_a_total_that_was_tampered_with_is_found_and_put_right(tracker: Alone, table: str) -> None:
    service = tracker.service
    tracker.clock.moment = START + timedelta(days=20)
    await tell(service, interleaved(lives(30), random.Random(1)))
    await fold_all(service)
    async with service.database.writing() as session:
        await session.execute(text(f"UPDATE {table} SET value = value + 7 WHERE measure = 'filed'"))  # noqa: S608
        await session.execute(text(f"DELETE FROM {table} WHERE measure = 'due_reply'"))  # noqa: S608
    found = await differences(service)
    assert {one.measure for one in found} == {"filed", "due_reply"}
    assert {one.place.split()[0] for one in found} == {table}
    assert all(one.kept - one.counted == 7 for one in found if one.measure == "filed")
    await tell(service, Told("T9").filed(START).assigned(START).facts)
    assert missing(await differences(service, repair=True)) == missing(found)
    assert await differences(service) == []
    await fold_all(service)
    assert await differences(service) == []


def missing(found: list[Difference]) -> list[tuple[str, str, int]]:
    return [(one.place, one.measure, one.counted - one.kept) for one in found]


async def test_a_day_that_comes_while_it_counts_makes_it_count_again(tracker: Alone) -> None:
    service, tracker.clock.moment = tracker.service, START
    await tell(service, Told("T1").filed(START).assigned(START).facts)
    await fold_all(service)
    async with service.database.writing() as session:
        await session.execute(text("UPDATE number_side SET value = 5 WHERE measure = 'due_reply'"))
    told: list[Difference] = []

    def day_comes(difference: Difference) -> None:
        if not told:
            connection = sqlite(service)
            connection.execute(
                "INSERT INTO number_running SELECT dimension, code, measure, value FROM number_side"
                " WHERE measure = 'due_reply'"
            )
            connection.execute("UPDATE number_through SET day = '2026-03-31'")
            connection.commit()
            connection.close()
        told.append(difference)

    await recount(service.database, repair=True, tell=day_comes)
    assert {one.place.split()[0] for one in told} == {"number_side", "number_running"}
    tracker.clock.moment = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)
    assert await differences(service) == []
    assert (await standing(service))["agency", "hn-gxt", "due_reply"] == 1


def sqlite(service: Service[Any]) -> Any:
    import sqlite3

    return sqlite3.connect(str(service.database.url.database))


@ON_BOTH
async def test_the_first_fold_counts_what_was_there_before_anything_was_counted(tracker: Alone) -> None:
    service = tracker.service
    tracker.clock.moment = START + timedelta(days=20)
    await tell(service, interleaved(lives(30), random.Random(1)))
    before = await everything(service)
    async with service.database.writing() as session:
        await session.execute(text("DELETE FROM number_delta"))
    assert await asked(service) == {}
    await fold_all(service)
    assert await everything(service) == before
    assert await differences(service) == []


async def test_a_replay_of_the_facts_gives_the_same_numbers(tracker: Alone, tmp_path: Path, clock: ManualClock) -> None:
    live = tracker.service
    moment = clock.moment
    told = Told("2026031000000001").filed(moment).assigned(moment)
    await tracker.tell(*(fact for fact in told.facts if type(fact) in live.consumer.handlers))
    clock.move(timedelta(days=2))
    await tracker.rig.settle()
    assert {type(fact).__name__ for fact in await tracker.told(Fact)} >= {
        "ComplaintFiled",
        "CaseOpened",
        "DeadlineMissed",
        "CaseSupervised",
    }
    rebuilt = rebuilding(tracker.rig.around, f"sqlite+aiosqlite:///{tmp_path}/rebuilt.db")
    await rebuild(rebuilt, tracker.rig.bus)
    assert await everything(rebuilt) == await everything(live)
    assert await differences(rebuilt) == []
    assert await rows(rebuilt, "SELECT count(*) FROM number_delta") == [(0,)]
    await rebuilt.database.close()


async def test_yousu_recount_says_what_differs_and_by_its_exit_code_that_something_does(
    tracker: Alone, tmp_path: Path
) -> None:
    service, settings = tracker.service, Settings(data_dir=tmp_path)
    await tell(service, Told("T1").filed(START).assigned(START).facts)
    await fold_all(service)

    async def said(repair: bool = False) -> tuple[int, str]:
        out = io.StringIO()
        return await run_recount(settings, repair, Console(file=out, width=200)), out.getvalue()

    assert await said() == (0, "差异 0 处\n")
    async with service.database.writing() as session:
        await session.execute(
            text("UPDATE number_running SET value = 3 WHERE measure = 'filed' AND dimension = 'agency'")
        )
    code, words = await said()
    assert code == 1
    assert "number_running agency hn-gxt filed: 现存 3，按办件应为 1" in words
    assert (await said(repair=True))[0] == 0
    assert await said() == (0, "差异 0 处\n")


async def test_the_numbers_follow_a_complaint_on_its_road(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        service = system.service("tracker")

        async def counted(*measures: str) -> list[int]:
            answer = await agency.request("GET", "/api/v1/indicators", params={"region": "410102", "to": "2026-12-31"})
            told = answer["counts"] | answer["now"]
            return [told[measure] for measure in measures]

        filed = await enterprise.file(complaint())
        await system.routed(filed)
        assert await counted("filed", "assigned", "accepted", "now_to_accept", "due_reply") == [1, 1, 0, 1, 1]
        await agency.accept(filed.number)
        assert await counted("accepted", "now_to_accept", "now_handling", "in_time_accept") == [1, 0, 1, 1]
        await agency.reply(filed.number, "款项已列入计划", met=True)
        await agency.resolve(filed.number)
        await system.until(filed, "resolved")
        assert await counted("accepted_resolved", "resolved", "now_resolved", "in_time_resolve") == [1, 1, 1, 1]
        assert await differences(service) == []
        await fold_all(service)
        assert await counted("accepted_resolved", "resolved", "now_resolved", "in_time_resolve") == [1, 1, 1, 1]


# --- over HTTP


async def test_indicators_have_the_names_of_the_field_with_both_their_numbers(tracker: Alone) -> None:
    tracker.clock.moment = START + timedelta(days=40)
    told = Told("T1").filed(START).assigned(START).accepted(START).replied(START, START).resolved(START)
    await tell(tracker.service, told.rated(START, 4).facts)
    await tell(tracker.service, Told("T2", agency="hn-czt").filed(START).assigned(START).facts)
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor.request(
            "GET", "/api/v1/indicators", params={"from": "2026-03-01", "to": "2026-03-31"}
        )
    found = {one["name"]: (one["numerator"], one["denominator"], one["value"]) for one in answer["indicators"]}
    assert found == {
        "timely_routing_rate": (2, 2, 1.0),
        "on_time_reply_rate": (1, 2, 0.5),
        "resolution_rate": (1, 1, 1.0),
        "on_time_resolution_rate": (1, 2, 0.5),
        "contact_rate": (1, 2, 0.5),
        "solved_rate": (1, 2, 0.5),
        "satisfaction_rate": (1, 1, 1.0),
        "return_rate": (0, 2, 0.0),
        "routing_accuracy": (2, 2, 1.0),
        "arrears_resolution_rate": (0, 0, None),
    }
    assert [one["label"] for one in answer["indicators"]] == [one.label for one in INDICATORS]
    assert all(one["definition"] for one in answer["indicators"])
    assert (answer["from"], answer["to"]) == ("2026-03-01", "2026-03-31")
    assert answer["counts"]["filed"] == 2
    assert answer["now"]["now_resolved"] == 1


async def test_without_a_period_it_is_everything_up_to_today(tracker: Alone) -> None:
    tracker.clock.moment = START
    await tell(tracker.service, Told("T1").filed(START).assigned(START).facts)
    async with tracker.client("supervisor") as supervisor:
        up_to_today = await supervisor.request("GET", "/api/v1/indicators")
        ahead = await supervisor.request("GET", "/api/v1/indicators", params={"to": "2026-12-31"})
    assert (up_to_today["from"], up_to_today["to"]) == (None, "2026-03-02")
    assert (up_to_today["counts"]["filed"], up_to_today["counts"]["due_reply"]) == (1, 0)
    assert ahead["counts"]["due_reply"] == 1


async def test_a_county_is_counted_with_its_city_and_the_answer_says_so(tracker: Alone) -> None:
    await tell(tracker.service, Told("T1", region="410327").filed(START).facts)
    async with tracker.client("supervisor") as supervisor:

        async def ask(region: str) -> Any:
            return await supervisor.request("GET", "/api/v1/indicators", params={"region": region})

        county, city, other, province = [await ask(code) for code in ("410327", "410300", "410100", "410000")]
    assert (county["region"], county["note"]) == ("410300", "宜阳县按所属的洛阳市统计")
    assert (city["region"], city["note"]) == ("410300", None)
    assert [one["counts"]["filed"] for one in (county, city, other, province)] == [1, 1, 0, 1]
    assert (province["region"], province["note"]) == (None, "河南省即全省，含未注明城市的投诉")


@pytest.mark.parametrize("group", ["agency", "region", "matter", "day", "month"])
async def test_groups_add_up_to_the_whole(tracker: Alone, group: str) -> None:
    tracker.clock.moment = START + timedelta(days=60)
    await tell(tracker.service, interleaved(lives(40), random.Random(1)))
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor.request("GET", "/api/v1/indicators", params={"group": group})
    assert answer["group"] == group
    assert all(one["label"] for one in answer["groups"])
    for name, whole in answer["counts"].items():
        assert sum(one["counts"][name] for one in answer["groups"]) == pytest.approx(whole), name
    assert all(("now" in one) == (group in ("agency", "region", "matter")) for one in answer["groups"])
    json.dumps(answer)


async def test_groups_are_named_and_what_names_none_is_a_group_too(tracker: Alone) -> None:
    await tell(tracker.service, Told("T1", region="410000", matter=None).filed(START).facts)
    async with tracker.client("supervisor") as supervisor:

        async def keys(group: str) -> list[tuple[Any, str]]:
            answer = await supervisor.request("GET", "/api/v1/indicators", params={"group": group})
            return [(one["key"], one["label"]) for one in answer["groups"]]

        assert await keys("agency") == [(None, "未派单")]
        assert await keys("region") == [(None, "未注明城市")]
        assert await keys("matter") == [(None, "未定事项")]
        assert await keys("month") == [("2026-03", "2026-03")]


async def test_an_agency_sees_its_own_numbers_only(tracker: Alone) -> None:
    for number, agency in (("T1", "hn-gxt"), ("T2", "hn-czt")):
        await tell(tracker.service, Told(number, agency=agency).filed(START).assigned(START).facts)
    async with tracker.client("agency", "hn-gxt") as agency_client:
        answer = await agency_client.request("GET", "/api/v1/indicators", params={"group": "agency"})
        assert answer["agency"] == "hn-gxt"
        assert [one["key"] for one in answer["groups"]] == ["hn-gxt"]
        assert answer["counts"]["assigned"] == 1
        with pytest.raises(Refused) as refused:
            await agency_client.request("GET", "/api/v1/indicators", params={"agency": "hn-czt"})
        assert (refused.value.status, refused.value.type) == (403, "urn:yousu:problem:not-own-agency")


async def test_the_public_and_complainants_see_no_numbers(tracker: Alone) -> None:
    for role, status in ((None, 401), ("enterprise", 403)):
        async with tracker.client(role) as stranger:  # type: ignore[arg-type]
            with pytest.raises(Refused) as refused:
                await stranger.request("GET", "/api/v1/indicators")
            assert refused.value.status == status


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("from", {"from": "10.3.2026"}),
        ("from", {"from": "20260310"}),
        ("from", {"from": ""}),
        ("to", {"to": "2026-02-30"}),
        ("to", {"from": "2026-03-10", "to": "2026-03-09"}),
        ("from", {"from": "x" * 100}),
        ("agency", {"agency": "hn-nobody"}),
        ("agency", {"agency": ""}),
        ("region", {"region": "110101"}),
        ("region", {"region": "郑州"}),
        ("matter", {"matter": "99.problem.1"}),
        ("group", {"group": "weekday"}),
    ],
)
async def test_a_wrong_part_of_the_question_is_named(tracker: Alone, field: str, query: dict[str, str]) -> None:
    async with tracker.client("supervisor") as supervisor:
        with pytest.raises(Refused) as refused:
            await supervisor.request("GET", "/api/v1/indicators", params=query)
    assert refused.value.status == 422
    assert [(error["field"], error["reason"] != "不正确") for error in refused.value.errors] == [(field, True)]


async def test_promtool_finds_nothing_to_say_about_the_metrics(tracker: Alone) -> None:
    require(shutil.which("promtool") is not None, "promtool")
    tracker.clock.moment = START + timedelta(days=60)
    await tell(tracker.service, interleaved(lives(40), random.Random(1)))
    async with tracker.client() as anybody:
        told = (await anybody._http.get("/metrics")).text
    assert 'yousu_agency_due{agency="hn-gxt",stage="reply"}' in told
    checked = await asyncio.to_thread(promtool, told)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def promtool(told: str) -> subprocess.CompletedProcess[str]:
    command = ["promtool", "check", "metrics"]
    return subprocess.run(command, input=told, capture_output=True, text=True, check=False)


async def test_a_scrape_tells_what_the_indicators_tell_and_how_long_a_delta_waits(tracker: Alone) -> None:
    tracker.clock.moment = START + timedelta(days=60)
    await tell(tracker.service, interleaved(lives(40), random.Random(1)))
    tracker.clock.move(timedelta(seconds=30))
    async with tracker.client("supervisor") as supervisor:
        asked_for = await supervisor.request("GET", "/api/v1/indicators", params={"group": "agency"})
        told = samples((await supervisor._http.get("/metrics")).text)
        await fold_all(tracker.service)
        folded = samples((await supervisor._http.get("/metrics")).text)
    assert told.pop("yousu_numbers_oldest_delta_seconds") == 30
    assert folded.pop("yousu_numbers_oldest_delta_seconds") == 0
    assert {name: value for name, value in told.items() if value} == {n: v for n, v in folded.items() if v}
    for group in asked_for["groups"]:
        label = f'agency="{group["key"] or ""}"'
        for name, family in (("due_reply", "due"), ("in_time_resolve", "in_time")):
            metric = f'yousu_agency_{family}{{{label},stage="{name.rsplit("_", 1)[1]}"}}'
            assert told.get(metric, 0) == group["counts"][name]
        assert told.get(f"yousu_agency_arrears_verified_yuan{{{label}}}", 0) == group["counts"]["arrears_verified"]


def samples(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines}
