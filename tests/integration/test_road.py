"""The road of a complaint through the whole embedded system, as its users walk it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.client import Refused
from tests.integration.system import System
from tests.samples import UNCLEAR, complaint


async def test_filed_assigned_accepted_replied_resolved_and_read_by_the_complainant(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        seen = await system.routed(filed)
        assert (seen.status, seen.lead_agency, seen.co_agencies) == ("assigned", "hn-gxt", ["hn-czt"])
        assert [due["stage"] for due in seen.deadlines] == ["accept", "reply", "resolve"]
        assert [case.number for case in (await agency.queue()).cases] == [filed.number]
        assert (await agency.accept(filed.number)).state == "handling"
        assert (await agency.reply(filed.number, "款项已列入计划", met=True)).state == "replied"
        assert (await agency.resolve(filed.number)).state == "resolved"
        done = await system.until(filed, "resolved")
        told = {entry["what"]: entry for entry in done.timeline}
        assert list(told) == ["filed", "assigned", "supervised", "accepted", "replied", "resolved"]
        assert told["replied"]["text"] == "款项已列入计划"
        assert (await agency.queue()).cases == []


async def test_an_agency_sees_its_own_cases_only(system: System) -> None:
    async with system.client() as enterprise:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
    async with system.client("agency", "hn-zrzy") as stranger:
        assert (await stranger.queue()).cases == []
        for step in (stranger.case(filed.number), stranger.accept(filed.number)):
            with pytest.raises(Refused) as refused:
                await step
            assert refused.value.status == 404
        with pytest.raises(Refused) as hidden:
            await stranger.request("GET", f"/api/v1/complaints/{filed.number}/identity")
        assert hidden.value.status == 403
    async with system.client("agency", "hn-czt") as co_agency:
        assert (await co_agency.case(filed.number)).state == "to_accept"
        with pytest.raises(Refused) as not_lead:
            await co_agency.accept(filed.number)
        assert not_lead.value.status == 403


async def test_the_handling_agency_reads_the_identity_and_the_look_is_recorded(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
        identity = await agency.request("GET", f"/api/v1/complaints/{filed.number}/identity")
        assert identity["phone"] == "+8613803711234"
        content = await agency.request("GET", f"/api/v1/complaints/{filed.number}/content")
        assert content["title"] == complaint()["title"]
    async with system.service("intake").database.reading() as session:
        looks = (await session.execute(text("SELECT what, who FROM look ORDER BY id"))).all()
    assert [tuple(look) for look in looks] == [("identity", "agency:hn-gxt"), ("content", "agency:hn-gxt")]


async def test_a_dispatcher_decides_what_the_machine_would_not(system: System) -> None:
    async with system.client() as enterprise, system.client("dispatcher") as desk:
        filed = await enterprise.file(complaint(**UNCLEAR))
        assert (await system.routed(filed)).status == "triage"
        waiting = await desk.request("GET", "/api/v1/triage")
        assert [item["number"] for item in waiting["items"]] == [filed.number]
        body = {"matter": "4.problem.2", "note": "用地"}
        decided = await desk.request("POST", f"/api/v1/triage/{filed.number}/decision", json=body)
        assert decided["lead_agency"] == "hn-zrzy"
        with pytest.raises(Refused) as again:
            await desk.request("POST", f"/api/v1/triage/{filed.number}/decision", json={"agency": "hn-fgw"})
        assert again.value.status == 409
        assert (await system.until(filed, "assigned")).lead_agency == "hn-zrzy"


async def test_a_held_complaint_that_nobody_decides_on_is_deemed_accepted_after_three_working_days(
    system: System,
) -> None:
    async with system.client() as enterprise:
        filed = await enterprise.file(complaint(**UNCLEAR))
        assert (await system.routed(filed)).status == "triage"
        system.clock.move(timedelta(days=4))
        seen = await system.until(filed, "assigned")
        assert seen.lead_agency == "hn-fgw"


async def test_a_missed_deadline_gives_a_red_card_once_and_a_near_one_a_yellow(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
        system.clock.move(timedelta(days=2))
        async with asyncio.timeout(20):
            while (card := (await agency.case(filed.number)).deadlines[0]["card"]) != "red":
                await asyncio.sleep(0.05)
        assert card == "red"
        listed = await agency.request("GET", "/api/v1/cases", params={"card": "red"})
        assert [case["number"] for case in listed["cases"]] == [filed.number]


async def test_a_withdrawn_complaint_leaves_the_queue(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
        assert (await enterprise.withdraw(filed.number, filed.access_code)).status == "withdrawn"
        async with asyncio.timeout(20):
            while (await agency.queue()).cases:
                await asyncio.sleep(0.02)
        with pytest.raises(Refused) as refused:
            await agency.accept(filed.number)
        assert refused.value.status == 409


async def test_a_claim_is_a_lease_and_a_late_write_is_refused_by_its_fence(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
        (mine,) = await agency.claim(limit=5, lease_seconds=60)
        assert await agency.claim(limit=5) == []
        await agency.renew(mine, lease_seconds=60)
        system.clock.move(timedelta(seconds=61))
        (theirs,) = await agency.claim(limit=5, lease_seconds=60)
        assert theirs.fence == (mine.fence or 0) + 1
        with pytest.raises(Refused) as late:
            await agency.accept(filed.number, fence=mine.fence)
        assert (late.value.status, late.value.type) == (409, "urn:yousu:problem:fence-lost")
        assert (await agency.accept(filed.number, fence=theirs.fence)).state == "handling"
        await agency.release(theirs)
        assert [case.number for case in await agency.claim()] == [filed.number]


async def test_if_match_of_an_older_version_is_refused(system: System) -> None:
    async with system.client() as enterprise, system.client("agency", "hn-gxt") as agency:
        filed = await enterprise.file(complaint())
        await system.routed(filed)
        path = f"/api/v1/cases/{filed.number}/acceptance"
        with pytest.raises(Refused) as stale:
            await agency.request("POST", path, json={}, headers={"If-Match": '"1"'})
        assert stale.value.status == 412
        version = (await agency.case(filed.number)).version
        await agency.request("POST", path, json={}, headers={"If-Match": f'"{version}"'})
