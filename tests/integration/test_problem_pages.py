"""What is wrong: to programs application/problem+json, to people a page, both with the trace of the log."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog

from shared.auth import Role
from shared.web.problem_page import wanted
from shared.web.signin import COOKIE
from tests.integration.system import System

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.fixture
async def http(system: System) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test", headers=HEADERS) as client:
        yield client


async def page(http: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """What a browser is answered; always a page of the house."""
    answer = await http.request(method, path, headers={"Accept": BROWSER, **more.pop("headers", {})}, **more)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "跳到正文" in answer.text
    return answer


def sign_in(http: httpx.AsyncClient, system: System, role: Role, agency: str | None = None) -> None:
    http.cookies.set(COOKIE, system.token(role, agency))


async def test_a_mistyped_address_tells_a_person_what_to_do(http: httpx.AsyncClient) -> None:
    answer = await page(http, "GET", "/complaint")
    assert answer.status_code == 404
    assert "没有这个地址" in answer.text
    assert all(f'href="{link}"' in answer.text for link in ("/", "/complaints", "/desk", "/board"))
    assert TRACE in answer.text
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/complaint", "*/*"), ("/complaint", "application/json"), ("/api/v1/nothing", BROWSER), ("/metrics/x", BROWSER)],
)
async def test_a_program_gets_the_same_problem_as_ever(http: httpx.AsyncClient, path: str, accept: str) -> None:
    answer = await http.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "urn:yousu:problem:not-found",
        "title": "没有这个地址",
        "status": 404,
        "detail": "没有这个地址",
        "trace_id": TRACE,
    }


async def test_a_method_that_an_address_does_not_take_is_told_both_ways(http: httpx.AsyncClient) -> None:
    told = await http.put("/api/v1/matters")
    assert (told.status_code, told.headers["allow"]) == (405, "GET")
    assert (told.json()["type"], told.json()["trace_id"]) == ("urn:yousu:problem:method-not-allowed", TRACE)
    seen = await page(http, "GET", "/board/sign-in")
    assert (seen.status_code, seen.headers["allow"]) == (405, "POST")
    assert 'href="/board"' in seen.text


async def test_a_body_that_cannot_be_read_has_its_trace_too(http: httpx.AsyncClient) -> None:
    told = await http.post("/api/v1/complaints", content=b"\xff", headers={"Content-Type": "application/json"})
    assert (told.status_code, told.json()["type"]) == (400, "urn:yousu:problem:unreadable-body")
    assert told.json()["trace_id"] == TRACE


@pytest.mark.parametrize(("path", "role", "home"), [("/desk", "agency", "/desk"), ("/board", "dispatcher", "/board")])
async def test_who_is_signed_in_with_the_wrong_token_can_take_another(
    system: System, http: httpx.AsyncClient, path: str, role: Role, home: str
) -> None:
    sign_in(http, system, role, "hn-gxt" if role == "agency" else None)
    refused = await page(http, "GET", path)
    assert refused.status_code == 403
    assert "需要的角色" in refused.text
    assert ("承办单位" in refused.text, "dispatcher" in refused.text) == (True, False)
    assert f'action="{home}/sign-out"' in refused.text
    left = await http.post(f"{home}/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, home)
    assert left.headers["set-cookie"].startswith(f'{COOKIE}=""; expires=')
    http.cookies.clear()
    assert (await page(http, "GET", path)).status_code == 401


async def test_a_number_with_a_wrong_check_digit_in_an_address_is_told_field_by_field(
    system: System, http: httpx.AsyncClient
) -> None:
    sign_in(http, system, "dispatcher")
    refused = await page(http, "GET", "/desk/2603101234567890")
    assert refused.status_code == 422
    assert "校验位不符" in refused.text
    assert (await page(http, "GET", "/desk/2603101234567891")).status_code == 404


async def test_a_form_from_elsewhere_and_one_too_long_are_refused_with_a_page(
    system: System, http: httpx.AsyncClient
) -> None:
    sign_in(http, system, "dispatcher")
    elsewhere = await page(http, "POST", "/desk/sign-out", headers={"Origin": "https://elsewhere.example"})
    assert (elsewhere.status_code, "请从本系统的页面提交" in elsewhere.text) == (403, True)
    long = await page(http, "POST", "/", content=b"x" * 300_000)
    assert (long.status_code, "内容过大" in long.text) == (413, True)


async def test_what_nobody_foresaw_is_answered_with_the_trace_of_its_log_line(
    system: System, http: httpx.AsyncClient
) -> None:
    async def failing() -> None:
        raise RuntimeError("a fault with 13803711234 in it")

    for path in ("/api/v1/failing", "/failing"):
        system.app.add_api_route(path, failing)
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logged:
        told = await http.get("/api/v1/failing")
        seen = await page(http, "GET", "/failing")
    assert (told.status_code, told.headers["content-type"]) == (500, "application/problem+json")
    assert told.json() == {
        "type": "urn:yousu:problem:internal",
        "title": "系统内部错误",
        "status": 500,
        "detail": "已记录，请稍后再试",
        "trace_id": TRACE,
    }
    assert told.headers["traceparent"].split("-")[1] == TRACE
    assert (seen.status_code, "系统内部错误" in seen.text, "13803711234" in seen.text) == (500, True, False)
    assert [(line["event"], line["trace_id"]) for line in logged if line["log_level"] == "error"] == [
        ("unexpected error", TRACE)
    ] * 2


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("TEXT/HTML ; level=1", True),
        ("application/json;q=0.5, text/html;q=0.8", True),
        ("text/html;q=0.5, application/problem+json", False),
        ("application/json, text/html", False),
        ("text/html;q=0", False),
        ("text/html;q=nan", False),
        ("text/html;q=١", False),
        ("*/*", False),
        ("", False),
        (";;,,q=", False),
    ],
)
def test_html_is_for_who_would_rather_have_it_than_json(accept: str, page: bool) -> None:
    scope = {"path": "/nowhere", "headers": [(b"accept", accept.encode("utf-8"))]}
    assert wanted(scope) is page
