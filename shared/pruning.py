"""What has served its time goes, by age, a little at a time: the sent outbox, the inbox, fired timers, kept answers."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Table, delete, select

from shared.clock import Clock
from shared.db import Database, is_transient
from shared.settings import Settings
from shared.tables import Kernel

INTERVAL_SECONDS = 600
#: Rows in one transaction, so that pruning never holds up the work.
CHUNK = 1000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pruning:
    """Deletes old rows of one service's kernel tables."""

    database: Database
    kernel: Kernel
    clock: Clock
    settings: Settings

    async def run(self) -> None:
        """Prune every ten minutes."""
        while True:
            try:
                await self.prune()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("pruning waits", error=str(error)[:200])
            await asyncio.sleep(INTERVAL_SECONDS)

    async def prune(self) -> int:
        """Delete what is older than the settings keep; how many rows went."""
        k, s = self.kernel, self.settings
        aged: tuple[tuple[Table, Any, Any, int], ...] = (
            (k.outbox, k.outbox.c.id, k.outbox.c.sent_at, s.outbox_keep_days),
            (k.inbox, k.inbox.c.event_id, k.inbox.c.done_at, s.inbox_keep_days),
            (k.timer, k.timer.c.id, k.timer.c.fired_at, s.inbox_keep_days),
            (k.idempotency, k.idempotency.c.key, k.idempotency.c.created_at, s.idempotency_keep_days),
        )
        return sum([await self._older(*one) for one in aged])

    async def _older(self, table: Table, key: Any, age: Any, days: int) -> int:
        limit, gone = self.clock.now() - timedelta(days=days), 0
        while True:
            some = select(key).where(age < limit).limit(CHUNK)
            async with self.database.writing() as session:
                ids = list(await session.scalars(some))
                await session.execute(delete(table).where(key.in_(ids)))
            gone += len(ids)
            if len(ids) < CHUNK:
                return gone
