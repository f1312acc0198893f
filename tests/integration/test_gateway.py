"""The gateway as a real nginx: addresses that no service has, and what it says by itself."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.yousu.distributed import gateway
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from tests.conftest import free_port, require

ROOT = Path(__file__).parents[2]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx before a process that has all services; where the router should be there is nobody."""
    require(not gateway.missing(), "nginx")
    home, port, here = tmp_path_factory.mktemp("gateway"), free_port(), free_port()
    replicas = {"intake": [here], "router": [free_port()], "tracker": [here]}
    order = gateway.prepare(home, "127.0.0.1", port, replicas)
    environment = {"YOUSU_PORT": str(here), "YOUSU_DATA_DIR": str(home / "var")}
    serve = [sys.executable, "-m", "services.yousu", "serve"]
    programs = [
        Program("yousu", serve, lambda: accepts(here), environment),
        Program("gateway", order, lambda: accepts(port)),
    ]
    running = [Kept(program, home, home) for program in programs]
    for kept in running:
        kept.start()
    yield f"http://127.0.0.1:{port}"
    for kept in reversed(running):
        kept.stop()


@pytest.mark.parametrize("path", ["/nowhere", "/complaint", "/boards", "/board/nowhere/at/all"])
def test_a_person_at_an_address_that_nobody_has_gets_a_page(origin: str, path: str) -> None:
    answer = httpx.get(origin + path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有这个地址" in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/api/v2/cases", "/api/v1/queue/nowhere"])
def test_a_program_at_an_address_that_nobody_has_gets_a_problem_with_its_trace(origin: str, path: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = httpx.get(origin + path, headers={"traceparent": trace})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:yousu:problem:not-found",
        "title": "没有这个地址",
        "status": 404,
        "detail": "没有这个地址",
        "trace_id": trace.split("-")[1],
    }


def test_of_a_service_that_is_away_a_program_reads_a_problem_and_a_person_a_page(origin: str) -> None:
    told = httpx.get(f"{origin}/api/v1/matters", headers=BROWSER)
    assert (told.status_code, told.headers["content-type"]) == (502, "application/problem+json")
    assert (told.json()["type"], told.json()["status"]) == ("urn:yousu:problem:unavailable", 502)
    assert httpx.get(f"{origin}/desk").json() == told.json()
    seen = httpx.get(f"{origin}/desk", headers=BROWSER)
    assert (seen.status_code, seen.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "服务暂不可用" in seen.text
    assert httpx.get(f"{origin}/board", headers=BROWSER).status_code == 401


def test_a_body_too_long_for_the_gateway_is_refused_as_by_a_service(origin: str) -> None:
    sizes = (300_000, 600_000)
    for size in sizes:
        told = httpx.post(f"{origin}/api/v1/complaints", content=b"x" * size)
        assert (told.status_code, told.headers["content-type"]) == (413, "application/problem+json")
        assert told.json()["type"] == "urn:yousu:problem:too-large"


@pytest.mark.parametrize("path", ["deploy/gateway/compose.conf", "deploy/kubernetes/base/gateway.conf"])
def test_every_gateway_says_the_same(path: str) -> None:
    lines = {line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()}
    ours = [line.strip() for line in f"{gateway.READERS}{gateway.PROBLEMS}".splitlines()]
    assert [line for line in ours if line not in lines] == []
    assert len(re.findall(r"error_page|location @", (ROOT / path).read_text(encoding="utf-8"))) == 5
