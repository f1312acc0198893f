"""The three services with all their loops on real stores, spoken to over HTTP in memory; and when they rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import func, select

from services.yousu.embedded import BUILDS
from shared import reached
from shared.auth import Role
from shared.bus import Bus
from shared.client import Client
from shared.clock import SystemClock
from shared.composition import issuer, surroundings
from shared.runtime import Service
from shared.settings import Settings
from shared.web.application import application
from tests.integration.lives import Lives, People
from tests.integration.marks import Marks, marks

PATIENCE_SECONDS = 90


class Live:
    """The running services, and everybody who speaks to them; `died` are the loops that ended."""

    def __init__(self, services: dict[str, Service[Any]], app: Any, settings: Settings) -> None:
        self.services, self.settings = services, settings
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.people = People(self.client, SystemClock().now)

    def client(self, role: Role | None = None, agency: str | None = None) -> Client:
        token = issuer(self.settings).token(role, agency=agency) if role else None
        return Client("http://yousu.test", token, transport=self.transport)

    async def at_rest(self) -> None:
        """Until everything that was told is sent, and has been read by everybody."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._rests():
                await asyncio.sleep(0.1)

    async def _rests(self) -> bool:
        if any([await self._waiting(service) for service in self.services.values()]):
            return False
        ends = {p: one.end for p, one in (await self.bus.progress("nobody")).items() if one.end}
        return all([await self._reached(service) == ends for service in self.services.values()])

    async def _waiting(self, service: Service[Any]) -> int:
        outbox = service.spec.kernel.outbox
        waits = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        async with service.database.reading() as session:
            return await session.scalar(waits) or 0

    async def _reached(self, service: Service[Any]) -> dict[int, int]:
        async with service.database.reading() as session:
            here = await reached.standing(session, service.spec.kernel)
        return {partition: offset for partition, offset in here.items() if offset}

    async def live(self, lives: Lives, steps: int, *, begin: bool = True) -> None:
        """Everybody goes on; what was said is heard in between."""
        for _ in range(steps):
            if begin:
                lives.begin()
            await lives.go_on()
            await self.at_rest()

    async def marks(self) -> Marks:
        return {name: await marks(service) for name, service in self.services.items()}

    async def facts(self) -> int:
        """How many the stream holds."""
        return sum(one.end for one in (await self.bus.progress("nobody")).values())

    @property
    def bus(self) -> Bus:
        return self.services["intake"].bus

    async def numbers(self) -> dict[str, Any]:
        """Indicators and measures as they are told: the page's and the export's numbers, and those of the metrics."""
        indicators = await self.people.ask("supervisor", "GET", "/indicators")
        async with httpx.AsyncClient(transport=self.transport, base_url="http://yousu.test") as http:
            lines = (await http.get("/metrics")).text.splitlines()
        told = ("yousu_agency_", "yousu_region_", "yousu_matter_", "yousu_routing_", "yousu_triage_waiting")
        return {"indicators": indicators, "metrics": sorted(line for line in lines if line.startswith(told))}


@asynccontextmanager
async def live(settings: Settings, died: list[str] | None = None) -> AsyncIterator[Live]:
    """One replica of every service; what dies is told to `died`, where that is wanted, and is a fault otherwise."""
    ended: list[str] = [] if died is None else died
    around = surroundings(settings, ended.append)
    services = {service.name: service for service in (build(around) for build in BUILDS)}
    app = application(list(services.values()), around.bus, around.verifier, settings)
    async with app.router.lifespan_context(app):
        yield Live(services, app, settings)
    assert died is not None or ended == []
