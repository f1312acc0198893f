"""The three services, stepped by hand, with everybody who speaks to them; their databases copied and put back."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from services.intake.app import build as build_intake
from services.router.app import build_with
from services.router.domain import UNREAD, Read, Reading
from services.router.settings import RouterSettings
from services.tracker.app import build as build_tracker
from shared.auth import Role
from shared.bus import PARTITIONS
from shared.catching_up import Caught, catch_up
from shared.client import Client
from shared.composition import Surroundings, issuer
from shared.older import refuse_older
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from shared.web.application import application
from tests.integration.lives import Lives, People
from tests.integration.marks import Marks, marks

UNSURE = Read((Reading("4.problem.2", 0.5), Reading("6.problem.3", 0.3)), out_of_scope=0.1, sure=0.9, reader="test 1")
SERVICES = ("intake", "router", "tracker")


def read(title: str, _text: str) -> Read:
    return UNSURE if "有事" in title else UNREAD


def build_router(around: Surroundings) -> Service[Any]:
    return build_with(around, RouterSettings(), read, "test 1")


class World:
    """The three services, stepped by hand, and everybody who speaks to them."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        around = rig.around
        services = list(rig.services.values())
        self.transport = httpx.ASGITransport(application(services, rig.bus, around.verifier, around.settings))
        self.people = People(self.client, rig.clock.now)

    def client(self, role: Role | None = None, agency: str | None = None) -> Client:
        token = issuer(self.rig.around.settings).token(role, agency=agency) if role else None
        return Client("http://yousu.test", token, transport=self.transport)

    async def open(self) -> None:
        """What each service does first when it starts."""
        for service in self.rig.services.values():
            await prove(service)

    async def live(self, lives: Lives, steps: int, *, begin: bool = True) -> None:
        """Everybody goes on, three hours a step; what was said is heard in between."""
        for _ in range(steps):
            self.rig.clock.move(timedelta(hours=3))
            if begin:
                lives.begin()
            await lives.go_on()
            self.rig.clock.move(timedelta(minutes=1))
            await self.rig.settle()

    async def marks(self) -> Marks:
        return {name: await marks(service) for name, service in self.rig.services.items()}

    async def catch_up(self) -> dict[str, Caught]:
        return {name: await catch_up(service) for name, service in self.rig.services.items()}

    async def stream(self) -> list[bytes]:
        """Everything that was told, partition by partition."""
        return [d.value for partition in range(PARTITIONS) async for d in self.rig.bus.replay(partition)]


@asynccontextmanager
async def world(folder: Path, clock: ManualClock) -> AsyncIterator[World]:
    rig = await Rig.build([build_intake, build_router, build_tracker], folder, clock)
    try:
        yield World(rig)
    finally:
        await rig.close()


def copy(folder: Path, copies: Path) -> None:
    """A copy of each database as it is now, while it is in use."""
    copies.mkdir()
    for name in SERVICES:
        with sqlite3.connect(folder / f"{name}.db") as database:
            database.execute("VACUUM INTO ?", (str(copies / f"{name}.db"),))


def put_back(copies: Path, folder: Path, names: Sequence[str]) -> None:
    for name in names:
        for left in folder.glob(f"{name}.db*"):
            left.unlink()
        (folder / f"{name}.db").write_bytes((copies / f"{name}.db").read_bytes())


async def prove(service: Service[Any]) -> None:
    """Raise Older when the database is an older copy."""
    await refuse_older(service.consumer, service.spec.applying.keys(), service.spec.metadata)
