"""The embedded system on a port of its own, after a day of complaints and days on which all happens that is counted."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from services.yousu.demo.day import run_demo
from shared.bus import Record
from shared.client import Filed
from shared.testing import ManualClock
from tests.conftest import free_port
from tests.integration.system import System, embedded
from tests.samples import UNCLEAR, complaint

PATIENCE_SECONDS = 120
#: From here on enterprises are the test's own.
OWN = 1000


@asynccontextmanager
async def watched(folder: Path, clock: ManualClock) -> AsyncIterator[tuple[System, str]]:
    """The system and its origin."""
    async with embedded(folder, clock) as system, served(system.app) as origin:
        yield system, origin


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port, started already; its origin."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:
            await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def scraped(system: System) -> str:
    async with system.client() as anybody:
        return (await anybody._http.get("/metrics")).text


async def until_scraped(system: System, true: Callable[[str], bool]) -> str:
    """What /metrics tells once this is true of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true(told := await scraped(system)):
            await asyncio.sleep(0.1)
    return told


async def demonstration(system: System, origin: str) -> None:
    """The demonstration day, filed and routed."""
    await run_demo(origin, system.settings, Console(file=StringIO()))
    await until_scraped(system, _nothing_waits)


def _nothing_waits(told: str) -> bool:
    waiting = re.findall(r"^yousu_(?:consumer_lag_records|outbox_oldest_seconds)\{.*\} (\S+)$", told, re.MULTILINE)
    return len(waiting) == 6 and {float(one) for one in waiting} == {0.0}


class Days:
    """Steps that agencies, complainants and staff take over HTTP, on complaints of their own."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.filed: list[Filed] = []

    async def pass_by(self) -> None:
        """Everything that is counted, once; then the limits pass."""
        self.filed = [await self.file(seed) for seed in range(8)]
        solved, contested, poor, returned, withdrawn, supervised, untouched, late = self.filed
        for one, grade in ((solved, 5), (contested, 4), (poor, 1)):
            await self._handled(one)
            await self._rated(one, grade)
        async with self.system.client() as complainant:
            await complainant.review(contested.number, contested.access_code, "没有全部付清，请复核。")
            await complainant.withdraw(withdrawn.number, withdrawn.access_code)
        await self.step(returned, "return", {"code": "NOT_OUR_DUTY", "reason": "属自然资源领域"})
        await self.step(supervised, "supervision-orders", {"reason": "久拖不决", "days": 2}, "supervisor")
        await self.step(late, "acceptance", {})
        await self.decided(await self.held(20), {"agency": "hn-fgw"})
        again = await self.held(21, enterprise=complaint(OWN + 6)["enterprise"])
        await self.decided(again, {"duplicate_of": untouched.number})
        await self._refused(await self.held(22))
        await self.held(23)
        await self._limits_pass()

    async def file(self, seed: int, **changes: Any) -> Filed:
        """A complaint that is assigned or held."""
        filed = await self.only_file(seed, **changes)
        await self.system.routed(filed)
        return filed

    async def only_file(self, seed: int, **changes: Any) -> Filed:
        async with self.system.client() as complainant:
            return await complainant.file(complaint(OWN + seed, amount="1260000.00", **changes))

    async def held(self, seed: int, **changes: Any) -> Filed:
        filed = await self.file(seed, **UNCLEAR, **changes)
        assert (await self.system.until(filed, "triage")).status == "triage"
        return filed

    async def _handled(self, filed: Filed) -> None:
        now = self.system.clock.now().isoformat()
        await self.step(filed, "acceptance", {})
        sums = {"claimed": "1260000.00", "verified": "1000000", "repaid": "400000", "under_agreement": "100000"}
        await self.step(filed, "arrears", {**sums, "at": now, "evidence": "合同与银行回单"})
        await self.step(filed, "replies", {"text": "已付四十万，余款分期", "met": True, "contacted_at": now})
        await self.step(filed, "resolution", {})

    async def _rated(self, filed: Filed, grade: int) -> None:
        await self.system.until(filed, "resolved")
        async with self.system.client() as complainant:
            await complainant.rate(filed.number, filed.access_code, grade, solved=grade > 2)

    async def step(self, filed: Filed, step: str, body: dict[str, Any], role: Any = "agency") -> None:
        lead = (await self.system.routed(filed)).lead_agency if role == "agency" else None
        async with self.system.client(role, lead) as official:
            await official.request("POST", f"/api/v1/cases/{filed.number}/{step}", json=body)

    async def decided(self, filed: Filed, body: dict[str, Any]) -> None:
        async with self.system.client("dispatcher") as dispatcher:
            await dispatcher.request("POST", f"/api/v1/triage/{filed.number}/decision", json=body)

    async def _refused(self, filed: Filed) -> None:
        await self.decided(filed, {"refusal": {"code": "OUT_OF_SCOPE", "reason": "不属于受理范围"}})
        async with self.system.client("supervisor") as supervisor:
            path = f"/api/v1/triage/{filed.number}/refusal-approval"
            await supervisor.request("POST", path, json={"approved": True})

    async def _limits_pass(self) -> None:
        """A night on which the cards turn yellow, one on which they turn red, and the limits of resolutions."""
        for card, days in (("yellow", 1), ("red", 3)):
            self.system.clock.move(timedelta(days=days))
            shown = f'card="{card}"'
            await until_scraped(self.system, lambda told, shown=shown: shown in told)  # type: ignore[misc]
        self.system.clock.move(timedelta(days=40))
        await until_scraped(self.system, lambda told: 'stage="resolve"' in told)


async def unreadable(system: System, number: str) -> None:
    """A fact on the bus that nobody can read: each service parks it."""
    await system.service("tracker").bus.send([Record(number, b'{"type": "NoSuchFact"}')])
