"""Door 3, the clock: a deadline is a row; what is due fires once across replicas, oldest first, by the hundred.

A handler re-reads the state before it acts, so nothing needs to be cancelled. What fell due while everything was
down fires at the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select

from shared import trace
from shared.batch import Batch, Done, Failed, Outcome, Work
from shared.consumer import backoff
from shared.db import is_transient
from shared.errors import Transient
from shared.tx import Tx, Unit

BATCH = 200
#: How late a deadline may be noticed while nothing else wakes the loop.
POLL_SECONDS = 0.5
#: A timer whose handler keeps failing is tried this often, then parked.
TRIES = 8
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that has come: `kind` and `number` say whose, `name` which one, `payload` is its JSON."""

    id: str
    kind: str
    number: str
    payload: str
    due_at: datetime
    attempts: int

    @property
    def name(self) -> str:
        return self.id.split(":", 2)[2]


TimerHandler = Callable[[Due, Tx], Awaitable[None]]


@dataclass
class Timers:
    """Fires one service's deadlines."""

    name: str
    batch: Batch
    handlers: Mapping[str, TimerHandler]
    on_commit: Callable[[], None]
    last_round_at: datetime | None = field(default=None)

    async def run(self) -> None:
        """Fire what is due, for ever."""
        failures = 0
        while True:
            try:
                fired = await self.fire_due()
                failures = 0
            except Exception as error:
                if not isinstance(error, Transient) and not is_transient(error):
                    raise
                log.warning("timers wait", service=self.name, error=str(error)[:200])
                await asyncio.sleep(backoff(failures))
                failures += 1
                continue
            if fired < BATCH:
                await asyncio.sleep(POLL_SECONDS)

    async def fire_due(self) -> int:
        """One batch of what is due now; how many were found."""
        due = await self._due()
        self.last_round_at = self.batch.clock.now()
        if due:
            works = [self._work(timer) for timer in due]
            with trace.ending([work.around for work in works]):
                await self._fire(due, works)
        return len(due)

    async def _fire(self, due: list[Due], works: list[Work]) -> None:
        outcomes = await self.batch.run(works, Fired())
        self.on_commit()
        for timer, work, outcome in zip(due, works, outcomes, strict=True):
            if isinstance(outcome, Failed):
                trace.fail(work.around, outcome.error)
                await self._try_later(timer, outcome.error)

    async def _due(self) -> list[Due]:
        timer: Any = self.batch.kernel.timer
        columns = (timer.c.id, timer.c.kind, timer.c.number, timer.c.payload, timer.c.due_at, timer.c.attempts)
        ripe = timer.c.fired_at.is_(None) & timer.c.parked_at.is_(None) & (timer.c.try_at <= self.batch.clock.now())
        query = select(*columns).where(ripe).order_by(timer.c.try_at, timer.c.id).limit(BATCH)
        async with self.batch.database.reading() as session:
            return [Due(*row) for row in await session.execute(query)]

    def _work(self, due: Due) -> Work:
        async def run(tx: Tx) -> None:
            await self.handlers[due.kind](due, tx)

        late = (self.batch.clock.now() - due.due_at).total_seconds()
        told = {"yousu.service": self.name, "yousu.timer": due.id, "yousu.late_seconds": late}
        around = trace.begin(None, f"timer {due.kind}", "internal", number=due.number, **told)
        return Work(due.number, run, due.id, name=trace.called(self.handlers.get(due.kind, run)), around=around)

    async def _try_later(self, due: Due, error: Exception) -> None:
        timer, now, attempts = self.batch.kernel.timer, self.batch.clock.now(), due.attempts + 1
        given_up = attempts >= TRIES
        log.error("timer failed", service=self.name, number=due.number, timer=due.id, error=repr(error)[:500])
        values = {
            "attempts": attempts,
            "error": repr(error)[:2000],
            "try_at": now + timedelta(seconds=backoff(attempts) * 2**attempts),
            "parked_at": now if given_up else None,
        }
        async with self.batch.database.writing() as session:
            await session.execute(
                timer.update().where((timer.c.id == due.id) & timer.c.fired_at.is_(None)).values(**values)
            )

    async def oldest_seconds(self) -> float:
        """How late the oldest deadline that has come is, in seconds; 0 when none waits."""
        timer: Any = self.batch.kernel.timer
        waiting = timer.c.fired_at.is_(None) & timer.c.parked_at.is_(None)
        async with self.batch.database.reading() as session:
            oldest = await session.scalar(select(func.min(timer.c.try_at)).where(waiting))
        return max(0.0, (self.batch.clock.now() - oldest).total_seconds()) if oldest else 0.0

    async def parked_count(self) -> int:
        timer = self.batch.kernel.timer
        async with self.batch.database.reading() as session:
            query = select(func.count()).select_from(timer).where(timer.c.parked_at.is_not(None))
            return await session.scalar(query) or 0


class Fired:
    """A deadline is locked while its handler runs and marked with the effect; another replica's are skipped."""

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        timer = unit.kernel.timer
        ids = [work.id for work in works]
        waiting = timer.c.id.in_(ids) & timer.c.fired_at.is_(None) & timer.c.parked_at.is_(None)
        free = select(timer.c.id).where(waiting).order_by(timer.c.id).with_for_update(skip_locked=True)
        mine = set(await unit.session.scalars(free))
        return {index: Done() for index, id_ in enumerate(ids) if id_ not in mine}

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        timer = unit.kernel.timer
        ids = [work.id for work, _ in done]
        await unit.session.execute(timer.update().where(timer.c.id.in_(ids)).values(fired_at=unit.now))
