"""Intake's door: what is wrong is named, in Chinese, and leaves nothing behind."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared.client import Client, Refused
from shared.events import ComplaintFiled
from tests.integration.system import System
from tests.samples import complaint, uscc

FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"region": "110101"}, "region"),
    ({"region": None}, "region"),
    ({"title": "短"}, "title"),
    ({"title": "长" * 101}, "title"),
    ({"title": "两行\n的标题"}, "title"),
    ({"description": "太短"}, "description"),
    ({"description": "有控制字符\x00在其中的一段描述"}, "description"),
    ({"description": " " * 50}, "description"),
    ({"matter": "99.problem.1"}, "matter"),
    ({"amount": "-1"}, "amount"),
    ({"amount": "12.345"}, "amount"),
    ({"amount": "NaN"}, "amount"),
    ({"amount": 12.5}, "amount"),
    ({"amount": "1e30"}, "amount"),
    ({"amout": "1.00"}, "amout"),
    ({"confidential": "maybe"}, "confidential"),
    ({"respondent": {"name": "某局", "agency": "nobody"}}, "respondent.agency"),
    ({"enterprise": {"name": "某公司", "uscc": "91410100MA9K2ABC1X"}}, "enterprise.uscc"),
    ({"enterprise": {"name": "某公司", "uscc": uscc()[:17]}}, "enterprise.uscc"),
    ({"enterprise": "某公司"}, "enterprise"),
    ({"contact": {"name": "李", "phone": "123"}}, "contact.phone"),
    ({"contact": {"name": "李", "phone": "13803711234", "email": "no"}}, "contact.email"),
]


async def stored(system: System) -> int:
    async with system.service("intake").database.reading() as session:
        complaints = (await session.execute(text("SELECT count(*) FROM complaint"))).scalar_one()
        facts = (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
    return int(complaints + facts)


async def test_every_wrong_field_is_named_with_a_reason_in_chinese_and_nothing_is_stored(system: System) -> None:
    async with system.client() as client:
        for changes, field in FIELDS:
            with pytest.raises(Refused) as refused:
                await client.file(complaint(**changes))
            assert refused.value.status == 422, changes
            assert refused.value.type == "urn:yousu:problem:invalid"
            named = {error["field"]: error["reason"] for error in refused.value.errors}
            assert field in named, (changes, named)
            assert any("一" <= character <= "鿿" for character in named[field]), named
    assert await stored(system) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"title": "\\ud800"}', b"[" * 20_000],
    ids=["empty", "cut", "list", "null", "text", "not utf-8", "lone surrogate", "deep"],
)
async def test_a_body_that_is_no_complaint_is_a_4xx_problem(system: System, body: bytes) -> None:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        answer = await http.post("/api/v1/complaints", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert await stored(system) == 0


async def test_a_body_over_the_limit_is_413(system: System) -> None:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        answer = await http.post("/api/v1/complaints", content=b"x" * 300_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:yousu:problem:too-large")


async def test_the_same_key_and_body_give_the_same_complaint_and_another_body_is_refused(system: System) -> None:
    async with system.client() as client:
        first = await client.file(complaint(), idempotency_key="k-1")
        again = await client.file(complaint(), idempotency_key='"k-1"')
        assert (again.number, again.access_code) == (first.number, first.access_code)
        with pytest.raises(Refused) as other:
            await client.file(complaint(2), idempotency_key="k-1")
        assert (other.value.status, other.value.type) == (422, "urn:yousu:problem:idempotency-mismatch")
        with pytest.raises(Refused) as invalid:
            await client.file(complaint(), idempotency_key="k" * 256)
        assert invalid.value.status == 422


async def test_two_requests_at_once_under_one_key_make_one_complaint(system: System) -> None:
    async with system.client() as client:
        answers = await asyncio.gather(
            *(client.file(complaint(), idempotency_key="k-2") for _ in range(8)), return_exceptions=True
        )
    numbers = {answer.number for answer in answers if not isinstance(answer, BaseException)}
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(numbers) == 1
    assert {refusal.status for refusal in refused} <= {409}


async def test_a_wrong_access_code_is_not_told_from_an_unknown_number_and_tries_are_limited(system: System) -> None:
    async with system.client() as client:
        filed = await client.file(complaint())
        tries = system.service("intake").parts.settings.code_tries
        for _ in range(tries):
            assert await _status(client, filed.number, "WRONGCODE2") == 404
        assert await _status(client, "2603100000000000", "WRONGCODE2") in (404, 422)
        assert await _status(client, filed.number, filed.access_code) == 429
        system.clock.move(timedelta(hours=1))
        assert await _status(client, filed.number, filed.access_code) == 200


async def _status(client: Client, number: str, code: str) -> int:
    try:
        await client.look_up(number, code)
    except Refused as refused:
        return refused.status
    return 200


async def test_a_number_with_a_typing_error_is_told_from_one_that_does_not_exist(system: System) -> None:
    async with system.client() as client:
        filed = await client.file(complaint())
        wrong = filed.number[:-1] + str((int(filed.number[-1]) + 1) % 10)
        with pytest.raises(Refused) as refused:
            await client.look_up(wrong, filed.access_code)
        assert (refused.value.status, refused.value.type) == (422, "urn:yousu:problem:number-invalid")
        spaced = f"{filed.number[:6]}-{filed.number[6:12]} {filed.number[12:]}"
        assert (await client.look_up(spaced, filed.access_code)).number == filed.number


@pytest.mark.parametrize("token", ["Bearer x", "Basic eDp5", "Bearer", "Bearer a.b.c", "Bearer " + "x" * 5000])
async def test_a_bad_token_is_401_everywhere(system: System, token: str) -> None:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        for path in ("/api/v1/queue", "/api/v1/triage", "/api/v1/cases", "/api/v1/parked/intake"):
            answer = await http.get(path, headers={"authorization": token})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("enterprise", "/api/v1/queue", 403),
        ("enterprise", "/api/v1/cases", 403),
        ("supervisor", "/api/v1/cases", 200),
        ("dispatcher", "/api/v1/triage", 200),
        ("enterprise", "/api/v1/triage", 403),
        ("supervisor", "/api/v1/parked/tracker", 403),
        ("admin", "/api/v1/parked/tracker", 200),
    ],
)
async def test_each_role_opens_its_own_doors(system: System, role: Any, path: str, status: int) -> None:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        answer = await http.get(path, headers={"authorization": f"Bearer {system.token(role)}"})
    assert answer.status_code == status


async def test_no_personal_data_is_in_a_fact(system: System) -> None:
    body = complaint(
        description="请联系李建国，电话13803711234，邮箱li@example.com，账号6222021304005678901，尽快付款。"
    )
    async with system.client() as client:
        await system.routed(await client.file(body))
    bus = system.service("intake").bus
    told = [d.value.decode() for p in range(12) async for d in bus.replay(p)]
    assert len(told) >= 3
    for secret in ("13803711234", "li@example.com", "6222021304005678901", body["enterprise"]["uscc"], "宏远阀门"):
        assert not any(secret in fact for fact in told)


async def test_the_mapping_is_served_whole(system: System) -> None:
    async with system.client() as client:
        found = await client.request("GET", "/api/v1/matters")
        assert len(found["matters"]) == 76
        assert {len(m["leads"]) > 0 for m in found["matters"] if m["local"]} == {False}
        agencies = await client.request("GET", "/api/v1/agencies")
        assert len(agencies["agencies"]) == 32 + 18


async def test_deadlines_can_be_asked_for_beforehand(system: System) -> None:
    async with system.client() as client:
        query = {"start": "2026-09-30T10:00:00+08:00", "limit": 3, "unit": "working_day"}
        found = await client.request("GET", "/api/v1/deadlines/preview", params=query)
        assert found == {"due_at": "2026-10-10T23:59:59+08:00", "provisional": False}
        with pytest.raises(Refused) as refused:
            await client.request("GET", "/api/v1/deadlines/preview", params=query | {"start": "2090-01-01T00:00:00Z"})
        assert refused.value.status == 422


async def test_health_readiness_and_metrics_answer(system: System) -> None:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        assert (await http.get("/healthz")).json()["status"] == "ok"
        assert (await http.get("/readyz")).status_code == 200
        metrics = await http.get("/metrics")
        assert 'yousu_outbox_oldest_seconds{service="router"} 0.0' in metrics.text
        assert (await http.get("/nowhere")).json()["type"] == "urn:yousu:problem:not-found"
        assert json.loads((await http.get("/api/v1/queue")).text)["status"] == 401


async def test_a_parked_fact_keeps_its_complaint_waiting_and_is_put_back_in_order(system: System) -> None:
    router = system.service("router")
    broken = {"on": True}

    async def failing(fact: Any, tx: Any) -> None:
        if broken["on"]:
            raise ValueError("a fault in the handler")
        await router.parts.router.route(fact, tx)

    router.consumer.handlers = {**router.consumer.handlers, ComplaintFiled: failing}
    async with system.client() as client, system.client("admin") as admin:
        filed = await client.file(complaint())
        await client.withdraw(filed.number, filed.access_code)
        async with asyncio.timeout(20):
            while len((await admin.request("GET", "/api/v1/parked/router"))["parked"]) < 2:
                await asyncio.sleep(0.05)
        broken["on"] = False
        result = await admin.request("POST", f"/api/v1/parked/router/{filed.number}")
        assert (result["done"], result["error"]) == (2, None)
        assert (await admin.request("GET", "/api/v1/parked/router"))["parked"] == []
    async with router.database.reading() as session:
        assert (await session.execute(text("SELECT state FROM routing"))).scalar_one() == "ended"
