"""The whole API asked once through, over HTTP, as enterprises, agencies, staff and an admin ask it.

`python -m tests.integration.life` writes the documents anew with what was answered as their examples.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from services.intake.app import build as build_intake
from services.router.app import build_with
from services.router.domain import Read, Reading
from services.router.settings import RouterSettings
from services.tracker.app import build as build_tracker
from services.tracker.webhooks.sending import Sender
from services.yousu.documents import write
from shared.auth import Role
from shared.bus import Record
from shared.composition import Surroundings, issuer
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from shared.web.application import application
from shared.web.documents_openapi import GIVEN, given_answers
from tests.integration.answers import Answer, Held, operation_of, operations
from tests.integration.examples import chosen
from tests.integration.receiver import Receiver, receiving
from tests.integration.system import System, embedded
from tests.samples import UNCLEAR, uscc

LEAD, CO = "hn-gxt", "hn-czt"
START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
#: What a reader makes of a text that it is not sure of.
UNSURE = Read(
    (Reading("6.problem.4", 0.62), Reading("6.problem.3", 0.17)), 0.05, sure=0.9, doubt=0.3, reader="8fe87fbf"
)


def build_router(around: Surroundings) -> Service[Any]:
    """The router with a reader that says the same on every machine."""
    return build_with(around, RouterSettings(), lambda _title, _text: UNSURE, UNSURE.reader)


class Life:
    """The three services, stepped; everything that they answered is in `answers`."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.answers, self.codes = rig, list[Answer](), dict[str, str]()
        around = rig.around
        self.app = application(list(rig.services.values()), rig.bus, around.verifier, around.settings)

    async def ask(self, method: str, path: str, role: Role | None = None, body: Any = None, **more: Any) -> Any:
        """One request, with the document's own example as its body where none is given; the answer's body."""
        agency, code = more.pop("agency", LEAD), more.pop("code", None)
        headers = {"X-Access-Code": code} if code else {}
        if role is not None:
            token = issuer(self.rig.around.settings).token(role, agency=agency if role == "agency" else None)
            headers["Authorization"] = f"Bearer {token}"
        transport = Held(httpx.ASGITransport(self.app, raise_app_exceptions=False), self.answers.append)
        async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test", headers=headers) as http:
            sent = await http.request(method, path, json=_example(method, path) if body is None else body, **more)
        await self.rig.settle()
        self.rig.clock.move(timedelta(minutes=1))
        assert sent.status_code < 400, sent.text
        return self.answers[-1].body

    async def file(self, **changes: Any) -> str:
        """A complaint is filed; its number."""
        filed = await self.ask("POST", "/api/v1/complaints", body={**_example("POST", "/api/v1/complaints"), **changes})
        self.codes[filed["number"]] = filed["access_code"]
        return str(filed["number"])

    async def say(self, number: str, what: str, body: Any = None) -> Any:
        """The complainant does this."""
        return await self.ask("POST", f"/api/v1/complaints/{number}/{what}", body=body, code=self.codes[number])

    async def step(self, number: str, step: str, body: Any = None, role: Role = "agency", agency: str = LEAD) -> Any:
        return await self.ask("POST", f"/api/v1/cases/{number}/{step}", role, body, agency=agency)

    async def pass_days(self, days: int) -> None:
        for _ in range(days):
            self.rig.clock.move(timedelta(days=1))
            await self.rig.settle()


def _example(method: str, path: str) -> Any:
    operation = operations()[str(operation_of(method, path))]
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["example"] if content else None


async def whole_life(folder: Path, clock: ManualClock) -> list[Answer]:
    """Every operation of the three services; YOUSU_TRACKER_WEBHOOK_PRIVATE lets the tracker call this machine."""
    rig = await Rig.build([build_intake, build_router, build_tracker], folder, clock)
    try:
        life = Life(rig)
        await _mapping(life)
        number = await life.file()
        await life.ask("GET", f"/api/v1/complaints/{number}", code=life.codes[number])
        await _desk(life)
        await _queue(life)
        await _handling(life, number)
        await _after(life, number)
        await _supervision(life)
        await _webhooks(life)
        await _files(life)
        await _parked(life, number)
        return life.answers
    finally:
        await rig.close()


async def _mapping(life: Life) -> None:
    for path in ("matters", "agencies"):
        await life.ask("GET", f"/api/v1/{path}")
    await life.ask("POST", "/api/v1/routing/preview")
    due = {"start": "2026-09-30T10:00:00+08:00", "limit": 3}
    await life.ask("GET", "/api/v1/deadlines/preview", params=due)


async def _desk(life: Life) -> None:
    number, more, stray = [await life.file(**UNCLEAR, amount=None, enterprise=_enterprise(seed)) for seed in (2, 3, 4)]
    await life.ask("GET", "/api/v1/triage", "dispatcher")
    await life.ask("GET", f"/api/v1/triage/{number}", "dispatcher")
    await life.ask("POST", f"/api/v1/triage/{number}/decision", "dispatcher")
    await life.ask("GET", f"/api/v1/routing/{number}", "dispatcher")
    asked = {"supplement": {"reason": "请补充合同编号", "days": 5}}
    await life.ask("POST", f"/api/v1/triage/{more}/decision", "dispatcher", asked)
    await life.say(more, "supplements")
    await life.say(more, "withdrawal")
    refusal = {"refusal": {"code": "CIVIL_DISPUTE", "reason": "企业之间的合同纠纷，请依合同约定解决"}}
    await life.ask("POST", f"/api/v1/triage/{stray}/decision", "dispatcher", refusal)
    await life.ask("POST", f"/api/v1/triage/{stray}/refusal-approval", "supervisor", {"approved": True})
    await life.ask("GET", "/api/v1/routing/accuracy", "supervisor")
    await life.ask("GET", "/api/v1/routing/versions", "supervisor")


def _enterprise(seed: int) -> dict[str, str]:
    return {"name": "郑州宏远阀门有限公司", "uscc": uscc(seed)}


async def _queue(life: Life) -> None:
    await life.ask("GET", "/api/v1/queue", "agency", params={"limit": 1})
    await life.ask("GET", "/api/v1/queue/opinions", "agency", agency=CO)
    (first, *_) = (await life.ask("POST", "/api/v1/queue/claims", "agency"))["cases"]
    claim, fence = f"/api/v1/queue/claims/{first['number']}", {"fence": first["fence"]}
    await life.ask("PUT", claim, "agency", fence)
    await life.ask("DELETE", claim, "agency", params=fence)
    await life.ask("GET", "/api/v1/cases", "supervisor", params={"limit": 1, "class": "arrears"})


async def _handling(life: Life, number: str) -> None:
    await life.step(number, "acceptance")
    await life.ask("GET", f"/api/v1/cases/{number}", "agency")
    for what in ("identity", "content"):
        await life.ask("GET", f"/api/v1/complaints/{number}/{what}", "agency")
    await life.step(number, "suspension")
    await life.step(number, "resumption")
    asked = await life.step(number, "extension-requests")
    await life.ask("GET", "/api/v1/extension-requests", "supervisor")
    await life.ask("POST", f"/api/v1/extension-requests/{asked['id']}/decision", "supervisor")
    await life.step(number, "opinions", agency=CO)
    await life.step(number, "arrears")
    await life.step(number, "replies")
    await life.step(number, "resolution")


async def _after(life: Life, number: str) -> None:
    await life.say(number, "review")
    await life.ask("GET", "/api/v1/reviews", "supervisor")
    await life.step(number, "review-decision", role="supervisor")
    await life.say(number, "rating")


async def _supervision(life: Life) -> None:
    given, simple = [await life.file(enterprise=_enterprise(seed)) for seed in (5, 6)]
    returned = await life.file(enterprise=_enterprise(7), matter="6.problem.3")
    await life.step(simple, "class", role="dispatcher")
    lead = (await life.ask("GET", f"/api/v1/cases/{returned}", "supervisor"))["lead_agency"]
    await life.step(returned, "return", agency=lead)
    order = (await life.step(given, "supervision-orders", role="supervisor"))["order"]
    await life.ask("POST", f"/api/v1/supervision-orders/{order}/reply", "agency")
    await life.ask("GET", "/api/v1/supervision-orders", "supervisor")
    await life.pass_days(20)
    await life.ask("GET", "/api/v1/bulletin", "supervisor")
    await life.ask("GET", "/api/v1/indicators", "supervisor", params={"from": "2026-03-01", "group": "agency"})


async def _webhooks(life: Life) -> None:
    async with receiving(Receiver()) as receiver:
        made = (await life.ask("POST", "/api/v1/webhooks", "agency"))["id"]
        one = f"/api/v1/webhooks/{made}"
        await life.ask("PATCH", one, "agency", {"url": receiver.url})
        await life.ask("POST", f"{one}/secret", "agency")
        sent = (await life.ask("POST", f"{one}/test", "agency"))["delivery"]
        await Sender.of(life.rig.services["tracker"]).run()
        await life.ask("GET", f"{one}/deliveries", "agency")
        await life.ask("POST", f"{one}/deliveries/{sent}/redelivery", "agency")
        await life.ask("GET", one, "agency")
        await life.ask("GET", "/api/v1/webhooks", "agency")
        await life.ask("DELETE", one, "agency")


async def _files(life: Life) -> None:
    await life.ask("POST", "/api/v1/imports", "admin")
    await life.ask("GET", "/api/v1/exports/cases.csv", "supervisor", params={"agency": LEAD})
    await life.ask("GET", "/api/v1/exports/cases.xlsx", "supervisor")
    for name in ("bulletin.csv", "bulletin.xlsx", "report.pdf"):
        await life.ask("GET", f"/api/v1/exports/{name}", "supervisor", params={"month": "2026-03"})


async def _parked(life: Life, number: str) -> None:
    await life.rig.bus.send([Record(number, b'{"type":"Rumour","version":1}')])
    await life.rig.settle()
    await life.ask("GET", "/api/v1/parked/tracker", "admin")
    await life.ask("POST", f"/api/v1/parked/tracker/{number}", "admin")


async def of_operators(folder: Path, clock: ManualClock) -> list[Answer]:
    """What a process tells those who run it: well, and with a loop that has ended."""
    found = list[Answer]()
    async with embedded(folder, clock, [build_intake, build_router, build_tracker]) as system:
        await _until_ready(system)
        transport = Held(system.transport, found.append)
        async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test") as http:
            for path in ("/healthz", "/readyz", "/metrics"):
                await http.get(path)
            timers = system.service("intake")._tasks["timers"]
            timers.cancel()
            await asyncio.wait([timers])
            for path in ("/healthz", "/readyz"):
                await http.get(path)
    return found


async def _until_ready(system: System) -> None:
    async with asyncio.timeout(20), httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test") as http:
        while (await http.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.02)


async def all_answers(folder: Path) -> Sequence[Answer]:
    told = await whole_life(folder / "life", ManualClock(START))
    return [*told, *await of_operators(folder / "operators", ManualClock(START))]


if __name__ == "__main__":
    os.environ["YOUSU_TRACKER_WEBHOOK_PRIVATE"] = "true"
    write()
    with TemporaryDirectory() as home:
        examples = chosen(asyncio.run(all_answers(Path(home))))
    GIVEN.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    given_answers.cache_clear()
    write()
