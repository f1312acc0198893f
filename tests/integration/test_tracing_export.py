"""Spans told to a collector: one complaint is one trace, each span below what caused it; silence when switched off."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from services.intake.app import build as build_intake
from services.router.app import build_with
from services.router.domain import UNREAD
from services.router.settings import RouterSettings
from services.tracker.app import build as build_tracker
from shared import trace
from shared.bus import Record
from shared.client import Filed
from shared.composition import Surroundings
from shared.runtime import Service
from shared.telemetry import MISSING, telling
from shared.testing import ManualClock
from tests.conftest import free_port, wait_until
from tests.integration.system import System, embedded
from tests.samples import complaint

TRACE, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NUMBER = "2611244839201754"


class Collector:
    """A tiny OTLP/HTTP receiver on this machine: what it was sent, as spans."""

    def __init__(self, port: int) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v1/traces":
                    bodies.append(body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.endpoint = f"http://127.0.0.1:{port}"
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def resources(self) -> Iterator[Any]:
        for body in self.bodies:
            yield from ExportTraceServiceRequest.FromString(body).resource_spans

    def spans(self) -> "Told":
        return Told([s for resource in self.resources() for scope in resource.scope_spans for s in scope.spans])


class Told:
    """Finished spans, and how they hang together."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans

    def named(self, name: str, **attributes: object) -> Span:
        """The one span of this name with these attributes (`yousu_number` for yousu.number)."""
        wanted = {key.replace("_", ".", 1): value for key, value in attributes.items()}
        found = [s for s in self.spans if s.name == name and wanted.items() <= about(s).items()]
        assert len(found) == 1, f"{name} {wanted}: {len(found)} of {sorted(s.name for s in self.spans)}"
        return found[0]

    def below(self, span: Span) -> list[Span]:
        return [one for one in self.spans if one.parent_span_id == span.span_id]

    def only_below(self, span: Span) -> Span:
        found = self.below(span)
        assert len(found) == 1, [one.name for one in found]
        return found[0]


def about(span: Span) -> Mapping[str, object]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector(free_port())
    yield found
    found.close()


def _build_router(around: Surroundings) -> Service[Any]:
    return build_with(around, RouterSettings(), lambda _title, _text: UNREAD, UNREAD.reader)


@asynccontextmanager
async def running(folder: Path, clock: ManualClock) -> AsyncIterator[System]:
    """The three services; the router reads no texts, a matter that was chosen decides."""
    async with embedded(folder / "data", clock, (build_intake, _build_router, build_tracker)) as system:
        yield system


async def in_queue(system: System) -> str:
    """The number of the one case in the agency's queue, once it is there."""
    async with asyncio.timeout(20), system.client("agency", "hn-gxt") as client:
        while not (cases := (await client.request("GET", "/api/v1/queue"))["cases"]):
            await asyncio.sleep(0.02)
    return str(cases[0]["number"])


async def shown(system: System, number: str) -> None:
    """Once the complainant sees the deadlines: the last fact of this road has arrived."""
    async with asyncio.timeout(20), system.client("supervisor") as client:
        while not (await client.request("GET", f"/api/v1/complaints/{number}"))["deadlines"]:
            await asyncio.sleep(0.02)


def form() -> dict[str, str]:
    body = complaint()
    nested = {f"{outer}.{inner}": v for outer in ("enterprise", "contact") for inner, v in body.pop(outer).items()}
    return {**body, **nested}


async def test_one_complaint_from_the_form_to_the_agencys_queue_is_one_trace(
    tmp_path: Path, clock: ManualClock, collector: Collector
) -> None:
    with telling("yousu", collector.endpoint):
        async with running(tmp_path, clock) as system:
            sent = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
            async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
                answer = await http.post("/", data=form(), headers=sent)
            assert answer.status_code == 201
            number = await in_queue(system)
            await shown(system, number)
    told = collector.spans()
    ours = Told([span for span in told.spans if span.trace_id.hex() == TRACE])
    request = ours.named("POST /")
    assert (request.parent_span_id.hex(), request.kind) == (ABOVE, Span.SPAN_KIND_SERVER)
    assert about(request)["http.response.status_code"] == 201
    step = request
    for hop, service in (("ComplaintFiled", "router"), ("ComplaintAssigned", "tracker")):
        handler = ours.only_below(step)
        assert handler.kind == Span.SPAN_KIND_INTERNAL
        send = next(one for one in ours.below(handler) if one.name == f"send {hop}")
        assert send.kind == Span.SPAN_KIND_PRODUCER
        step = next(one for one in ours.below(send) if about(one)["yousu.service"] == service)
        assert (step.name, step.kind) == (f"consume {hop}", Span.SPAN_KIND_CONSUMER)
    opened = ours.only_below(step)
    assert "send CaseOpened" in {one.name for one in ours.below(opened)}
    assert {about(span)["yousu.number"] for span in ours.spans} == {number}
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in ours.spans)
    assert all(span.status.code == Status.STATUS_CODE_UNSET for span in ours.spans)


async def test_a_parent_ends_after_it_began_and_no_parent_is_missing(
    tmp_path: Path, clock: ManualClock, collector: Collector
) -> None:
    with telling("yousu", collector.endpoint):
        async with running(tmp_path, clock) as system:
            async with system.client() as client:
                filed = await client.file(complaint())
            await system.routed(filed)
    spans = {span.span_id: span for span in collector.spans().spans}
    assert len(spans) > 8
    for span in spans.values():
        if span.parent_span_id:
            assert spans[span.parent_span_id].trace_id == span.trace_id
            assert spans[span.parent_span_id].start_time_unix_nano <= span.start_time_unix_nano


async def test_nothing_a_person_wrote_is_told(tmp_path: Path, clock: ManualClock, collector: Collector) -> None:
    body = complaint(contact={"name": "欧阳司马", "phone": "13803719876"}, title="某镇拖欠桥梁工程款")
    with telling("yousu", collector.endpoint):
        async with running(tmp_path, clock) as system:
            async with system.client() as client:
                filed = await client.file(body)
                await client.look_up(filed.number, filed.access_code)
            await system.routed(filed)
            async with system.client("supervisor") as client:
                await client.request("GET", "/api/v1/cases", params={"q": "桥梁工程"})
    told = b"".join(collector.bodies)
    assert filed.number.encode() in told
    for secret in ("欧阳司马", "13803719876", "桥梁工程", filed.access_code, body["enterprise"]["uscc"]):
        assert secret.encode() not in told


async def test_a_fact_nobody_can_read_ends_its_span_badly_and_its_log_line_names_the_span(
    tmp_path: Path, clock: ManualClock, collector: Collector
) -> None:
    with telling("yousu", collector.endpoint), capture_logs(processors=[merge_contextvars]) as lines:
        async with running(tmp_path, clock) as system:
            await system.service("tracker").bus.send([Record(NUMBER, b"no fact", f"00-{TRACE}-{ABOVE}-01")])
            async with asyncio.timeout(20):
                while sum(line["event"] == "fact parked" for line in lines) < 3:
                    await asyncio.sleep(0.02)
    parked = [span for span in collector.spans().spans if span.name == "consume unreadable"]
    assert {about(span)["yousu.service"] for span in parked} == {"intake", "router", "tracker"}
    assert {(span.status.code, about(span)["error.type"]) for span in parked} == {
        (Status.STATUS_CODE_ERROR, "Unreadable")
    }
    logged = {(line["trace_id"], line["span_id"]) for line in lines if line["event"] == "fact parked"}
    assert logged == {(span.trace_id.hex(), span.span_id.hex()) for span in parked}


async def test_a_refused_request_is_told_as_refused_and_not_as_a_failure(
    tmp_path: Path, clock: ManualClock, collector: Collector
) -> None:
    with telling("yousu", collector.endpoint):
        async with running(tmp_path, clock) as system, system.client() as client:
            filed = await client.file(complaint())
            http = client._http
            headers = {"X-Access-Code": filed.access_code}
            await http.post(
                f"/api/v1/complaints/{filed.number}/rating", json={"grade": 5, "solved": True}, headers=headers
            )
            await http.get("/healthz")
    told = collector.spans()
    rating = told.named("POST /api/v1/complaints/{number}/rating", yousu_number=filed.number)
    assert about(rating)["http.response.status_code"] == 409
    assert rating.status.code == Status.STATUS_CODE_UNSET
    handler = told.only_below(rating)
    assert str(about(handler)["yousu.problem"]).startswith("urn:yousu:problem:")
    assert not [span for span in told.spans if "healthz" in span.name]


async def test_a_deadline_that_fires_begins_a_trace_of_its_own(
    tmp_path: Path, clock: ManualClock, collector: Collector
) -> None:
    with telling("yousu", collector.endpoint):
        async with running(tmp_path, clock) as system:
            async with system.client() as client:
                filed = await client.file(complaint(matter=None))
            await system.until(filed, "triage")
            clock.move(timedelta(days=10))
            await system.until(filed, "assigned")
    told = collector.spans()
    fired = [s for s in told.spans if s.name.startswith("timer ") and about(s)["yousu.service"] == "router"]
    assert [(about(span)["yousu.number"], span.parent_span_id) for span in fired] == [(filed.number, b"")]
    handler = told.only_below(fired[0])
    sends = told.below(handler)
    assert {span.name for span in sends} >= {"send ComplaintAssigned"}


def test_a_process_told_to_by_its_environment_tells_under_its_name(tmp_path: Path, collector: Collector) -> None:
    port = free_port()
    environment = {"YOUSU_PORT": str(port), "YOUSU_DATA_DIR": str(tmp_path), "YOUSU_OTLP_ENDPOINT": collector.endpoint}
    process = serve_intake(environment)
    try:
        wait_until(lambda: answers(port), 60, "intake is ready")
        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/complaints", json=complaint())
        filed = Filed.model_validate(answer.json())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    told = collector.spans()
    request = told.named("POST /api/v1/complaints", yousu_number=filed.number)
    assert answer.headers["traceparent"] == f"00-{request.trace_id.hex()}-{request.span_id.hex()}-01"
    names = {pair.key: pair.value.string_value for one in collector.resources() for pair in one.resource.attributes}
    assert (names["service.name"], names["service.namespace"]) == ("intake", "yousu")


def serve_intake(environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "services.intake"]
    return subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_collector_that_is_away_holds_up_neither_a_request_nor_the_end(tmp_path: Path) -> None:
    port, nobody = free_port(), free_port()
    environment = {"YOUSU_PORT": str(port), "YOUSU_DATA_DIR": str(tmp_path)}
    process = serve_intake({**environment, "YOUSU_OTLP_ENDPOINT": f"http://127.0.0.1:{nobody}"})
    try:
        wait_until(lambda: answers(port), 60, "intake is ready")
        for seed in range(1, 20):
            assert httpx.post(f"http://127.0.0.1:{port}/api/v1/complaints", json=complaint(seed)).status_code == 201
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


#: Runs intake for one complaint and prints which modules of OpenTelemetry's that took.
_WITHOUT = """
import asyncio, json, sys
from pathlib import Path
from datetime import UTC, datetime
from services.intake.app import build
from shared.settings import Settings
from shared.telemetry import telling
from shared.testing import ManualClock, Rig
import httpx
from shared.web.application import application
from tests.samples import complaint

async def main():
    with telling("intake", Settings().otlp_endpoint):
        rig = await Rig.build([build], Path(sys.argv[1]), ManualClock(datetime(2026, 3, 10, tzinfo=UTC)))
        app = application(list(rig.services.values()), rig.bus, rig.around.verifier, rig.around.settings)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://yousu.test") as http:
            assert (await http.post("/api/v1/complaints", json=complaint())).status_code == 201
        await rig.settle()
        await rig.close()

asyncio.run(main())
print(json.dumps(sorted(name for name in sys.modules if name.startswith("opentelemetry."))))
"""


def test_switched_off_nothing_that_sends_is_imported(tmp_path: Path) -> None:
    """FastAPI itself imports OpenTelemetry's interface, which does nothing; what records and sends is not touched."""
    environment = {name: value for name, value in os.environ.items() if name != "YOUSU_OTLP_ENDPOINT"}
    order = [sys.executable, "-c", _WITHOUT, str(tmp_path)]
    run = subprocess.run(order, env=environment, capture_output=True, text=True, check=True)
    imported = json.loads(run.stdout.splitlines()[-1])
    sending = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto")
    assert [name for name in imported if name.startswith(sending)] == []


def test_switched_off_a_span_is_kept_by_nobody() -> None:
    assert trace.begin(None, "consume", "consumer") is None
    with trace.span(None, "work") as mine:
        trace.note(name="other", number=NUMBER)
        assert trace.ids(mine)["trace_id"] == mine.split("-")[1]
    assert trace._open == {}


def test_switched_on_without_the_packages_a_process_says_so_and_does_not_start(tmp_path: Path) -> None:
    hidden = "import runpy, sys; sys.modules['opentelemetry.sdk'] = None; runpy.run_module('services.intake')"
    environment = {**os.environ, "YOUSU_DATA_DIR": str(tmp_path), "YOUSU_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    run = subprocess.run(
        [sys.executable, "-c", hidden], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 2
    assert MISSING in run.stderr


@pytest.mark.parametrize(
    "word",
    [None, "", "nonsense", f"00-{'0' * 32}-{ABOVE}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{ABOVE}-01"],
)
def test_a_traceparent_that_is_none_begins_a_new_trace(word: str | None) -> None:
    assert trace.ids(word) == {}
    assert trace.child_of(word).split("-")[1] not in {TRACE, "0" * 32}
