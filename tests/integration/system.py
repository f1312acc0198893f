"""The embedded system in a test's own folder, driven through its client as its users drive it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from services.yousu.embedded import BUILDS
from shared.auth import Role
from shared.client import Client, Complaint, Filed
from shared.composition import Surroundings, issuer, surroundings
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock
from shared.web.application import application
from tests.integration.answers import Held


class System:
    """The running application; `client()` speaks to it in memory, through the whole HTTP side."""

    def __init__(self, app: FastAPI, settings: Settings, clock: ManualClock) -> None:
        self.app, self.settings, self.clock = app, settings, clock
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def token(self, role: Role, agency: str | None = None) -> str:
        return issuer(self.settings).token(role, agency=agency)

    def client(self, role: Role | None = None, agency: str | None = None) -> Client:
        token = self.token(role, agency) if role else None
        return Client("http://yousu.test", token, transport=Held(self.transport))

    def service(self, name: str) -> Service[Any]:
        found: Service[Any] = self.app.state.services[name]
        return found

    async def ready(self) -> None:
        """Once all services are open."""
        async with asyncio.timeout(20), self.client() as client:
            while (await client._http.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)

    async def routed(self, filed: Filed) -> Complaint:
        """The complaint once it is assigned with its deadlines, or held."""
        async with asyncio.timeout(20), self.client() as client:
            while True:
                seen = await client.look_up(filed.number, filed.access_code)
                if seen.status == "triage" or seen.deadlines:
                    return seen
                await asyncio.sleep(0.02)

    async def until(self, filed: Filed, status: str) -> Complaint:
        async with asyncio.timeout(20), self.client() as client:
            while (seen := await client.look_up(filed.number, filed.access_code)).status != status:
                await asyncio.sleep(0.02)
            return seen


@asynccontextmanager
async def embedded(
    folder: Path, clock: ManualClock, builds: Sequence[Callable[[Surroundings], Service[Any]]] = BUILDS
) -> AsyncIterator[System]:
    died: list[str] = []
    settings = Settings(data_dir=folder)
    around = surroundings(settings, died.append, clock=clock)
    app = application([build(around) for build in builds], around.bus, around.verifier, settings)
    async with app.router.lifespan_context(app):
        system = System(app, settings, clock)
        await system.ready()
        yield system
    assert died == []
