"""What is wrong in a request is named, in Chinese, and changes nothing; who may not know of a case learns nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.client import Refused
from shared.testing import ManualClock
from shared.web.problems import UNEXPLAINED
from tests.integration.tracker_alone import CO, LEAD, OTHER, TrackerAlone, refusal, tracker_alone

NOW = "2026-03-10T09:00:00+08:00"
FIELDS: list[tuple[str, Any, str]] = [
    ("acceptance", {"x": 1}, "x"),
    ("return", {}, "code"),
    ("return", {"code": "LAZY", "reason": "不想办"}, "code"),
    ("return", {"code": "NOT_OUR_DUTY"}, "reason"),
    ("return", {"code": "NOT_OUR_DUTY", "reason": "  无  "}, "reason"),
    ("return", {"code": "NOT_OUR_DUTY", "reason": "长" * 2001}, "reason"),
    ("suspension", {}, "reason"),
    ("suspension", {"reason": "缺少合同", "why": "other"}, "why"),
    ("suspension", {"reason": "缺少合同", "days": 0}, "days"),
    ("suspension", {"reason": "缺少合同", "days": "3"}, "days"),
    ("suspension", {"reason": "缺少合同", "days": 61}, "days"),
    ("resumption", {"reason": "多余"}, "reason"),
    ("extension-requests", {"reason": "案情复杂"}, "days"),
    ("extension-requests", {"days": 2.5, "reason": "案情复杂"}, "days"),
    ("extension-requests", {"days": True, "reason": "案情复杂"}, "days"),
    ("extension-requests", {"days": 3}, "reason"),
    ("opinions", {}, "text"),
    ("opinions", {"text": " "}, "text"),
    ("replies", {"text": "已付款"}, "met"),
    ("replies", {"text": "已付款", "met": "yes"}, "met"),
    ("replies", {"text": "", "met": True}, "text"),
    ("replies", {"text": "长" * 10_001, "met": True}, "text"),
    ("replies", {"text": "已付款", "met": True, "contacted_at": "昨天"}, "contacted_at"),
    ("replies", {"text": "已付款", "met": True, "contacted_at": "2026-03-10T09:00:00"}, "contacted_at"),
    ("replies", {"text": "已付款", "met": True, "contacted_at": "2026-03-10T10:00:01+08:00"}, "contacted_at"),
    ("replies", {"text": "已付款", "met": True, "internal": 1}, "internal"),
    ("resolution", {"text": "办结"}, "text"),
    ("arrears", {"at": NOW}, "evidence"),
    ("arrears", {"evidence": "回单"}, "at"),
    ("arrears", {"at": NOW, "evidence": "回单"}, "body"),
    ("arrears", {"claimed": "-1", "at": NOW, "evidence": "回单"}, "claimed"),
    ("arrears", {"claimed": 12.5, "at": NOW, "evidence": "回单"}, "claimed"),
    ("arrears", {"verified": "1.234", "at": NOW, "evidence": "回单"}, "verified"),
    ("arrears", {"repaid": "NaN", "at": NOW, "evidence": "回单"}, "repaid"),
    ("arrears", {"repaid": "1e20", "at": NOW, "evidence": "回单"}, "repaid"),
    ("arrears", {"under_agreement": "一万", "at": NOW, "evidence": "回单"}, "under_agreement"),
    ("arrears", {"claimed": "1.00", "at": "2026-03-10T10:00:01+08:00", "evidence": "回单"}, "at"),
    ("arrears", {"repaid": "1.00", "at": NOW, "evidence": "回单"}, "verified"),
]
BY_SUPERVISORS: list[tuple[str, Any, str]] = [
    ("class", {}, "simple"),
    ("class", {"simple": False}, "simple"),
    ("supervision-orders", {"days": 3}, "reason"),
    ("supervision-orders", {"reason": "久拖未决"}, "days"),
    ("supervision-orders", {"reason": "久拖未决", "days": 0}, "days"),
    ("review-decision", {"reason": "已查实"}, "upheld"),
    ("review-decision", {"upheld": True}, "reason"),
]
QUERIES: list[tuple[str, dict[str, Any], str]] = [
    ("/cases", {"state": "open"}, "state"),
    ("/cases", {"card": "green"}, "card"),
    ("/cases", {"class": "big"}, "class"),
    ("/cases", {"late": "maybe"}, "late"),
    ("/cases", {"q": "款"}, "q"),
    ("/cases", {"q": "长" * 101}, "q"),
    ("/cases", {"cursor": "x"}, "cursor"),
    ("/cases", {"limit": 0}, "limit"),
    ("/supervision-orders", {"open": "x"}, "open"),
    ("/supervision-orders", {"limit": 201}, "limit"),
    ("/extension-requests", {"state": "x"}, "state"),
    ("/reviews", {"cursor": "e30"}, "cursor"),
    ("/deadlines/preview", {"start": NOW}, "limit"),
    ("/deadlines/preview", {"start": NOW, "limit": 3, "unit": "week"}, "unit"),
]


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


def names_the_field(refused: Refused, field: str) -> None:
    assert (refused.status, refused.type.split(":")[-1]) in (
        (422, "invalid"),
        (422, "cursor-invalid"),
        (422, "arrears-contradict"),
    )
    named = {error["field"]: error["reason"] for error in refused.errors}
    assert field in named, named
    assert named[field] != UNEXPLAINED
    assert any("一" <= character <= "鿿" for character in named[field]), named


async def test_every_wrong_field_of_an_agencys_step_is_named_and_nothing_changes(tracker: TrackerAlone) -> None:
    number = await tracker.opened(case_class="arrears")
    await tracker.step(number, "acceptance")
    before = await tracker.case(number)
    for step, body, field in FIELDS:
        agency = CO if step == "opinions" else LEAD
        names_the_field(await tracker.refusal(number, step, body, agency), field)
    assert await tracker.case(number) == before


async def test_every_wrong_field_of_a_supervisors_step_is_named_and_nothing_changes(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    asked = await opened_request(tracker, number)
    before = await tracker.case(number)
    for step, body, field in BY_SUPERVISORS:
        names_the_field(await refusal(tracker.supervisor("POST", f"/cases/{number}/{step}", body)), field)
    decision = f"/extension-requests/{asked}/decision"
    names_the_field(await refusal(tracker.supervisor("POST", decision, {"approved": "yes"})), "approved")
    for path, query, field in QUERIES:
        names_the_field(await refusal(tracker.supervisor("GET", path, params=query)), field)
    assert await tracker.case(number) == before


async def opened_request(tracker: TrackerAlone, number: str) -> str:
    await tracker.step(number, "acceptance")
    asked = await tracker.step(number, "extension-requests", {"days": 3, "reason": "案情复杂"})
    return str(asked["id"])


STEPS: list[tuple[str, Any]] = [
    ("acceptance", {}),
    ("return", {"code": "NOT_OUR_DUTY", "reason": "属住建领域"}),
    ("suspension", {"reason": "缺少合同"}),
    ("resumption", {}),
    ("extension-requests", {"days": 3, "reason": "案情复杂"}),
    ("replies", {"text": "已付款", "met": True}),
    ("resolution", {}),
    ("arrears", {"claimed": "1.00", "at": NOW, "evidence": "合同"}),
]


@pytest.mark.parametrize(("step", "body"), STEPS)
async def test_another_agency_finds_no_case_and_a_co_agency_may_not_handle_it(
    tracker: TrackerAlone, step: str, body: Any
) -> None:
    number = await tracker.opened()
    stranger = await tracker.refusal(number, step, body, OTHER)
    assert (stranger.status, stranger.type) == (404, "urn:yousu:problem:no-such-case")
    co_agency = await tracker.refusal(number, step, body, CO)
    assert (co_agency.status, co_agency.type) == (403, "urn:yousu:problem:not-lead-agency")
    for role in ("supervisor", "dispatcher", "enterprise"):
        refused = await refusal(tracker.ask("POST", f"/cases/{number}/{step}", role, json=body))
        assert refused.status == 403


@pytest.mark.parametrize(
    ("step", "body", "roles"),
    [
        ("class", {"simple": True}, ("agency", "enterprise")),
        ("supervision-orders", {"reason": "久拖未决", "days": 3}, ("agency", "dispatcher", "enterprise")),
        ("review-decision", {"upheld": True, "reason": "已查实"}, ("agency", "dispatcher", "enterprise")),
    ],
)
async def test_what_is_a_supervisors_is_nobody_elses(
    tracker: TrackerAlone, step: str, body: Any, roles: tuple[Any, ...]
) -> None:
    number = await tracker.opened()
    for role in roles:
        agency = LEAD if role == "agency" else None
        refused = await refusal(tracker.ask("POST", f"/cases/{number}/{step}", role, agency, json=body))
        assert refused.status == 403


async def test_orders_and_requests_that_do_not_exist_are_not_found(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    for word in ("DB", f"DB{number}", f"DB{number}-9", f"YQ{number}-1", "DB-1"):
        refused = await refusal(
            tracker.ask("POST", f"/supervision-orders/{word}/reply", "agency", LEAD, json={"text": "好"})
        )
        assert (refused.status, refused.type) == (404, "urn:yousu:problem:no-such-order")
    for word in (f"YQ{number}-1", f"DB{number}-1", "x"):
        refused = await refusal(tracker.supervisor("POST", f"/extension-requests/{word}/decision", {"approved": True}))
        assert refused.status == 404


async def test_an_older_version_and_a_lost_claim_are_refused_for_every_step(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    version = (await tracker.case(number))["version"]
    for step, body in STEPS:
        path = f"/cases/{number}/{step}"
        for headers, status in (({"If-Match": f'"{version + 1}"'}, 412), ({"X-Fence": "99"}, 409)):
            refused = await refusal(tracker.ask("POST", path, "agency", LEAD, json=body, headers=headers))
            assert refused.status == status, (step, headers)
    for wrong in ("x", '"-1"', "１", "9" * 30):
        path = f"/cases/{number}/acceptance"
        refused = await refusal(tracker.ask("POST", path, "agency", LEAD, headers={"If-Match": wrong.encode()}))
        assert (refused.status, refused.errors[0]["field"]) == (422, "If-Match")


async def test_an_agency_sees_neither_the_cases_nor_the_orders_of_another(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", {"reason": "久拖未决", "days": 3})
    for path, name in (("/cases", "cases"), ("/supervision-orders", "orders"), ("/queue", "cases")):
        found = await tracker.ask("GET", path, "agency", OTHER, params={"agency": LEAD})
        assert found[name] == []
    assert (await refusal(tracker.ask("GET", "/cases", "enterprise"))).status == 403
    nobody = await refusal(tracker.client().request("GET", "/api/v1/cases"))
    assert nobody.status == 401
