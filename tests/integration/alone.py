"""One service by itself: the test plays all the others by putting their facts on the bus."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from shared.auth import Role
from shared.bus import PARTITIONS, Record
from shared.client import Client
from shared.composition import Surroundings, issuer
from shared.events import Fact, decode, encode
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from shared.web.application import application
from tests.integration.answers import Held

Some = TypeVar("Some", bound=Fact)


class Alone:
    """`tell` plays the other services, `told` is what this one said, `client` speaks to its HTTP side."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        (self.service,) = rig.services.values()
        around = rig.around
        self.app = application([self.service], rig.bus, around.verifier, around.settings)

    @property
    def clock(self) -> ManualClock:
        return self.rig.clock

    async def tell(self, *facts: Fact) -> None:
        """These happened elsewhere, in this order; the service takes them in."""
        await self.rig.bus.send([Record(fact.number, encode(fact)) for fact in facts])
        await self.rig.settle()

    async def told(self, kind: type[Some], number: str | None = None) -> list[Some]:
        """The facts of this kind on the bus, oldest first."""
        await self.rig.settle()
        found = []
        for partition in range(PARTITIONS):
            async for delivered in self.rig.bus.replay(partition):
                fact = decode(delivered.value)
                if isinstance(fact, kind) and number in (None, fact.number):
                    found.append(fact)
        return found

    def client(self, role: Role | None = None, agency: str | None = None, subject: str | None = None) -> Client:
        tokens = issuer(self.rig.around.settings)
        token = tokens.token(role, agency=agency, subject=subject) if role else None
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return Client("http://yousu.test", token, transport=Held(transport))


@asynccontextmanager
async def alone(
    build: Callable[[Surroundings], Service[Any]], folder: Path, clock: ManualClock
) -> AsyncIterator[Alone]:
    rig = await Rig.build([build], folder, clock)
    try:
        yield Alone(rig)
    finally:
        await rig.close()
