"""Work beside the doors that is done again and again, by one replica at a time: folding, sweeping, looking after.

On PostgreSQL whoever does a chore holds its advisory lock while it lasts; the others leave it out this time.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text

from shared.db import Database, is_transient
from shared.errors import Transient, Unavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """What is done and how often; `run` is given its service, and is done again after a failure as after a success."""

    every_seconds: float
    run: Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Chores:
    """The chores of one service."""

    name: str
    database: Database
    chores: Mapping[str, Chore] = field(default_factory=dict)

    async def repeat(self, chore: str, service: Any) -> None:
        """Do this chore again and again; an outage of the database, or a door that answers 503, is waited out."""
        while True:
            try:
                await self.once(chore, service)
            except Exception as error:
                if not isinstance(error, Transient | Unavailable) and not is_transient(error):
                    raise
                log.warning("chore waits", service=self.name, chore=chore, error=str(error)[:200])
            await asyncio.sleep(self.chores[chore].every_seconds)

    async def once(self, chore: str, service: Any) -> bool:
        """Do this chore now; False when another replica is at it."""
        async with self._mine(chore) as mine:
            if mine:
                await self.chores[chore].run(service)
            return mine

    @asynccontextmanager
    async def _mine(self, chore: str) -> AsyncIterator[bool]:
        if self.database.sqlite:
            yield True
            return
        # The lock is the session's: closing its connection gives it up, also when cancelled or killed.
        async with self.database.statements() as session:
            key = zlib.crc32(f"chore {chore}".encode()) & 0x7FFFFFFF
            mine = await session.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
            yield bool(mine)
