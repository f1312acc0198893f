"""Earlier records come in: checked whole, each case once, with the clock it would have had, and nobody told of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from sqlalchemy import func, select

from services.tracker import tables
from services.tracker.handlers import importing
from services.yousu.history import bringing
from services.yousu.history.bringing import Outcome, Unanswered
from shared.bus import PARTITIONS
from shared.client import Client, Refused
from shared.clock import SHANGHAI
from shared.events import (
    AgencyNamed,
    CaseImported,
    CaseReplied,
    CaseSupervised,
    DeadlineMissed,
    DeadlineWarned,
    Fact,
)
from shared.reference.identifiers import new_number, number_problem
from shared.testing import ManualClock
from tests.integration.numbers_told import asked, differences
from tests.integration.rebuilt import contents, rebuilt
from tests.integration.records import Row, bring_in, handled, resolved, row, sheet
from tests.integration.tracker_alone import LEAD, OTHER, TrackerAlone, refusal, tracker_alone

#: The clock of the tests stands at 2026-03-10 10:00, a Tuesday.
RECENT = "2026-03-09"
ARREARS = {"claimed": "1260000.00", "verified": "1200000", "repaid": "600000", "stood_at": "2025-07-01"}


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path / "tracker", clock) as running:
        yield running


def records() -> list[Row]:
    """An office's cases, of every kind."""
    returned = {"returned_by": "hn-czt", "returned_from": "2025-05-06", "returned_at": "2025-05-07"}
    rated = {"rated_at": "2025-07-03", "grade": "不满意", "solved": "否"}
    return [
        resolved("甲-1", "2025-06-03", **ARREARS, **rated),
        resolved("甲-2", "2025-05-08", "hn-zrzy", **returned, filed_at="2025-05-06", return_code="NOT_OUR_DUTY"),
        row("甲-3", "2025-05-06", refused_at="2025-05-07", refusal_code="CIVIL_DISPUTE"),
        handled("甲-4", "2025-05-06", withdrawn_at="2025-05-09"),
        handled("甲-5", "2025-12-01", replied_at="2025-12-20", met="否"),
        handled("甲-6", RECENT, co_agencies="hn-czt"),
        handled("甲-7", "2026-03-02", suspended_at="2026-03-04"),
        row("甲-8", RECENT, assigned_at=RECENT, lead_agency=LEAD),
        handled("甲-9", "2026-02-24", extended_at="2026-02-27", extension_days="7"),
    ]


async def at_origin(tracker: TrackerAlone, origin: str) -> Any:
    """The case that came under this number of the office."""
    found = (await tracker.supervisor("GET", "/cases", params={"q": origin}))["cases"]
    assert len(found) == 1, found
    return await tracker.case(found[0]["number"])


async def count(tracker: TrackerAlone, model: type[tables.Table] = tables.Case) -> int:
    async with tracker.service.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def test_every_fault_of_a_file_is_told_with_its_line_and_nothing_is_written(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    bad = [row("乙-1", "2025-13-01", region="洛阳"), resolved("乙-2", "2025-06-03", lead_agency="某局", grade="5")]
    path = sheet(tmp_path / "cases.csv", [resolved("甲-1", "2025-06-03"), *bad, resolved("甲-1", "2025-06-04")])
    outcome = await bring_in(path, tracker)
    found = {(fault.line, fault.field) for fault in outcome.faults}
    assert found == {(3, "filed_at"), (3, "region"), (4, "lead_agency"), (5, "number")}
    assert (outcome.code, outcome.new, await count(tracker)) == (1, 0, 0)
    told = (tmp_path / "cases.csv.faults.csv").read_text("utf-8-sig").splitlines()
    assert told[0] == "line,field,reason"
    assert any(line.startswith("3,filed_at,") and "2022-03-01" in line for line in told)
    assert not (tmp_path / "cases.csv.numbers.csv").exists()


async def test_with_skip_bad_what_is_right_comes_in_and_the_rest_is_reported(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    path = sheet(tmp_path / "cases.csv", [row("乙-1", "2025-13-01"), *records()])
    outcome = await bring_in(path, tracker, skip_bad=True)
    assert [(fault.line, fault.field) for fault in outcome.faults] == [(2, "filed_at")]
    assert (outcome.code, outcome.new, await count(tracker)) == (1, 9, 9)
    numbers = (tmp_path / "cases.csv.numbers.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in numbers] == ["number", *(f"甲-{n}" for n in range(1, 10))]


async def test_a_file_brought_in_again_changes_nothing(tracker: TrackerAlone, tmp_path: Path) -> None:
    path = sheet(tmp_path / "cases.csv", records())
    first = await bring_in(path, tracker)
    before = await contents(tracker.service)
    again = await bring_in(path, tracker)
    assert (first.new, first.known, again.new, again.known, again.faults) == (9, 0, 0, 9, [])
    assert again.numbers == first.numbers
    assert await contents(tracker.service) == before
    assert len(await tracker.told(CaseImported)) == 9


@dataclass
class Failing(httpx.AsyncBaseTransport):
    """A way to the service that breaks after so many answers, the last of which the client never sees."""

    inner: httpx.AsyncBaseTransport
    answers: int

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.answers -= 1
        if self.answers < 0:
            raise httpx.ConnectError("gone", request=request)
        answer = await self.inner.handle_async_request(request)
        if self.answers == 0:
            raise httpx.ReadError("gone while it answered", request=request)
        return answer


@pytest.mark.parametrize("answers", [0, 2, 4, 5])
async def test_an_interrupted_import_goes_on_and_ends_as_one_that_was_not(
    answers: int, tracker: TrackerAlone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three batches to check, three to write; the way breaks among them."""
    monkeypatch.setattr(bringing, "MOST", 3)
    path = sheet(tmp_path / "cases.csv", records())
    async with tracker.client("admin") as admin:
        broken = Client(admin.origin, admin.token, transport=Failing(admin._http._transport, answers))
        async with broken:
            with pytest.raises(Unanswered, match=r"第 \d+ 行起没有得到答复"):
                await bringing.bring_in(path, broken, Console(quiet=True), tries=1)
    written = await count(tracker)
    assert written == {0: 0, 2: 0, 4: 3, 5: 6}[answers]
    again = await bring_in(path, tracker)
    assert (again.new, again.known) == (9 - written, written)
    assert len(await tracker.told(CaseImported)) == 9
    assert await differences(tracker.service) == []


async def test_the_past_is_told_as_one_fact_and_calls_for_nothing(tracker: TrackerAlone, tmp_path: Path) -> None:
    past = [one for one in records() if one["number"] in ("甲-1", "甲-2", "甲-3", "甲-4")]
    late = resolved("甲-10", "2024-01-02", accepted_at="2024-03-01", replied_at="2024-04-01", resolved_at="2024-06-03")
    await bring_in(sheet(tmp_path / "cases.csv", [*past, late | {"contacted_at": "2024-03-01"}]), tracker)
    await tracker.pass_days(3)
    assert {type(fact) for fact in await tracker.told(Fact)} == {CaseImported}
    async with tracker.service.database.reading() as session:
        assert (await session.execute(select(tables.kernel.timer.c.id))).all() == []


async def test_a_case_of_the_past_stands_as_it_ended(tracker: TrackerAlone, tmp_path: Path) -> None:
    numbers = dict((await bring_in(sheet(tmp_path / "cases.csv", records()), tracker)).numbers)
    owed = await at_origin(tracker, "甲-1")
    assert (owed["state"], owed["class"], owed["arrears"]["verified"]) == ("resolved", "arrears", "1200000.00")
    assert owed["origin"][0]["number"] == "甲-1"
    assert [one["what"] for one in owed["timeline"]][-4:] == ["replied", "resolved", "arrears", "rated"]
    assert owed["orders"] == []
    anew = await at_origin(tracker, "甲-2")
    assert (anew["lead_agency"], anew["assignment"], anew["designated"]) == ("hn-zrzy", 2, True)
    assert [(await tracker.case(numbers[f"甲-{n}"]))["state"] for n in (3, 4)] == ["refused", "withdrawn"]


async def test_an_open_case_has_the_deadlines_of_its_assignment_and_cards_as_due(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    await bring_in(sheet(tmp_path / "cases.csv", records()), tracker)
    late = await at_origin(tracker, "甲-5")
    stages = {one["stage"]: (one["due_at"][:10], one["card"]) for one in late["deadlines"]}
    assert stages["resolve"] == ("2025-12-22", "red")
    assert stages["reply"] == ("2025-12-04", "red")
    fresh = await at_origin(tracker, "甲-6")
    stages = {one["name"]: (one["due_at"][:10], one["card"]) for one in fresh["deadlines"]}
    assert stages["1.resolve"] == ("2026-03-30", None)
    assert stages["1.opinion.hn-czt"] == ("2026-03-16", None)
    waiting = await at_origin(tracker, "甲-8")
    assert [(one["stage"], one["card"]) for one in waiting["deadlines"] if one["card"]] == [("accept", "yellow")]


async def test_the_clock_of_an_open_case_runs_on_from_where_it_was(tracker: TrackerAlone, tmp_path: Path) -> None:
    await bring_in(sheet(tmp_path / "cases.csv", records()), tracker)
    numbers = {n: (await at_origin(tracker, f"甲-{n}"))["number"] for n in (5, 6, 7, 8, 9)}
    named = {(fact.number, fact.stage) for fact in await tracker.told(AgencyNamed)}
    assert named == {(numbers[5], "resolve"), (numbers[9], "reply")}
    assert await tracker.told(DeadlineMissed) == []
    await tracker.pass_days(1)
    assert {(fact.number, fact.stage) for fact in await tracker.told(DeadlineMissed)} == {(numbers[8], "accept")}
    assert [fact.number for fact in await tracker.told(CaseSupervised)] == [numbers[8]]
    await tracker.pass_days(1)
    warned = {(fact.number, fact.stage) for fact in await tracker.told(DeadlineWarned)}
    assert warned == {(numbers[6], "reply"), (numbers[8], "reply")}
    await tracker.pass_days(18)
    assert (await tracker.case(numbers[7]))["state"] == "handling"


async def test_an_agency_goes_on_with_an_imported_case_as_with_any(tracker: TrackerAlone, tmp_path: Path) -> None:
    await bring_in(sheet(tmp_path / "cases.csv", records()), tracker)
    number = (await at_origin(tracker, "甲-6"))["number"]
    queue = await tracker.ask("GET", "/queue", "agency", LEAD)
    assert number in [one["number"] for one in queue["cases"]]
    await tracker.step(number, "replies", {"text": "已付款", "met": True})
    assert (await tracker.step(number, "resolution"))["state"] == "resolved"
    assert [fact.number for fact in await tracker.told(CaseReplied)] == [number]
    extended = (await at_origin(tracker, "甲-9"))["number"]
    asked = await tracker.step(extended, "extension-requests", {"days": 5, "reason": "仍在核对"})
    assert asked["id"] == f"YQ{extended}-2"


async def lived(tracker: TrackerAlone, facts: list[tuple[str, str, dict[str, Any]]]) -> str:
    """A case that was filed and assigned, and to which these steps happened, each at its time."""
    number = ""
    for at, step, body in facts:
        moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
        while tracker.clock.moment < moment:
            await tracker.rig.settle()
            tracker.clock.moment = min(moment, tracker.clock.moment + timedelta(days=1))
        await tracker.rig.settle()
        if step == "filed":
            number = await tracker.file(title="镇政府拖欠道路工程款", matter=None, enterprise="")
        elif step == "assigned":
            filed_at = datetime.fromisoformat(facts[0][0]).replace(tzinfo=SHANGHAI)
            await tracker.assign(number, co_agencies=(), matter=None, filed_at=filed_at)
        elif step == "extended":
            request = await tracker.step(number, "extension-requests", {"days": 7, "reason": "案情复杂"})
            decision = f"/extension-requests/{request['id']}/decision"
            await tracker.supervisor("POST", decision, {"approved": True})
        else:
            await tracker.step(number, step, body)
        for order in (await tracker.case(number))["orders"]:
            if order["replied_at"] is None:
                path = f"/supervision-orders/{order['order']}/reply"
                await tracker.ask("POST", path, "agency", LEAD, json={"text": "已整改"})
    await tracker.rig.settle()
    return number


LIFE: list[tuple[str, str, dict[str, Any]]] = [
    ("2026-01-05 09:00", "filed", {}),
    ("2026-01-07 10:00", "assigned", {}),
    ("2026-01-09 10:00", "acceptance", {}),
    ("2026-01-12 10:00", "suspension", {"reason": "缺少合同"}),
    ("2026-01-15 10:00", "resumption", {}),
    ("2026-01-16 10:00", "extended", {}),
    ("2026-01-19 10:00", "replies", {"text": "已付款", "met": True, "contacted_at": "2026-01-18T10:00:00+08:00"}),
    ("2026-01-20 10:00", "resolution", {}),
]
COLUMNS = (
    "filed_at",
    "assigned_at",
    "accepted_at",
    "suspended_at",
    "resumed_at",
    "extended_at",
    "replied_at",
    "resolved_at",
)


@pytest.mark.parametrize("steps", range(2, len(LIFE) + 1))
async def test_an_imported_life_has_the_deadlines_and_the_numbers_of_the_same_life_lived(
    steps: int, tmp_path: Path, clock: ManualClock
) -> None:
    """Told as far as `steps`; late in its dispatch and acceptance, with a pause and an extension."""
    now = clock.moment
    clock.moment = datetime(2026, 1, 5, 9, tzinfo=SHANGHAI)
    async with tracker_alone(tmp_path / "lived", clock) as tracker:
        number = await lived(tracker, LIFE[:steps])
        clock.moment = min(now, clock.moment + timedelta(minutes=1))
        live = await tracker.case(number)
        live_numbers = await asked(tracker.service)
    told = dict(zip(COLUMNS, (at for at, _, _ in LIFE[:steps]), strict=False))
    told |= {"extension_days": "7"} if "extended_at" in told else {}
    told |= {"met": "是", "contacted_at": "2026-01-18 10:00", "reply": "已付款"} if "replied_at" in told else {}
    async with tracker_alone(tmp_path / "imported", clock) as tracker:
        path = sheet(tmp_path / "life.csv", [{**row("甲-1", ""), **told, "lead_agency": LEAD}])
        assert (await bring_in(path, tracker)).faults == []
        past = await at_origin(tracker, "甲-1")
        past_numbers = await asked(tracker.service)
    assert past["state"] == live["state"]
    assert _lines(past) == _lines(live)
    assert _counted(past_numbers) == _counted(live_numbers)


def _lines(case: Any) -> list[tuple[Any, ...]]:
    """Its deadlines, but for those of orders, which no past is given; a yellow card counts while it can turn red."""
    rows = [one for one in case["deadlines"] if one["stage"] != "supervision"]
    over = [one["met_at"] is not None or one["ended_at"] is not None for one in rows]
    cards = [None if done and one["card"] == "yellow" else one["card"] for one, done in zip(rows, over, strict=True)]
    keys = ("stage", "name", "due_at", "met_at", "ended_at", "agency")
    return [(*(one[key] for key in keys), card) for one, card in zip(rows, cards, strict=True)]


def _counted(numbers: dict[str, dict[str, int]]) -> dict[str, int]:
    return {name: value for name, value in numbers[""].items() if "supervision" not in name}


async def test_a_rebuilt_database_holds_the_imported_cases_too(tracker: TrackerAlone, tmp_path: Path) -> None:
    await bring_in(sheet(tmp_path / "cases.csv", records()), tracker)
    await tracker.step((await at_origin(tracker, "甲-6"))["number"], "replies", {"text": "已付款", "met": True})
    await tracker.pass_days(2)
    assert await rebuilt(tracker.rig, tmp_path, PARTITIONS) == await contents(tracker.service)
    assert await differences(tracker.service) == []


async def test_a_number_of_ours_is_kept_and_an_offices_own_is_found_again(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    ours = new_number(date(2025, 6, 3), "483920175")
    path = sheet(tmp_path / "cases.csv", [resolved(ours, "2025-06-03"), resolved("豫诉（2025）第17号", "2025-06-03")])
    outcome = await bring_in(path, tracker)
    assert outcome.numbers[0] == (ours, ours)
    made = outcome.numbers[1][1]
    assert number_problem(made) is None
    for words in ("豫诉(2025)第17号", "豫诉2025第17号", made):
        found = await tracker.supervisor("GET", "/cases", params={"q": words})
        assert [one["number"] for one in found["cases"]] == [made], words
    decimal = await bring_in(sheet(tmp_path / "more.csv", [resolved("20250017", "2025-06-03")]), tracker)
    found = await tracker.supervisor("GET", "/cases", params={"q": "20250017"})
    assert [one["number"] for one in found["cases"]] == [decimal.numbers[0][1]]


async def test_a_number_that_is_somebody_elses_is_a_fault(tracker: TrackerAlone, tmp_path: Path) -> None:
    native = await tracker.file()
    outcome = await bring_in(sheet(tmp_path / "cases.csv", [resolved(native, "2025-06-03")]), tracker)
    assert [(fault.line, fault.field) for fault in outcome.faults] == [(2, "number")]
    assert "另一件投诉" in outcome.faults[0].reason


async def test_a_made_number_that_is_taken_gives_way_to_the_next_one(
    tracker: TrackerAlone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [new_number(date(2025, 6, 3), f"{n:09d}") for n in range(3)]
    monkeypatch.setattr(importing, "number_of", lambda past, source, attempt=0: numbers[attempt])
    path = sheet(tmp_path / "cases.csv", [resolved(f"甲-{n}", "2025-06-03") for n in range(3)])
    assert sorted(number for _, number in (await bring_in(path, tracker)).numbers) == numbers
    assert (await bring_in(path, tracker)).known == 3


async def test_a_record_that_changed_since_is_a_fault_and_changes_nothing(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    await bring_in(sheet(tmp_path / "cases.csv", [handled("甲-1", "2025-06-03")]), tracker)
    before = await contents(tracker.service)
    outcome = await bring_in(sheet(tmp_path / "cases.csv", [resolved("甲-1", "2025-06-04")]), tracker, skip_bad=True)
    assert [(fault.line, fault.field) for fault in outcome.faults] == [(2, "number")]
    assert "内容与这里不同" in outcome.faults[0].reason
    assert await contents(tracker.service) == before


async def test_two_offices_may_use_the_same_number(tracker: TrackerAlone, tmp_path: Path) -> None:
    path = sheet(tmp_path / "cases.csv", [resolved("1", "2025-06-03")])
    first, other = [await bring_in(path, tracker, source=source) for source in ("郑州", "洛阳")]
    assert (first.new, other.new, await count(tracker)) == (1, 1, 2)
    assert first.numbers != other.numbers


async def test_no_number_of_a_person_travels_in_an_imported_text(tracker: TrackerAlone, tmp_path: Path) -> None:
    said = {"title": "请回电13803711234", "description": "联系 li@example.com", "reply": "已电话告知13803711234"}
    await bring_in(sheet(tmp_path / "cases.csv", [resolved("甲-1", "2025-06-03") | said]), tracker)
    (fact,) = await tracker.told(CaseImported)
    wire = json.dumps(fact.facts, ensure_ascii=False)
    assert "【电话】" in wire
    assert "13803711234" not in wire
    assert "li@example.com" not in wire


def request(*cases: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {"cases": list(cases), **how}


async def ask(tracker: TrackerAlone, body: dict[str, Any]) -> Any:
    return await tracker.ask("POST", "/imports", "admin", json=body)


@pytest.mark.parametrize("role", ["agency", "dispatcher", "supervisor", "enterprise"])
async def test_only_an_admin_brings_cases_in(role: Any, tracker: TrackerAlone) -> None:
    agency = OTHER if role == "agency" else None
    refused = await refusal(tracker.ask("POST", "/imports", role, agency, json=request(row("1", "2025-06-03"))))
    assert refused.status == 403


async def test_without_skip_bad_one_fault_keeps_the_whole_request_out(tracker: TrackerAlone) -> None:
    body = request(resolved("1", "2025-06-03"), resolved("2", "2025-06-03", lead_agency="某局"))
    refused = await refusal(ask(tracker, body))
    assert (refused.status, refused.type) == (422, "urn:yousu:problem:import-faults")
    assert [error["field"] for error in refused.errors] == ["cases.1.lead_agency"]
    assert await count(tracker) == 0
    assert [one["outcome"] for one in (await ask(tracker, {**body, "skip_bad": True}))["cases"]] == ["new"]


async def test_a_check_writes_nothing_and_tells_what_would_be_new(tracker: TrackerAlone) -> None:
    body = request(resolved("1", "2025-06-03"), row("2", "?"))
    for _ in range(2):
        found = await ask(tracker, {**body, "check": True})
        assert [one["outcome"] for one in found["cases"]] == ["new"]
        assert [(one["index"], one["field"]) for one in found["faults"]] == [(1, "filed_at")]
    assert await count(tracker) == 0


async def test_a_request_takes_no_more_than_five_hundred_cases(tracker: TrackerAlone) -> None:
    too_many = [row(str(n), "2025-06-03") for n in range(501)]
    for cases in (too_many, []):
        assert "cases" in {error["field"] for error in (await refusal(ask(tracker, request(*cases)))).errors}
    assert len((await ask(tracker, request(*islice(too_many, 500))))["cases"]) == 500


async def test_an_empty_file_brings_in_nothing(tracker: TrackerAlone, tmp_path: Path) -> None:
    outcome = await bring_in(sheet(tmp_path / "cases.csv", []), tracker)
    assert (outcome, outcome.code) == (Outcome(), 0)


async def test_a_refused_caller_is_told_so_and_nothing_is_tried_again(tracker: TrackerAlone, tmp_path: Path) -> None:
    path = sheet(tmp_path / "cases.csv", records())
    async with tracker.client("supervisor") as supervisor:
        with pytest.raises(Refused, match="403"):
            await bringing.bring_in(path, supervisor, Console(quiet=True))
