"""Supervision: the ladder from 催办 to 督办, orders with their deadline and reply, the bulletin."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.events import AgencyNamed, CaseSupervised, DeadlineMissed, DeadlineWarned, SupervisionReplied
from shared.testing import ManualClock
from tests.integration.tracker_alone import CO, LEAD, OTHER, TrackerAlone, refusal, tracker_alone


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


def cards(case: Any) -> dict[str, str | None]:
    return {row["name"]: row["card"] for row in case["deadlines"]}


async def at(tracker: TrackerAlone, moment: str) -> None:
    tracker.clock.moment = datetime.fromisoformat(moment)
    await tracker.rig.settle()


async def test_the_ladder_reminds_then_notices_then_names_and_orders_on_red(tracker: TrackerAlone) -> None:
    number = await tracker.opened(co_agencies=())
    await tracker.step(number, "acceptance")
    await at(tracker, "2026-03-12T23:59:58+08:00")
    assert cards(await tracker.case(number))["1.reply"] is None
    await at(tracker, "2026-03-12T23:59:59+08:00")
    case = await tracker.case(number)
    assert (cards(case)["1.reply"], case["card"]) == ("yellow", "yellow")
    await at(tracker, "2026-03-13T23:59:59+08:00")
    assert await tracker.told(DeadlineMissed) == []
    await at(tracker, "2026-03-14T00:00:00+08:00")
    case = await tracker.case(number)
    assert (cards(case)["1.reply"], case["card"]) == ("red", "red")
    (order,) = await tracker.told(CaseSupervised)
    assert (order.order, order.why, order.stage, order.agency) == (f"DB{number}-1", "red_card", "reply", LEAD)
    assert order.due_at == datetime.fromisoformat("2026-03-20T23:59:59+08:00")
    await at(tracker, "2026-03-20T23:59:59+08:00")
    assert await tracker.told(AgencyNamed) == []
    await at(tracker, "2026-03-21T00:00:00+08:00")
    assert [(fact.agency, fact.stage) for fact in await tracker.told(AgencyNamed)] == [(LEAD, "reply")]
    assert [fact.stage for fact in await tracker.told(DeadlineWarned)] == ["reply", "supervision"]


async def test_the_bulletin_has_the_agencies_that_stay_late_until_they_act(tracker: TrackerAlone) -> None:
    assert (await tracker.supervisor("GET", "/bulletin"))["agencies"] == []
    late, later = await tracker.opened(), await tracker.opened(lead_agency=OTHER, co_agencies=())
    other = await tracker.opened(lead_agency=OTHER, co_agencies=())
    await tracker.pass_days(12)
    told = (await tracker.supervisor("GET", "/bulletin"))["agencies"]
    assert [(one["agency"], one["late_cases"]) for one in told] == [(OTHER, 2), (LEAD, 1)]
    assert told[1]["longest_late_days"] == 7
    assert told[1]["name"] == "省工业和信息化厅"
    for number, agency in ((late, LEAD), (later, OTHER)):
        await tracker.step(number, "acceptance", agency=agency)
        await tracker.step(number, "replies", {"text": "已付款", "met": True}, agency)
    told = (await tracker.supervisor("GET", "/bulletin"))["agencies"]
    assert [(one["agency"], one["late_cases"]) for one in told] == [(OTHER, 1)]
    assert (await refusal(tracker.ask("GET", "/bulletin", "agency", LEAD))).status == 403
    assert other != later


async def test_a_red_card_gives_one_order_a_stage_and_an_assignment(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.pass_days(30)
    stages = [(fact.stage, fact.why) for fact in await tracker.told(CaseSupervised)]
    assert stages == [("accept", "red_card"), ("reply", "red_card"), ("resolve", "red_card")]
    await tracker.assign(number, 2, lead_agency=OTHER, co_agencies=())
    await tracker.pass_days(3)
    assert [(fact.stage, fact.agency) for fact in await tracker.told(CaseSupervised)][3:] == [("accept", OTHER)]


async def test_a_co_agency_that_owes_its_opinion_gets_a_card_and_no_order(tracker: TrackerAlone) -> None:
    number = await tracker.opened(case_class="foreign_invested")
    await tracker.step(number, "acceptance")
    await tracker.step(number, "replies", {"text": "正在核实", "met": False})
    await tracker.pass_days(16)
    assert [(fact.stage, fact.agency) for fact in await tracker.told(DeadlineMissed)] == [("opinion", CO)]
    assert await tracker.told(CaseSupervised) == []


async def test_a_case_to_be_watched_has_an_order_from_the_start(tracker: TrackerAlone) -> None:
    number = await tracker.opened(key_supervision=("large_amount", "repeated"))
    (order,) = (await tracker.case(number))["orders"]
    assert (order["why"], order["reason"], order["given_by"]) == (
        *("key_supervision", "重点督办：金额较大、多次投诉"),
        "clock",
    )


async def test_a_supervisor_orders_with_days_and_the_agencys_reply_closes_it(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    body = {"reason": "久拖未决", "days": 3}
    given = await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", body)
    assert given["order"] == f"DB{number}-1"
    again = await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", body)
    assert (again["order"], again["version"]) == (given["order"], given["version"])
    listed = await tracker.ask("GET", "/supervision-orders", "agency", LEAD, params={"open": True})
    assert [(one["order"], one["due_at"]) for one in listed["orders"]] == [
        (given["order"], datetime.fromisoformat("2026-03-13T15:59:59+00:00").isoformat().replace("+00:00", "Z"))
    ]
    path = f"/supervision-orders/{given['order']}/reply"
    stranger = await refusal(tracker.ask("POST", path, "agency", OTHER, json={"text": "不是我们"}))
    assert (stranger.status, stranger.type) == (404, "urn:yousu:problem:no-such-order")
    older = {"If-Match": f'"{given["version"] - 1}"'}
    stale = await refusal(tracker.ask("POST", path, "agency", LEAD, json={"text": "已整改"}, headers=older))
    assert stale.status == 412
    closed = await tracker.ask("POST", path, "agency", LEAD, json={"text": "已整改"})
    assert (closed["reply"], closed["replied_by"]) == ("已整改", f"agency:{LEAD}")
    assert await tracker.ask("POST", path, "agency", LEAD, json={"text": "已整改"}) == closed
    other_words = await refusal(tracker.ask("POST", path, "agency", LEAD, json={"text": "另一说法"}))
    assert (other_words.status, other_words.type) == (409, "urn:yousu:problem:order-replied")
    assert (await tracker.supervisor("GET", "/supervision-orders", params={"open": True}))["orders"] == []
    assert len((await tracker.supervisor("GET", "/supervision-orders", params={"open": False}))["orders"]) == 1
    assert [fact.text for fact in await tracker.told(SupervisionReplied)] == ["已整改"]


async def test_an_order_has_a_deadline_of_its_own_also_after_the_resolution(tracker: TrackerAlone) -> None:
    number = await tracker.opened(co_agencies=())
    await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", {"reason": "久拖未决", "days": 3})
    await tracker.step(number, "acceptance")
    await tracker.step(number, "replies", {"text": "已付款", "met": True})
    await tracker.step(number, "resolution")
    await tracker.pass_days(4)
    assert [fact.stage for fact in await tracker.told(DeadlineMissed)] == ["supervision"]
    (order,) = (await tracker.supervisor("GET", "/supervision-orders", params={"agency": LEAD}))["orders"]
    assert order["card"] == "red"


async def test_an_order_stays_with_the_agency_that_got_it_when_the_case_goes_to_another(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", {"reason": "久拖未决", "days": 3})
    await tracker.assign(number, 2, lead_agency=OTHER, co_agencies=())
    path = f"/supervision-orders/DB{number}-1/reply"
    assert (await refusal(tracker.ask("POST", path, "agency", OTHER, json={"text": "不知情"}))).status == 404
    assert (await tracker.ask("POST", path, "agency", LEAD, json={"text": "已移交"}))["reply"] == "已移交"


async def test_lists_of_orders_and_requests_are_paged_without_a_gap(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    for index in range(5):
        body = {"reason": f"第 {index} 次", "days": 3}
        await tracker.supervisor("POST", f"/cases/{number}/supervision-orders", body)
        tracker.clock.move(timedelta(minutes=1))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        found = await tracker.supervisor("GET", "/supervision-orders", params=query)
        seen += [one["order"] for one in found["orders"]]
        if found["next"] is None:
            break
        query["cursor"] = found["next"]
    assert seen == [f"DB{number}-{n}" for n in (5, 4, 3, 2, 1)]


async def unaccepted(tracker: TrackerAlone) -> dict[str, float]:
    """Hours that each agency's longest unaccepted case waits, as a scrape tells it."""
    async with tracker.client() as anybody:
        text = (await anybody._http.get("/metrics")).text
    found = re.findall(r'^yousu_unaccepted_oldest_seconds\{agency="([\w-]+)"\} (\S+)$', text, re.MULTILINE)
    return {agency: float(seconds) / 3600 for agency, seconds in found}


async def test_a_scrape_tells_how_long_each_agency_leaves_a_case_and_counts_no_rest_days(tracker: TrackerAlone) -> None:
    await at(tracker, "2026-03-06T16:00:00+08:00")
    first = await tracker.opened()
    await at(tracker, "2026-03-06T20:00:00+08:00")
    second = await tracker.opened()
    await tracker.opened(lead_agency=OTHER, co_agencies=())
    assert await unaccepted(tracker) == {LEAD: 4, OTHER: 0}
    await at(tracker, "2026-03-09T02:00:00+08:00")
    assert await unaccepted(tracker) == {LEAD: 10, OTHER: 6}
    await tracker.step(first, "acceptance")
    assert await unaccepted(tracker) == {LEAD: 6, OTHER: 6}
    await tracker.step(second, "acceptance")
    assert await unaccepted(tracker) == {OTHER: 6}
