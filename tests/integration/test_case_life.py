"""Every step of a case over HTTP: who takes it, from which state to which, what it leaves on record."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.tracker.handlers.steps import RETURN_NAMES
from shared.events import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseReturned,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    Fact,
    ReviewAsked,
    ReviewDecided,
    encode,
)
from shared.testing import ManualClock
from tests.integration.tracker_alone import CO, LEAD, OTHER, TrackerAlone, refusal, tracker_alone


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


def whats(case: Any) -> list[str]:
    return [entry["what"] for entry in case["timeline"]]


def open_stages(case: Any) -> list[str]:
    return [row["stage"] for row in case["deadlines"] if row["met_at"] is None and row["ended_at"] is None]


async def test_a_case_opens_with_its_deadlines_in_its_leads_queue(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    case = await tracker.case(number)
    assert (case["state"], case["lead_agency"], case["co_agencies"]) == ("to_accept", LEAD, [CO])
    assert open_stages(case) == ["accept", "return", "reply", "opinion", "resolve"]
    assert {row["stage"]: row["agency"] for row in case["deadlines"]}["opinion"] == CO
    assert whats(case) == ["filed", "assigned", "opened"]
    queue = await tracker.ask("GET", "/queue", "agency", LEAD)
    assert [one["number"] for one in queue["cases"]] == [number]
    (told,) = await tracker.told(CaseOpened)
    assert [due.stage for due in told.deadlines] == ["accept", "reply", "resolve"]


async def test_accept_reply_resolve_each_meets_its_deadline_and_says_who(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    accepted = await tracker.step(number, "acceptance")
    assert (accepted["state"], open_stages(accepted)) == ("handling", ["return", "reply", "opinion", "resolve"])
    spoken = {"text": "款项已列入计划", "met": True, "contacted_at": "2026-03-10T09:00:00+08:00"}
    replied = await tracker.step(number, "replies", spoken)
    assert (replied["state"], replied["replies"][0]["text"]) == ("replied", "款项已列入计划")
    resolved = await tracker.step(number, "resolution")
    assert (resolved["state"], open_stages(resolved), resolved["missing_opinions"]) == ("resolved", [], [CO])
    last = resolved["timeline"][-1]
    assert (last["what"], last["from"], last["who"]) == ("resolved", "replied", f"agency:{LEAD}")
    (told,) = await tracker.told(CaseReplied)
    assert (told.by, told.contacted_at) == (f"agency:{LEAD}", told.contacted_at)
    assert [fact.missing_opinions for fact in await tracker.told(CaseResolved)] == [(CO,)]


async def test_a_repeat_of_each_step_changes_nothing(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    steps: list[tuple[str, dict[str, Any]]] = [
        ("acceptance", {}),
        ("suspension", {"reason": "等待合同"}),
        ("resumption", {}),
        ("extension-requests", {"days": 3, "reason": "案情复杂"}),
        ("replies", {"text": "已付款", "met": True}),
        ("resolution", {}),
    ]
    for step, body in steps:
        await tracker.step(number, step, body)
        before = await tracker.case(number)
        await tracker.step(number, step, body)
        assert await tracker.case(number) == before


async def test_what_is_not_possible_is_refused_with_what_is(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    refused = await tracker.refusal(number, "resolution")
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:illegal-transition")
    assert refused.problem["state"] == "to_accept"
    assert refused.problem["possible"] == [
        *("accept", "return", "set_class", "give_opinion", "take_note", "supervise", "answer_order")
    ]
    assert "签收" in refused.problem["detail"]


async def test_an_internal_note_stays_here_and_moves_nothing(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    noted = await tracker.step(number, "replies", {"text": "内部：先核实账目", "met": False, "internal": True})
    assert (noted["state"], [note["text"] for note in noted["notes"]]) == ("handling", ["内部：先核实账目"])
    assert noted["replies"] == []
    told = [encode(fact).decode() for fact in await tracker.told(Fact)]
    assert told
    assert not any("核实账目" in line for line in told)


async def test_a_co_agency_gives_its_opinion_within_its_own_deadline(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    owed = await tracker.ask("GET", "/queue/opinions", "agency", CO)
    assert [(one["number"], one["stage"]) for one in owed["opinions"]] == [(number, "opinion")]
    seen = await tracker.step(number, "opinions", {"text": "建议分期支付"}, CO)
    assert [(one["agency"], one["text"]) for one in seen["opinions"]] == [(CO, "建议分期支付")]
    assert "opinion" not in open_stages(seen)
    assert (await tracker.ask("GET", "/queue/opinions", "agency", CO))["opinions"] == []
    by_the_lead = await tracker.refusal(number, "opinions", {"text": "我也说一句"})
    assert (by_the_lead.status, by_the_lead.type) == (403, "urn:yousu:problem:not-co-agency")
    await tracker.step(number, "acceptance")
    await tracker.step(number, "replies", {"text": "分期支付", "met": True})
    assert (await tracker.step(number, "resolution"))["missing_opinions"] == []


@pytest.mark.parametrize("code", RETURN_NAMES)
async def test_a_return_keeps_the_first_receiver_responsible_until_the_next_assignment(
    tracker: TrackerAlone, code: str
) -> None:
    number = await tracker.opened()
    returned = await tracker.step(number, "return", {"code": code, "reason": "属自然资源领域"})
    assert (returned["state"], open_stages(returned)) == ("returned", ["reply", "opinion", "resolve"])
    assert (await tracker.ask("GET", "/queue", "agency", LEAD))["cases"][0]["number"] == number
    (told,) = await tracker.told(CaseReturned)
    assert (told.code, told.agency, told.by) == (code, LEAD, f"agency:{LEAD}")
    await tracker.assign(number, 2, lead_agency=OTHER, co_agencies=(), designated=True)
    assert (await tracker.ask("GET", "/queue", "agency", LEAD))["cases"] == []
    assert (await tracker.refusal(number, "acceptance")).status == 404
    case = await tracker.case(number)
    assert (case["state"], case["assignment"], case["lead_agency"]) == ("to_accept", 2, OTHER)
    assert {row["name"].split(".")[0] for row in case["deadlines"]} == {"2"}


async def test_a_returned_case_may_still_be_accepted_and_handled_by_who_returned_it(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "return", {"code": "OTHER_REGION", "reason": "属另一城市"})
    assert (await tracker.step(number, "acceptance"))["state"] == "handling"
    again = await tracker.refusal(number, "return", {"code": "OTHER_REGION", "reason": "属另一城市"})
    assert (again.status, again.type) == (409, "urn:yousu:problem:returned-before")


async def test_a_return_after_its_limit_and_one_by_a_designated_agency_are_refused(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    tracker.clock.move(timedelta(days=3))
    late = await tracker.refusal(number, "return", {"code": "NOT_OUR_DUTY", "reason": "不属本单位"})
    assert (late.status, late.type) == (409, "urn:yousu:problem:return-too-late")
    named = await tracker.opened(designated=True, reasons=("退回后由研判人员指定",))
    refused = await tracker.refusal(named, "return", {"code": "NOT_OUR_DUTY", "reason": "不属本单位"})
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:designated-may-not-return")
    assert "退回后由研判人员指定" in refused.problem["detail"]


async def test_a_case_stands_while_the_complainant_is_asked_and_goes_on_with_the_answer(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    suspended = await tracker.step(number, "suspension", {"reason": "缺少合同"})
    assert (suspended["state"], suspended["possible"]) == (
        "suspended",
        ["resume", "take_note", "record_arrears", "answer_order"],
    )
    await tracker.pass_days(2)
    await tracker.hears(ComplaintSupplemented, number, text="合同在此")
    case = await tracker.case(number)
    assert (case["state"], whats(case)[-2:]) == ("handling", ["supplemented", "resumed"])
    assert case["timeline"][-1]["days"] == 2


async def test_a_supplement_does_not_end_a_pause_for_an_expert(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    await tracker.step(number, "suspension", {"reason": "专家评估", "why": "expert", "days": 5})
    await tracker.hears(ComplaintSupplemented, number, text="另有材料")
    assert (await tracker.case(number))["state"] == "suspended"
    assert (await tracker.step(number, "resumption"))["state"] == "handling"


@pytest.mark.parametrize("steps", [[], ["acceptance"], ["acceptance", "suspension"], ["acceptance", "replies"]])
async def test_a_withdrawal_ends_a_case_wherever_it_stands(tracker: TrackerAlone, steps: list[str]) -> None:
    number = await tracker.opened()
    bodies: dict[str, dict[str, Any]] = {
        "suspension": {"reason": "缺少合同"},
        "replies": {"text": "已付款", "met": True},
    }
    for step in steps:
        await tracker.step(number, step, bodies.get(step))
    await tracker.hears(ComplaintWithdrawn, number)
    case = await tracker.case(number)
    assert (case["state"], open_stages(case), case["possible"]) == ("withdrawn", [], [])
    assert (await tracker.ask("GET", "/queue", "agency", LEAD))["cases"] == []
    assert [fact.why for fact in await tracker.told(CaseClosed)] == ["withdrawn"]


async def test_a_withdrawal_that_crosses_a_resolution_loses(tracker: TrackerAlone) -> None:
    number = await tracker.resolved()
    await tracker.hears(ComplaintWithdrawn, number)
    case = await tracker.case(number)
    assert (case["state"], whats(case)[-1]) == ("resolved", "withdrawal")
    assert await tracker.told(CaseClosed) == []


async def test_a_complaint_withdrawn_before_its_assignment_becomes_no_case(tracker: TrackerAlone) -> None:
    number = await tracker.file()
    await tracker.hears(ComplaintWithdrawn, number)
    await tracker.assign(number)
    assert (await tracker.ask("GET", "/queue", "agency", LEAD))["cases"] == []
    case = await tracker.case(number)
    assert (case["state"], case["lead_agency"]) == ("withdrawn", None)


async def test_a_refusal_after_a_return_ends_the_case(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "return", {"code": "NOT_OUR_DUTY", "reason": "属民事纠纷"})
    await tracker.hears(ComplaintRefused, number, code="CIVIL_DISPUTE", reason="企业之间的纠纷")
    case = await tracker.case(number)
    assert (case["state"], case["timeline"][-2]["code"]) == ("refused", "CIVIL_DISPUTE")


async def test_an_older_assignment_is_recorded_and_changes_nothing(tracker: TrackerAlone) -> None:
    number = await tracker.opened(assignment=2)
    before = await tracker.case(number)
    await tracker.assign(number, 1, lead_agency=OTHER)
    after = await tracker.case(number)
    assert (after["lead_agency"], after["version"]) == (LEAD, before["version"])
    assert whats(after) == [*whats(before), "assigned"]


async def test_a_dissatisfied_complainant_has_the_case_handled_again_once_then_it_is_supervised(
    tracker: TrackerAlone,
) -> None:
    number = await tracker.resolved()
    await tracker.hears(ComplaintRated, number, grade=2, solved=False)
    case = await tracker.case(number)
    assert (case["state"], open_stages(case)) == ("reopened", ["redo"])
    assert [fact.why for fact in await tracker.told(CaseReopened)] == ["rating"]
    refused = await tracker.refusal(number, "resolution")
    assert refused.problem["state"] == "reopened"
    await tracker.step(number, "replies", {"text": "已付款", "met": True})
    done = await tracker.step(number, "resolution")
    assert [row["met_at"] is not None for row in done["deadlines"] if row["stage"] == "redo"] == [True]
    await tracker.hears(ComplaintRated, number, grade=1, solved=False)
    case = await tracker.case(number)
    assert (case["state"], [order["why"] for order in case["orders"]]) == ("resolved", ["rating"])
    assert len(await tracker.told(CaseReopened)) == 1


async def test_a_resolution_is_rated_once_and_a_good_grade_lets_it_stand(tracker: TrackerAlone) -> None:
    number = await tracker.resolved()
    await tracker.hears(ComplaintRated, number, grade=5, solved=True)
    await tracker.hears(ComplaintRated, number, grade=1, solved=False)
    case = await tracker.case(number)
    assert case["state"] == "resolved"
    assert [what for what in whats(case) if what in ("rating", "rated")] == ["rating", "rated", "rating"]


async def test_a_rating_of_a_case_that_goes_on_is_only_recorded(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.hears(ComplaintRated, number, grade=1, solved=False)
    assert (await tracker.case(number))["state"] == "to_accept"


@pytest.mark.parametrize(("upheld", "state"), [(True, "resolved"), (False, "reopened")])
async def test_a_supervisor_reviews_a_contested_result(tracker: TrackerAlone, upheld: bool, state: str) -> None:
    number = await tracker.resolved()
    await tracker.hears(ReviewAsked, number, reason="答复与事实不符")
    waiting = await tracker.supervisor("GET", "/reviews")
    assert [(one["number"], one["state"]) for one in waiting["reviews"]] == [(number, "pending")]
    body = {"upheld": upheld, "reason": "已查实"}
    case = await tracker.supervisor("POST", f"/cases/{number}/review-decision", body)
    assert case["state"] == state
    again = await tracker.supervisor("POST", f"/cases/{number}/review-decision", body)
    assert again["version"] == case["version"]
    assert [fact.upheld for fact in await tracker.told(ReviewDecided)] == [upheld]
    assert [fact.why for fact in await tracker.told(CaseReopened)] == ([] if upheld else ["review"])
    assert (await tracker.supervisor("GET", "/reviews"))["reviews"] == []


async def test_a_review_that_nobody_asked_for_cannot_be_decided(tracker: TrackerAlone) -> None:
    number = await tracker.resolved()
    refused = await refusal(
        tracker.supervisor("POST", f"/cases/{number}/review-decision", {"upheld": True, "reason": "无需复核"})
    )
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:no-review-pending")


async def test_a_case_that_is_found_simple_has_the_shorter_limit_from_the_same_start(tracker: TrackerAlone) -> None:
    number = await tracker.opened(case_class="general")
    before = await tracker.due(number)
    simple = await tracker.ask("POST", f"/cases/{number}/class", "dispatcher", json={"simple": True})
    after = await tracker.due(number)
    assert simple["class"] == "simple"
    assert after["1.resolve"] == before["1.resolve"] - timedelta(days=14)
    assert after["1.reply"] == before["1.reply"]
    assert simple["clock"][-1]["words"] == "办结：改按 5 个工作日 计，2026-03-17 到期"
    by_an_agency = await refusal(tracker.step(number, "class", {"simple": True}))
    assert by_an_agency.status == 403


async def test_arrears_are_recorded_as_totals_with_evidence_and_the_newest_stand(tracker: TrackerAlone) -> None:
    number = await tracker.opened(case_class="arrears")
    await tracker.step(number, "acceptance")
    day = "2026-03-10T09:00:00+08:00"
    await tracker.step(
        number, "arrears", {"claimed": "1260000.00", "verified": "1000000", "at": day, "evidence": "合同与对账单"}
    )
    await tracker.step(number, "arrears", {"repaid": "400000.50", "at": day, "evidence": "银行回单"})
    case = await tracker.step(number, "arrears", {"under_agreement": "599999.50", "at": day, "evidence": "还款协议"})
    totals = {name: case["arrears"][name] for name in ("claimed", "verified", "repaid", "under_agreement")}
    assert totals == {
        "claimed": "1260000.00",
        "verified": "1000000.00",
        "repaid": "400000.50",
        "under_agreement": "599999.50",
    }
    assert [record["evidence"] for record in case["arrears"]["records"]] == ["合同与对账单", "银行回单", "还款协议"]
    too_much = await tracker.refusal(number, "arrears", {"repaid": "400000.51", "at": day, "evidence": "银行回单"})
    assert (too_much.status, too_much.errors[0]["field"]) == (422, "verified")


async def test_arrears_belong_to_cases_of_arrears(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    body = {"claimed": "1.00", "at": "2026-03-10T09:00:00+08:00", "evidence": "合同"}
    refused = await tracker.refusal(number, "arrears", body)
    assert (refused.status, refused.type) == (409, "urn:yousu:problem:not-arrears")
