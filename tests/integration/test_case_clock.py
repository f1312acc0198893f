"""The clock of a case as agencies see it: pauses, extensions, the dispatch, a holiday, a calendar that is published."""

import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from services.tracker import policy
from services.tracker.api.shapes import line_of
from services.tracker.domain.clock import recomputed
from services.tracker.store import calendars, cases
from services.tracker.tables import ClockLine, Deadline, Entry
from shared import calendar
from shared.bus import Record
from shared.calendar import SHIPPED
from shared.clock import SHANGHAI
from shared.events import (
    ComplaintAssigned,
    ComplaintHeld,
    ComplaintRefused,
    ComplaintSupplemented,
    DeadlineMissed,
    DeadlinesMoved,
    DeadlineWarned,
    ExtensionDecided,
    RouteResumed,
    SupplementAsked,
    encode,
)
from shared.testing import ManualClock
from tests.integration.tracker_alone import LEAD, OTHER, TrackerAlone, assigned, refusal, tracker_alone


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


def day(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%m-%d}"


async def days(tracker: TrackerAlone, number: str) -> dict[str, str]:
    """Due days by the deadlines' names."""
    return {name: day(due) for name, due in (await tracker.due(number)).items()}


async def ledger_is_the_deadlines(tracker: TrackerAlone, number: str) -> None:
    """Every due time can be computed from the lines alone."""
    async with tracker.service.database.reading() as session:
        lines = [line_of(row) for row in await cases.rows_of(session, ClockLine, number)]
        rows = {row.name: row.due_at for row in await cases.rows_of(session, Deadline, number)}
    assert recomputed(lines, tracker.service.parts.calendar()) == rows
    last = {line.name: line.due_at for line in lines if line.name}
    assert last == rows


async def handling(tracker: TrackerAlone, **changes: Any) -> str:
    number = await tracker.opened(**changes)
    await tracker.step(number, "acceptance")
    return number


async def test_limits_run_from_the_assignment_by_the_class_of_the_case(tracker: TrackerAlone) -> None:
    found = {}
    for case_class in ("simple", "general", "arrears", "foreign_invested"):
        number = await tracker.opened(case_class=case_class)
        found[case_class] = (await days(tracker, number))["1.resolve"]
        await ledger_is_the_deadlines(tracker, number)
    assert found == {"simple": "03-17", "general": "03-31", "arrears": "04-09", "foreign_invested": "06-05"}
    assert await days(tracker, number) == {
        **{"1.accept": "03-11", "1.return": "03-12", "1.reply": "03-13"},
        **{"1.opinion.hn-czt": "03-24", "1.resolve": "06-05"},
    }


async def test_a_pause_moves_what_is_open_of_reply_resolution_and_opinions_by_its_working_days(
    tracker: TrackerAlone,
) -> None:
    number = await handling(tracker)
    before = await days(tracker, number)
    await tracker.step(number, "suspension", {"reason": "缺少合同"})
    await tracker.pass_days(3)
    case = await tracker.step(number, "resumption")
    after = await days(tracker, number)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"1.reply", "1.resolve", "1.opinion.hn-czt"}
    assert (before["1.resolve"], after["1.resolve"]) == ("03-31", "04-03")
    assert [line["words"] for line in case["clock"] if line["stage"] == "resolve"] == [
        "办结：自 2026-03-10 起 15 个工作日，当日不计，2026-03-31 到期",
        "办结：停止 3 个工作日，顺延至 2026-04-03",
    ]
    await ledger_is_the_deadlines(tracker, number)


async def test_a_pause_within_one_day_moves_nothing(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    before = await tracker.due(number)
    await tracker.step(number, "suspension", {"reason": "缺少合同"})
    tracker.clock.move(timedelta(hours=5))
    await tracker.step(number, "resumption")
    assert await tracker.due(number) == before


async def test_nothing_is_missed_while_the_clock_stands_and_a_suspended_case_waits_for_its_end(
    tracker: TrackerAlone,
) -> None:
    number = await handling(tracker)
    suspended = await tracker.step(number, "suspension", {"reason": "缺少合同"})
    assert suspended["urgent_at"] == suspended["paused_until"]
    await tracker.pass_days(10)
    assert await tracker.told(DeadlineMissed) == []
    await tracker.step(number, "resumption")
    await tracker.pass_days(6)
    assert {fact.stage for fact in await tracker.told(DeadlineMissed)} == {"reply"}


async def test_pauses_add_up_to_the_cap_and_end_there_by_themselves(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    await tracker.step(number, "suspension", {"reason": "专家评估", "why": "expert", "days": 10})
    await tracker.pass_days(15)
    case = await tracker.case(number)
    (resumed,) = [entry for entry in case["timeline"] if entry["what"] == "resumed"]
    assert (case["state"], resumed["days"], resumed["who"]) == ("handling", 10, "clock")
    suspended = await tracker.step(number, "suspension", {"reason": "缺少合同"})
    assert day(datetime.fromisoformat(suspended["paused_until"])) == "04-01"  # 5 working days are left
    await tracker.pass_days(30)
    case = await tracker.case(number)
    assert case["state"] == "handling"
    assert [line["days"] for line in case["clock"] if line["name"] == "1.resolve"] == [0, 10, 5]
    refused = await tracker.refusal(number, "suspension", {"reason": "再等等"})
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:pause-cap-reached")
    await ledger_is_the_deadlines(tracker, number)


async def test_used_up_pauses_carry_over_to_the_next_assignment_and_extensions_do_not(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    await tracker.step(number, "suspension", {"reason": "缺少合同", "days": 12})
    asked = await extended(tracker, number, resume=True)
    assert asked["state"] == "approved"
    await tracker.pass_days(1)
    await tracker.step(number, "suspension", {"reason": "缺少合同"})
    await tracker.assign(number, 2, lead_agency=OTHER, co_agencies=())
    assert (await days(tracker, number))["2.resolve"] == "04-03"
    await tracker.step(number, "acceptance", agency=OTHER)
    await tracker.pass_days(1)
    suspended = await tracker.step(number, "suspension", {"reason": "缺少合同"}, OTHER)
    used = sum(
        line["days"]
        for line in (await tracker.case(number))["clock"]
        if line["name"] == "1.resolve" and line["what"] == "resume"
    )
    left = tracker.service.parts.calendar().working_days_between(
        tracker.clock.now(), datetime.fromisoformat(suspended["paused_until"])
    )
    assert used + left == 15
    await ledger_is_the_deadlines(tracker, number)


async def extended(tracker: TrackerAlone, number: str, days: int = 7, resume: bool = False) -> Any:
    """An extension asked for and approved; the request."""
    if resume:
        await tracker.pass_days(2)
        await tracker.step(number, "resumption")
    asked = await tracker.step(number, "extension-requests", {"days": days, "reason": "案情复杂"})
    body = {"approved": True, "reason": "同意"}
    case = await tracker.supervisor("POST", f"/extension-requests/{asked['id']}/decision", body)
    (found,) = [one for one in case["extension_requests"] if one["id"] == asked["id"]]
    return found


async def test_an_extension_is_asked_with_a_reason_and_decided_by_a_supervisor(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    asked = await tracker.step(number, "extension-requests", {"days": 7, "reason": "案情复杂"})
    assert asked["id"] == f"YQ{number}-1"
    listed = await tracker.supervisor("GET", "/extension-requests")
    assert [(one["id"], one["days"], one["agency"]) for one in listed["requests"]] == [(asked["id"], 7, LEAD)]
    other = await tracker.refusal(number, "extension-requests", {"days": 5, "reason": "另一理由"})
    assert (other.status, other.type) == (409, "urn:yousu:problem:extension-pending")
    assert (await days(tracker, number))["1.resolve"] == "03-31"
    path = f"/extension-requests/{asked['id']}/decision"
    by_an_agency = await refusal(tracker.ask("POST", path, "agency", LEAD, json={"approved": True}))
    assert by_an_agency.status == 403
    await tracker.supervisor("POST", path, {"approved": True})
    assert (await days(tracker, number))["1.resolve"] == "04-10"
    again = await tracker.supervisor("POST", path, {"approved": True})
    assert again["version"] == (await tracker.case(number))["version"]
    contradicted = await refusal(tracker.supervisor("POST", path, {"approved": False}))
    assert (contradicted.status, contradicted.type) == (409, "urn:yousu:problem:request-decided")
    assert [fact.why for fact in await tracker.told(DeadlinesMoved)] == ["extension"]
    await ledger_is_the_deadlines(tracker, number)


async def test_a_refused_extension_moves_nothing(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    before = await tracker.due(number)
    asked = await tracker.step(number, "extension-requests", {"days": 7, "reason": "案情复杂"})
    body = {"approved": False, "reason": "理由不充分"}
    await tracker.supervisor("POST", f"/extension-requests/{asked['id']}/decision", body)
    assert await tracker.due(number) == before
    assert [(fact.approved, fact.reason) for fact in await tracker.told(ExtensionDecided)] == [(False, "理由不充分")]


async def test_a_second_extension_comes_after_the_first_and_a_third_never(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    await extended(tracker, number)
    await extended(tracker, number, days=3)
    assert (await days(tracker, number))["1.resolve"] == "04-15"
    refused = await tracker.refusal(number, "extension-requests", {"days": 1, "reason": "还要一天"})
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:no-more-extensions")


async def test_an_extension_is_asked_inside_the_limit_and_for_no_more_than_the_policy_gives(
    tracker: TrackerAlone,
) -> None:
    number = await handling(tracker)
    too_long = await tracker.refusal(number, "extension-requests", {"days": 8, "reason": "案情复杂"})
    assert (too_long.status, too_long.errors[0]["field"]) == (422, "days")
    tracker.clock.move(timedelta(days=22))
    too_late = await tracker.refusal(number, "extension-requests", {"days": 7, "reason": "案情复杂"})
    assert (too_late.status, too_late.type) == (409, "urn:yousu:problem:extension-too-late")


async def test_an_approved_extension_takes_the_yellow_card_off_and_a_new_one_falls_due(tracker: TrackerAlone) -> None:
    number = await handling(tracker)
    await tracker.step(number, "replies", {"text": "正在核实", "met": False})
    await tracker.pass_days(20.75)
    assert [fact.stage for fact in await tracker.told(DeadlineWarned)] == ["opinion", "resolve"]
    await extended(tracker, number)
    cards = {row["name"]: row["card"] for row in (await tracker.case(number))["deadlines"]}
    assert cards["1.resolve"] is None
    await tracker.pass_days(10)
    assert [fact.stage for fact in await tracker.told(DeadlineWarned)] == ["opinion", "resolve", "resolve"]


async def test_the_clock_jumps_over_a_holiday(tracker: TrackerAlone) -> None:
    tracker.clock.moment = datetime.fromisoformat("2026-02-13T10:00:00+08:00")
    number = await tracker.opened(case_class="simple")
    assert (await days(tracker, number))["1.resolve"] == "02-27"
    tracker.clock.moment = datetime.fromisoformat("2026-02-24T00:00:01+08:00")
    await tracker.rig.settle()
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["accept"]
    tracker.clock.moment = datetime.fromisoformat("2026-02-28T00:00:01+08:00")
    await tracker.rig.settle()
    assert {fact.stage for fact in await tracker.told(DeadlineMissed)} == {"accept", "reply", "resolve", "opinion"}


async def test_what_fell_due_while_everything_was_down_is_told_oldest_first(tracker: TrackerAlone) -> None:
    for _ in range(3):
        await tracker.opened(co_agencies=())
        tracker.clock.move(timedelta(hours=20))
    tracker.clock.move(timedelta(days=60))
    await tracker.rig.settle()
    query = select(Entry).where(col(Entry.what) == "missed").order_by(col(Entry.id))
    async with tracker.service.database.reading() as session:
        missed = (await session.execute(query)).scalars().all()
        due = {row.id: row.due_at for row in (await session.execute(select(Deadline))).scalars()}
    leads = [row for row in missed if row.detail["stage"] != "supervision" and row.at == tracker.clock.now()]
    told = [due[f"{row.number}:1.{row.detail['stage']}"] for row in leads]
    assert len(told) >= 7
    assert told == sorted(told)


async def test_a_step_that_comes_late_finds_its_card_however_late_the_timers_are(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    tracker.clock.move(timedelta(days=2))
    async with tracker.client("agency", LEAD) as client:
        case = await client.accept(number)
    cards = {row["stage"]: row["card"] for row in case.deadlines}
    assert cards["accept"] == "red"
    await tracker.rig.settle()
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["accept"]


async def test_the_dispatch_has_a_limit_met_by_the_assignment(tracker: TrackerAlone) -> None:
    number = await tracker.file()
    assert await days(tracker, number) == {"0.route": "03-11"}
    await tracker.pass_days(2)
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["route"]
    await tracker.assign(number)
    async with tracker.service.database.reading() as session:
        (route,) = [row for row in await cases.rows_of(session, Deadline, number) if row.stage == "route"]
    assert (route.met_at, route.card) == (tracker.clock.now(), "red")


async def test_the_dispatch_is_in_time_though_it_is_heard_of_late(tracker: TrackerAlone, clock: ManualClock) -> None:
    number = await tracker.file()
    assigned_at = clock.now() + timedelta(hours=1)
    await tracker.pass_days(2)
    late_news = clock.moment
    clock.moment = assigned_at
    fact = ComplaintAssigned(number=number, at=clock.now(), **assigned(clock.now()))
    clock.moment = late_news
    await tracker.rig.bus.send([Record(number, encode(fact))])
    await tracker.rig.settle()
    async with tracker.service.database.reading() as session:
        (route,) = [row for row in await cases.rows_of(session, Deadline, number) if row.stage == "route"]
    assert (route.met_at, route.card) == (assigned_at, None)


@pytest.mark.parametrize("answer", [ComplaintSupplemented, ComplaintHeld])
async def test_the_dispatch_stands_while_a_supplement_is_asked_for(tracker: TrackerAlone, answer: Any) -> None:
    number = await tracker.file()
    until = tracker.clock.now() + timedelta(days=3)
    await tracker.hears(SupplementAsked, number, reason="缺少合同", due_at=until)
    await tracker.pass_days(3)
    assert await tracker.told(DeadlineMissed) == []
    await tracker.hears(
        answer, number, **({"text": "合同在此"} if answer is ComplaintSupplemented else {"reasons": ()})
    )
    assert await days(tracker, number) == {"0.route": "03-16"}
    assert [fact.days for fact in await tracker.told(RouteResumed)] == [3]
    await ledger_is_the_deadlines(tracker, number)
    await tracker.pass_days(4)
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["route"]


async def test_a_refusal_meets_the_limit_of_the_dispatch(tracker: TrackerAlone) -> None:
    number = await tracker.file()
    await tracker.hears(ComplaintRefused, number, code="OUT_OF_SCOPE", reason="不属受理范围")
    await tracker.pass_days(4)
    assert await tracker.told(DeadlineMissed) == []
    assert (await tracker.case(number))["state"] == "refused"


async def test_a_policy_that_changes_later_changes_nothing_for_a_case_that_is_open(
    tracker: TrackerAlone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number = await handling(tracker)
    asked = await tracker.step(number, "extension-requests", {"days": 7, "reason": "案情复杂"})
    text = (Path(__file__).parents[2] / "services/tracker/policy.yaml").read_text(encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(text.replace("pause_cap_working_days: 15", "pause_cap_working_days: 1"))
    shorter = policy.read_policies(tmp_path / "policy.yaml")
    monkeypatch.setattr(policy, "_policies", lambda: shorter)
    await tracker.supervisor("POST", f"/extension-requests/{asked['id']}/decision", {"approved": True})
    suspended = await tracker.step(number, "suspension", {"reason": "缺少合同"})
    left = tracker.service.parts.calendar().working_days_between(
        tracker.clock.now(), datetime.fromisoformat(suspended["paused_until"])
    )
    assert left == 15


def publish(folder: Path, year: int, *days_off: str) -> None:
    """An office puts a year's table into its folder; the running system notices."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"  - {{date: {one}, name: 春节, kind: rest}}\n" for one in days_off]
    text = f"year: {year}\nstatus: published\nsource: 国务院办公厅通知\ndays:\n{''.join(lines)}"
    (folder / f"{year}.yaml").write_text(text, encoding="utf-8")
    calendar.years().look()


async def test_deadlines_move_when_a_provisional_year_is_published_and_the_change_is_told(
    tracker: TrackerAlone,
) -> None:
    tracker.clock.moment = datetime.fromisoformat("2026-12-29T10:00:00+08:00")
    number, unconcerned = await tracker.opened(), await tracker.opened(case_class="simple", co_agencies=())
    assert (await days(tracker, number))["1.resolve"] == "01-20"
    assert await provisional(tracker) == 5
    await tracker.rig.settle()
    publish(tracker.rig.around.settings.calendar_folder, 2027, "2027-01-01", "2027-01-18", "2027-01-19")
    await watched(tracker)
    assert (await days(tracker, number))["1.resolve"] == "01-22"
    assert (await days(tracker, unconcerned))["1.resolve"] == "01-06"
    (told,) = await tracker.told(DeadlinesMoved)
    assert (told.number, told.why, [due.stage for due in told.deadlines]) == (number, "calendar", ["resolve"])
    assert (await tracker.case(number))["clock"][-1]["words"] == "办结：工作日历已公布或调整，2027-01-22 到期"
    assert await provisional(tracker) == 0
    await ledger_is_the_deadlines(tracker, number)
    await watched(tracker)
    assert len(await tracker.told(DeadlinesMoved)) == 1
    tracker.clock.moment = datetime.fromisoformat("2027-01-21T00:00:01+08:00")
    await tracker.rig.settle()
    assert "resolve" not in {fact.stage for fact in await tracker.told(DeadlineMissed, number)}
    tracker.clock.moment = datetime.fromisoformat("2027-01-23T00:00:01+08:00")
    await tracker.rig.settle()
    assert "resolve" in {fact.stage for fact in await tracker.told(DeadlineMissed, number)}


async def watched(tracker: TrackerAlone) -> None:
    """One look at the calendar, and what follows."""
    await tracker.service.chores.once("calendar", tracker.service)
    await tracker.rig.settle()


async def provisional(tracker: TrackerAlone) -> int:
    async with tracker.service.database.reading() as session:
        return await calendars.provisional(session, tracker.service.parts.calendar())


async def test_a_calendar_with_a_fault_leaves_what_served_before(tracker: TrackerAlone) -> None:
    folder = tracker.rig.around.settings.calendar_folder
    folder.mkdir(parents=True)
    shutil.copy(SHIPPED / "2026.yaml", folder / "2027.yaml")
    calendar.years().look()
    assert "year 为 2026，与文件名不符" in calendar.years().refused["2027.yaml"]
    assert not calendar.current().years[2027].published


async def test_a_limit_is_computed_for_whoever_asks(tracker: TrackerAlone) -> None:
    async def ask(**query: Any) -> Any:
        async with tracker.client() as client:
            return await client.request("GET", "/api/v1/deadlines/preview", params=query)

    assert await ask(start="2026-02-13T10:00:00+08:00", limit=5) == {
        "due_at": "2026-02-27T23:59:59+08:00",
        "provisional": False,
    }
    national_day = await ask(start="2026-09-30T10:00:00+08:00", limit=3, unit="working_day")
    assert national_day["due_at"] == "2026-10-10T23:59:59+08:00"
    assert (await ask(start="2026-12-31T10:00:00+08:00", limit=1))["provisional"] is True
    beyond = await refusal(ask(start="2027-12-31T10:00:00+08:00", limit=1))
    assert (beyond.status, beyond.errors[0]["field"]) == (422, "start")
