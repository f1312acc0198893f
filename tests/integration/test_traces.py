"""What a complaint leaves behind: one trace through all services, its number in the log, no identity in clear."""

import asyncio

import httpx
from sqlalchemy import text
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.bus import Record
from shared.client import Filed
from tests.integration.system import System
from tests.samples import complaint

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def traces(system: System, service: str) -> set[str]:
    """The trace ids of the facts this service published."""
    async with system.service(service).database.reading() as session:
        found = await session.scalars(text("SELECT trace FROM outbox"))
        return {trace.split("-")[1] for trace in found}


async def test_the_trace_of_the_request_runs_through_every_service(system: System) -> None:
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        answer = await http.post("/api/v1/complaints", json=complaint(), headers=sent)
    assert answer.headers["traceparent"].split("-")[1] == TRACE
    await system.routed(Filed.model_validate(answer.json()))
    assert [await traces(system, name) for name in ("intake", "router", "tracker")] == [{TRACE}] * 3


async def test_who_complained_stands_in_no_file_in_clear(system: System) -> None:
    body = complaint(contact={"name": "欧阳司马", "phone": "13803719876"})
    async with system.client() as client:
        await system.routed(await client.file(body))
    kept = b"".join(path.read_bytes() for path in system.settings.data_dir.rglob("*") if path.is_file())
    assert len(kept) > 10_000
    for secret in ("欧阳司马", "13803719876", body["enterprise"]["uscc"]):
        assert secret.encode() not in kept


async def test_a_log_line_carries_the_complaints_number(system: System) -> None:
    number, tracker = "2611244839201754", system.service("tracker")
    with capture_logs(processors=[merge_contextvars]) as lines:
        await tracker.bus.send([Record(number, b"no fact at all", None)])
        async with asyncio.timeout(20):
            while not any(line["event"] == "fact parked" and line["service"] == "tracker" for line in lines):
                await asyncio.sleep(0)
    assert {line["number"] for line in lines if line["event"] == "fact parked"} == {number}
