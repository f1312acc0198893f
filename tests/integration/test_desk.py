"""The triage desk and returns, the router by itself; a reader that says what the test has it say."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.router.app import build_with
from services.router.domain import Read, Reading
from services.router.settings import RouterSettings
from shared.client import Client, Refused
from shared.composition import issuer
from shared.events import (
    CaseResolved,
    CaseReturned,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    SupplementAsked,
)
from shared.reference.identifiers import new_number
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone

DAY = date(2026, 3, 10)
UNSURE = Read((Reading("4.problem.2", 0.5), Reading("6.problem.3", 0.3)), out_of_scope=0.1, sure=0.9, reader="test 1")
SURE = Read((Reading("6.problem.3", 0.95),), sure=0.9, reader="test 1")
STRAY = Read((Reading("6.problem.3", 0.1),), out_of_scope=0.8, sure=0.9, reader="test 1")


def read(_title: str, text: str) -> Read:
    return SURE if "欠款" in text else STRAY if "邻居" in text else UNSURE


@pytest.fixture
async def router(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alone]:
    async with alone(lambda around: build_with(around, RouterSettings(), read, "test 1"), tmp_path, clock) as running:
        yield running


@pytest.fixture
async def desk(router: Alone) -> AsyncIterator[Client]:
    async with router.client("dispatcher", subject="zhang") as client:
        yield client


@pytest.fixture
async def supervisor(router: Alone) -> AsyncIterator[Client]:
    async with router.client("supervisor", subject="li") as client:
        yield client


def number_of(seed: int) -> str:
    return new_number(DAY, f"{seed:09d}")


def filed(router: Alone, seed: int = 1, **changes: Any) -> ComplaintFiled:
    body = {"title": "车间停了", "text": "厂里的车间一直停着，请帮助。", "region": "410102", "enterprise": "e1"}
    return ComplaintFiled(number=number_of(seed), at=router.clock.now(), **{**body, **changes})


async def decide(client: Client, number: str, **body: Any) -> Any:
    return await client.request("POST", f"/api/v1/triage/{number}/decision", json=body)


async def refusal_of(call: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await call
    return refused.value


async def test_a_text_the_machine_is_not_sure_of_waits_with_candidates_and_reasons(router: Alone, desk: Client) -> None:
    await router.tell(filed(router))
    (item,) = (await desk.request("GET", "/api/v1/triage"))["items"]
    assert [candidate["ref"] for candidate in item["candidates"]] == ["4.problem.2", "6.problem.3"]
    assert item["reasons"]
    (held,) = await router.told(ComplaintHeld)
    assert held.candidates[0].ref == "4.problem.2"


async def test_a_plain_text_is_assigned_by_it_and_the_reasons_say_so(router: Alone) -> None:
    await router.tell(filed(router, text="镇里的欠款一直不给。"))
    (assigned,) = await router.told(ComplaintAssigned)
    assert (assigned.lead_agency, assigned.matter, assigned.decided_by) == ("hn-gxt", "6.problem.3", "rules")
    assert "按文字判断" in assigned.reasons[0]
    assert not assigned.designated
    async with router.client("supervisor") as supervisor:
        (kept,) = (await supervisor.request("GET", f"/api/v1/routing/{number_of(1)}"))["decisions"]
    assert kept["candidates"] == [{"ref": "6.problem.3", "score": 0.95}]
    assert (kept["rules_version"], kept["clause"]) == ("2022-09-19", "附件1 第6项 问题 3")


async def test_what_seems_out_of_scope_waits_for_a_person_and_is_not_refused(router: Alone, desk: Client) -> None:
    await router.tell(filed(router, text="楼上邻居漏水。"))
    (item,) = (await desk.request("GET", "/api/v1/triage"))["items"]
    assert item["out_of_scope"] == pytest.approx(0.8)
    assert await router.told(ComplaintRefused) == []


async def test_two_dispatchers_never_decide_the_same_complaint(router: Alone, desk: Client) -> None:
    await router.tell(filed(router))
    assert (await decide(desk, number_of(1), matter="4.problem.2"))["lead_agency"] == "hn-zrzy"
    async with router.client("dispatcher", subject="wang") as other:
        late = await refusal_of(decide(other, number_of(1), agency="hn-fgw"))
    assert (late.status, late.type) == (409, "urn:yousu:problem:not-held")
    assert len(await router.told(ComplaintAssigned)) == 1


async def test_an_agency_named_by_a_dispatcher_must_be_known_and_not_the_respondent(
    router: Alone, desk: Client
) -> None:
    await router.tell(filed(router, respondent_agency="hn-zrzy"))
    unknown = await refusal_of(decide(desk, number_of(1), agency="hn-nobody"))
    assert (unknown.status, unknown.errors[0]["field"]) == (422, "agency")
    conflict = await refusal_of(decide(desk, number_of(1), agency="hn-zrzy"))
    assert conflict.type == "urn:yousu:problem:conflict-of-interest"
    assert (await decide(desk, number_of(1), agency="hn-fgw"))["lead_agency"] == "hn-fgw"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"matter": "4.problem.2", "agency": "hn-fgw"}, "body"),
        ({"matter": "99.problem.1"}, "matter"),
        ({"refusal": {"code": "BECAUSE", "reason": "不想办"}}, "refusal.code"),
        ({"refusal": {"code": "OUT_OF_SCOPE"}}, "refusal.reason"),
        ({"supplement": {"reason": "合同", "days": 0}}, "supplement.days"),
        ({"duplicate_of": "12"}, "duplicate_of"),
    ],
)
async def test_a_decision_that_cannot_be_taken_names_the_field(
    router: Alone, desk: Client, body: dict[str, Any], field: str
) -> None:
    await router.tell(filed(router))
    refused = await refusal_of(decide(desk, number_of(1), **body))
    assert refused.status == 422
    assert refused.errors[0]["field"] == field
    assert (await desk.request("GET", f"/api/v1/triage/{number_of(1)}"))["state"] == "held"


async def test_an_enterprise_and_an_agency_have_no_place_at_the_desk(router: Alone) -> None:
    await router.tell(filed(router))
    for role, agency in (("enterprise", None), ("agency", "hn-fgw")):
        async with router.client(role, agency) as stranger:  # type: ignore[arg-type]
            assert (await refusal_of(stranger.request("GET", "/api/v1/triage"))).status == 403
            assert (await refusal_of(decide(stranger, number_of(1), agency="hn-fgw"))).status == 403


async def test_a_refusal_needs_a_supervisor_who_is_another_person(
    router: Alone, desk: Client, supervisor: Client
) -> None:
    await router.tell(filed(router))
    refusal = {"code": "CIVIL_DISPUTE", "reason": "属于企业之间的买卖纠纷，可向法院起诉。"}
    proposed = await decide(desk, number_of(1), refusal=refusal)
    assert proposed["state"] == "held"
    assert await router.told(ComplaintRefused) == []
    path = f"/api/v1/triage/{number_of(1)}/refusal-approval"
    assert (await refusal_of(desk.request("POST", path, json={"approved": True}))).status == 403
    done = await supervisor.request("POST", path, json={"approved": True})
    assert done["state"] == "refused"
    (refused,) = await router.told(ComplaintRefused)
    assert (refused.code, refused.reason) == ("CIVIL_DISPUTE", refusal["reason"])


async def test_a_refusal_that_is_not_approved_waits_for_a_decision_again(
    router: Alone, desk: Client, supervisor: Client
) -> None:
    await router.tell(filed(router))
    await decide(desk, number_of(1), refusal={"code": "OUT_OF_SCOPE", "reason": "不在受理范围"})
    path = f"/api/v1/triage/{number_of(1)}/refusal-approval"
    await supervisor.request("POST", path, json={"approved": False, "reason": "属于营商环境"})
    waiting = await desk.request("GET", f"/api/v1/triage/{number_of(1)}")
    assert (waiting["state"], waiting["refusal"]) == ("held", None)
    assert "属于营商环境" in waiting["reasons"][-1]
    again = await refusal_of(supervisor.request("POST", path, json={"approved": True}))
    assert again.type == "urn:yousu:problem:no-refusal-proposed"


async def test_incomplete_is_a_ground_only_after_a_supplement_was_asked_for(router: Alone, supervisor: Client) -> None:
    await router.tell(filed(router))
    refusal = {"code": "INCOMPLETE", "reason": "没有合同"}
    assert (await refusal_of(decide(supervisor, number_of(1), refusal=refusal))).status == 409
    await decide(supervisor, number_of(1), supplement={"reason": "请补交合同", "days": 2})
    router.clock.move(timedelta(days=3))
    await router.rig.settle()
    assert (await decide(supervisor, number_of(1), refusal=refusal))["state"] == "refused"


async def test_a_supplement_stops_the_triage_limit_and_its_text_is_decided_on_anew(router: Alone, desk: Client) -> None:
    await router.tell(filed(router))
    asked = await decide(desk, number_of(1), supplement={"reason": "请说明是什么款项", "days": 10})
    assert asked["state"] == "supplement"
    (fact,) = await router.told(SupplementAsked)
    assert fact.due_at > router.clock.now()
    router.clock.move(timedelta(days=7))
    await router.rig.settle()
    assert await router.told(ComplaintAssigned) == []
    await router.tell(ComplaintSupplemented(number=number_of(1), at=router.clock.now(), text="是镇里的欠款。"))
    (assigned,) = await router.told(ComplaintAssigned)
    assert assigned.lead_agency == "hn-gxt"


async def test_supplements_are_capped_in_all(router: Alone, desk: Client) -> None:
    await router.tell(filed(router))
    await decide(desk, number_of(1), supplement={"reason": "请补交合同", "days": 10})
    await router.tell(ComplaintSupplemented(number=number_of(1), at=router.clock.now(), text="在找。"))
    refused = await refusal_of(decide(desk, number_of(1), supplement={"reason": "请补交合同", "days": 6}))
    assert refused.status == 422
    assert "5" in refused.errors[0]["reason"]
    assert (await decide(desk, number_of(1), supplement={"reason": "请补交合同", "days": 5}))["state"] == "supplement"


async def test_a_supplement_that_never_comes_puts_the_complaint_back_to_the_desk(router: Alone, desk: Client) -> None:
    await router.tell(filed(router))
    await decide(desk, number_of(1), supplement={"reason": "请补交合同", "days": 2})
    router.clock.move(timedelta(days=3))
    await router.rig.settle()
    assert (await desk.request("GET", f"/api/v1/triage/{number_of(1)}"))["state"] == "held"
    assert len(await router.told(ComplaintHeld)) == 2


async def test_nobody_decides_for_three_working_days_and_the_best_candidates_lead_handles_it_flagged(
    router: Alone, desk: Client
) -> None:
    await router.tell(filed(router))
    router.clock.move(timedelta(days=2))
    await router.rig.settle()
    assert await router.told(ComplaintAssigned) == []
    router.clock.move(timedelta(days=2))
    (assigned,) = await router.told(ComplaintAssigned)
    assert assigned.lead_agency == "hn-zrzy"
    assert "未研判" in assigned.reasons[0]
    (decision,) = (await desk.request("GET", f"/api/v1/routing/{number_of(1)}"))["decisions"]
    assert decision["note"] == "deemed accepted"


async def test_the_same_enterprise_on_the_same_matter_and_respondent_is_linked_and_told_not_merged(
    router: Alone,
) -> None:
    same = {"text": "镇里的欠款一直不给。", "respondent": "某镇政府"}
    await router.tell(filed(router, 1, **same), filed(router, 2, **same), filed(router, 3, **same, enterprise="e2"))
    (linked,) = await router.told(ComplaintLinked)
    assert (linked.number, linked.other) == (number_of(2), number_of(1))
    assert len(await router.told(ComplaintAssigned)) == 3
    (second,) = await router.told(ComplaintAssigned, number_of(2))
    assert number_of(1) in second.reasons[-1]


async def test_what_was_resolved_is_no_duplicate_any_more(router: Alone) -> None:
    same = {"text": "镇里的欠款一直不给。", "respondent": "某镇政府"}
    await router.tell(filed(router, 1, **same))
    await router.tell(CaseResolved(number=number_of(1), at=router.clock.now(), assignment=1, agency="hn-gxt"))
    await router.tell(filed(router, 2, **same))
    assert await router.told(ComplaintLinked) == []


async def test_a_dispatcher_marks_a_duplicate_of_an_open_complaint_of_the_same_enterprise(
    router: Alone, desk: Client
) -> None:
    await router.tell(filed(router, 1), filed(router, 2), filed(router, 3, enterprise="e2"))
    for other in (2, 3):
        refused = await refusal_of(decide(desk, number_of(other), duplicate_of=number_of(other)))
        assert refused.errors[0]["field"] == "duplicate_of"
    assert (await refusal_of(decide(desk, number_of(3), duplicate_of=number_of(1)))).status == 422
    assert (await decide(desk, number_of(2), duplicate_of=number_of(1)))["state"] == "refused"
    (refused_fact,) = await router.told(ComplaintRefused)
    assert (refused_fact.code, refused_fact.duplicate_of) == ("DUPLICATE", number_of(1))


async def test_key_supervision_says_why(router: Alone) -> None:
    text = "镇里的欠款拖了三年，一直不给。"
    await router.tell(filed(router, 1, text=text, amount=Decimal(20_000_000), respondent="某镇政府"))
    (assigned,) = await router.told(ComplaintAssigned)
    assert assigned.key_supervision == ("large_amount", "long_overdue")


def returned(router: Alone, assignment: int, agency: str) -> CaseReturned:
    words = {"assignment": assignment, "agency": agency, "code": "NOT_OUR_DUTY", "reason": "不是本单位职责"}
    return CaseReturned(number=number_of(1), at=router.clock.now(), **words)


async def test_a_returned_case_is_held_and_the_next_agency_is_designated(router: Alone, desk: Client) -> None:
    await router.tell(filed(router, text="镇里的欠款一直不给。"))
    await router.tell(returned(router, 1, "hn-gxt"))
    (item,) = (await desk.request("GET", "/api/v1/triage"))["items"]
    assert "退回" in item["reasons"][0]
    assert all(candidate["ref"] != "6.problem.3" for candidate in item["candidates"])
    await decide(desk, number_of(1), agency="hn-czt")
    second = (await router.told(ComplaintAssigned))[-1]
    assert (second.assignment, second.lead_agency, second.designated) == (2, "hn-czt", True)


async def test_a_return_of_an_older_assignment_changes_nothing(router: Alone, desk: Client) -> None:
    await router.tell(filed(router, text="镇里的欠款一直不给。"))
    await router.tell(returned(router, 1, "hn-gxt"))
    await decide(desk, number_of(1), agency="hn-czt")
    await router.tell(returned(router, 1, "hn-gxt"))
    assert (await desk.request("GET", "/api/v1/triage"))["items"] == []
    assert len(await router.told(ComplaintAssigned)) == 2


async def test_a_return_that_nobody_decides_on_goes_to_another_than_who_returned_it(router: Alone) -> None:
    await router.tell(filed(router, text="镇里的欠款一直不给。"))
    await router.tell(returned(router, 1, "hn-gxt"))
    router.clock.move(timedelta(days=4))
    second = (await router.told(ComplaintAssigned))[-1]
    assert (second.assignment, second.lead_agency) == (2, "hn-fgw")


async def test_returns_and_corrections_are_counted_by_agency_rule_reader_and_version(
    router: Alone, desk: Client
) -> None:
    await router.tell(filed(router, 1, text="镇里的欠款一直不给。"), filed(router, 2))
    await router.tell(returned(router, 1, "hn-gxt"))
    await decide(desk, number_of(2), agency="hn-czt")
    by_agency = await desk.request("GET", "/api/v1/routing/accuracy?by=lead_agency")
    assert {row["group"]: (row["assigned"], row["returned"]) for row in by_agency["groups"]} == {
        "hn-gxt": (1, 1),
        "hn-czt": (1, 0),
    }
    (reader,) = (await desk.request("GET", "/api/v1/routing/accuracy?by=reader"))["groups"]
    assert (reader["group"], reader["proposed"], reader["agreed"]) == ("test 1", 1, 0)
    metrics = await raw(desk, "/metrics")
    assert 'yousu_routing_returned{reader="test 1"} 1.0' in metrics


async def raw(client: Client, path: str) -> str:
    return (await client._http.get(path)).text


async def page(router: Alone, path: str) -> str:
    """The page as a dispatcher sees it who has signed in."""
    cookie = f"yousu_staff={issuer(router.rig.around.settings).token('dispatcher')}"
    transport = httpx.ASGITransport(router.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test") as http:
        return (await http.get(path, headers={"Cookie": cookie})).text


async def test_the_desk_says_of_a_text_that_is_rather_out_of_scope_only_that(router: Alone) -> None:
    await router.tell(filed(router, 1), filed(router, 2, text="楼上邻居漏水。"))
    shown = await page(router, "/desk")
    assert re.findall(r'data-label="最可能的事项">(.*?)</td>', shown) == [
        '项目用地难 <span class="hint">50%</span>',
        '<span class="tag">疑似不属受理范围</span> <span class="hint">80%</span>',
    ]
    assert "疑似不属受理范围</span> 80%。" in await page(router, f"/desk/{number_of(2)}")
    assert "疑似不属受理范围" not in await page(router, f"/desk/{number_of(1)}")


async def test_a_withdrawn_complaint_leaves_the_desk(router: Alone, desk: Client) -> None:
    await router.tell(filed(router), ComplaintWithdrawn(number=number_of(1), at=router.clock.now()))
    assert (await desk.request("GET", "/api/v1/triage"))["items"] == []
    assert (await refusal_of(decide(desk, number_of(1), agency="hn-fgw"))).status == 409


async def test_the_list_is_paged_by_cursor(router: Alone, desk: Client) -> None:
    await router.tell(*(filed(router, seed) for seed in range(1, 6)))
    seen: list[str] = []
    path = "/api/v1/triage?limit=2"
    while path:
        page = await desk.request("GET", path)
        seen += [item["number"] for item in page["items"]]
        path = f"/api/v1/triage?limit=2&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(number_of(seed) for seed in range(1, 6))
