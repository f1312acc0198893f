"""Before its loops run: a service's schema is there, and its database is no older than what it has read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from shared.db import is_transient
from shared.errors import Transient
from shared.older import Older

AGAIN_SECONDS = 0.5
log = structlog.get_logger()


@dataclass
class Opening:
    """What loops wait for: the `clock` and the way out for the schema, the `reader` for the proof as well.

    While the broker is away the clock goes on without the proof: nothing new can be read, and deadlines are due.
    """

    service: str
    at_head: Callable[[], Awaitable[bool]]
    proof: Callable[[], Awaitable[None]]
    on_death: Callable[[str], None]
    clock: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Open; or end the process when the database is an older copy, or cannot be read at all."""
        try:
            await self._until(self.at_head)
            await self._until(self._proven, meanwhile=self.clock.set)
        except Older as older:
            log.critical("database restored: run yousu catch-up", service=self.service, error=str(older))
            self.on_death(f"{self.service}.opening")
        except Exception as error:
            log.critical("opening failed", service=self.service, exc_info=error)
            self.on_death(f"{self.service}.opening")
        else:
            self.clock.set()
            self.reader.set()

    async def _until(self, step: Callable[[], Awaitable[bool]], meanwhile: Callable[[], None] = lambda: None) -> None:
        while not await self._tried(step):
            meanwhile()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _tried(self, step: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await step()
        except Exception as error:
            if not isinstance(error, Transient) and not is_transient(error):
                raise
            log.warning("opening waits", service=self.service, error=str(error)[:200])
            return False

    async def _proven(self) -> bool:
        await self.proof()
        return True
