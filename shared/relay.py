"""The way out: one leader per service sends the outbox in order and marks a fact after the broker's ack.

It takes what is unsent, lowest id first, never «id above the last»: sequences commit out of order. On PostgreSQL
leadership is an advisory lock of the very session that reads and marks, so losing it ends the relay's round.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic_core import from_json
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import trace
from shared.bus import TOPIC, Bus, Record
from shared.clock import Clock
from shared.db import Database, is_transient
from shared.errors import Transient
from shared.tables import Kernel

BATCH = 500
#: How long a fact committed by another replica may wait to be noticed.
POLL_SECONDS = 0.05
STANDBY_SECONDS = 1.0
_BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
log = structlog.get_logger()


@dataclass
class Relay:
    """Moves one service's facts from its outbox to the bus."""

    name: str
    database: Database
    kernel: Kernel
    bus: Bus
    clock: Clock
    leading: bool = False
    failures: int = 0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    async def run(self) -> None:
        """Lead and send, for ever; an outage of the broker or the database is waited out."""
        while True:
            try:
                async with self.leadership() as session:
                    if session is not None:
                        await self._lead(session)
            except Exception as error:
                if not isinstance(error, Transient) and not is_transient(error):
                    raise
                log.warning("relay waits", service=self.name, error=str(error)[:200], failures=self.failures)
                await asyncio.sleep(_BACKOFF_SECONDS[min(self.failures, len(_BACKOFF_SECONDS) - 1)])
                self.failures += 1
                continue
            await asyncio.sleep(STANDBY_SECONDS)

    @asynccontextmanager
    async def leadership(self) -> AsyncIterator[AsyncSession | None]:
        """The session of the service's one leader; None while another process leads."""
        if self.database.sqlite:
            async with self.database.reading() as session:
                try:
                    yield session
                finally:
                    self.leading = False
            return
        # The lock is the session's: only closing its connection gives it up for certain, also when cancelled.
        async with self.database.statements() as session:
            key = int.from_bytes(b"outbox", "big") & 0x7FFFFFFF
            mine = await session.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
            # A mark that a crash of the database loses costs a second sending, which changes nothing.
            await session.execute(text("SET synchronous_commit TO off"))
            try:
                yield session if mine else None
            finally:
                self.leading = False

    async def _lead(self, session: AsyncSession) -> None:
        self.leading = True
        while True:
            self._wake.clear()
            if await self.send_some(session):
                self.failures = 0
                continue
            try:
                async with asyncio.timeout(POLL_SECONDS if not self.database.sqlite else STANDBY_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_some(self, session: AsyncSession) -> int:
        """Send the oldest unsent facts and mark them; how many there were."""
        outbox = self.kernel.outbox
        unsent = select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id).limit(BATCH)
        rows = (await session.execute(unsent)).all()
        await session.commit()
        if not rows:
            return 0
        spans = self._spans(rows)
        with trace.ending(spans):
            traces = [span.traceparent if span else row.trace for row, span in zip(rows, spans, strict=True)]
            await self.bus.send([Record(r.number, r.body, t) for r, t in zip(rows, traces, strict=True)])
        await self._mark(session, [row.id for row in rows])
        return len(rows)

    def _spans(self, rows: Sequence[Any]) -> list[trace.Span | None]:
        """A span for each of these facts, below the work that published it; none when nobody is told."""
        if not trace.told():
            return [None] * len(rows)
        where = {"messaging.destination.name": TOPIC, "yousu.service": self.name}
        return [self._span(row, where) for row in rows]

    def _span(self, row: Any, where: dict[str, str]) -> trace.Span | None:
        name, told = f"send {from_json(row.body)['type']}", {"messaging.message.id": row.event_id, **where}
        return trace.begin(row.trace, name, "producer", number=row.number, **told)

    async def _mark(self, session: AsyncSession, ids: list[int]) -> None:
        outbox = self.kernel.outbox
        mark = outbox.update().where(outbox.c.id.in_(ids)).values(sent_at=self.clock.now())
        if self.database.sqlite:
            async with self.database.writing() as writing:
                await writing.execute(mark)
            return
        await session.execute(mark)

    async def oldest_seconds(self) -> float:
        """Age of the oldest unsent fact in seconds, 0 when all are sent."""
        outbox: Any = self.kernel.outbox
        async with self.database.reading() as session:
            oldest = await session.scalar(select(func.min(outbox.c.created_at)).where(outbox.c.sent_at.is_(None)))
        return max(0.0, (self.clock.now() - oldest).total_seconds()) if oldest else 0.0
