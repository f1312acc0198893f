"""Door 2, events: a whole poll in one transaction, in order per complaint; offsets are committed afterwards.

What fails has three fates: a transient failure backs off and runs again, a permanent one is parked at once, an unknown
one is tried N times and then parked. Later facts of a parked complaint wait behind it; other complaints go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select

from shared import trace
from shared.batch import Batch, Deferred, Done, Failed, Outcome, Work
from shared.bus import Bus, Delivered, Subscription
from shared.db import is_transient
from shared.errors import Permanent, Transient
from shared.events import Fact, decode
from shared.parking import Behind, Parking
from shared.tx import Tx, Unit

Handler = Callable[[Any, Tx], Awaitable[None]]
Handlers = Mapping[type[Fact], Handler]

POLL_LIMIT = 500
POLL_SECONDS = 1.0
#: An unknown failure is tried this often before it is parked.
TRIES = 3
_BACKOFF_SECONDS = (0.05, 0.2, 1.0, 2.0, 5.0)
log = structlog.get_logger()


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)]


@dataclass
class Consumer:
    """One service's reader of the fact stream; `name` is its consumer group."""

    name: str
    bus: Bus
    batch: Batch
    parking: Parking
    handlers: Handlers
    on_commit: Callable[[], None]
    subscription: Subscription | None = None

    async def run(self) -> None:
        """Read and apply, for ever."""
        failures = 0
        while True:
            try:
                self.subscription = self.subscription or await self.bus.subscribe(f"yousu.{self.name}")
                if await self.step(self.subscription):
                    failures = 0
            except Exception as error:
                if not isinstance(error, Transient) and not is_transient(error):
                    raise
                log.warning("consumer waits", service=self.name, error=str(error)[:200])
                await asyncio.sleep(backoff(failures))
                failures += 1
                await self._go_back()

    async def _go_back(self) -> None:
        """Read again from the last commit; as a new member of the group when the bus itself is in trouble."""
        subscription = self.subscription
        if subscription is None:
            return
        try:
            await self.bus.ping()
            await subscription.rewind()
        except Transient:
            self.subscription = None
            await subscription.close()

    async def step(self, subscription: Subscription, wait_seconds: float = POLL_SECONDS) -> int:
        """Apply one poll; how many records it held."""
        polled = await subscription.poll(POLL_LIMIT, wait_seconds)
        if polled:
            await self.apply(polled)
            await subscription.commit({d.partition: d.offset + 1 for d in polled})
        return len(polled)

    async def apply(self, polled: Sequence[Delivered]) -> None:
        """Every effect of these records in the database, or parked; raises Transient when neither is possible."""
        works = [(d, w) for d in polled if (w := self._work(d)) is not None]
        with trace.ending([work.around for _, work in works]):
            await self._apply(works)

    async def _apply(self, works: list[tuple[Delivered, Work]]) -> None:
        tries = 0
        while works:
            outcomes = await self.batch.run([work for _, work in works], Inbox(self.batch, self.parking))
            self.on_commit()
            tries += 1
            works = await self._unfinished(works, outcomes, last=tries >= TRIES)
            if works:
                await asyncio.sleep(backoff(tries - 1))

    async def _unfinished(
        self, works: list[tuple[Delivered, Work]], outcomes: list[Outcome], *, last: bool
    ) -> list[tuple[Delivered, Work]]:
        again: list[tuple[Delivered, Work]] = []
        for (delivered, work), outcome in zip(works, outcomes, strict=True):
            match outcome:
                case Done():
                    continue
                case Failed(error) if isinstance(error, Permanent) or last:
                    await self._park(delivered, work, error)
                case Failed() | Deferred():
                    again.append((delivered, work))
        return again

    async def _park(self, delivered: Delivered, work: Work, error: Exception) -> None:
        trace.fail(work.around, error)
        log.error("fact parked", service=self.name, number=work.key, error=repr(error)[:500], **trace.ids(work.parent))
        await self.parking.park(work.key, delivered.value, delivered.trace, repr(error))

    def _work(self, delivered: Delivered) -> Work | None:
        """The record as work for its handler; None when nobody here listens to it."""
        try:
            fact = decode(delivered.value)
        except Permanent as error:
            around = self._span(delivered, "consume unreadable")
            return Work(delivered.key, _raiser(error), trace=delivered.trace, name="unreadable", around=around)
        handler = self.handlers.get(type(fact))
        if handler is None:
            return None
        return self.work_of(fact, handler, delivered.trace, self._span(delivered, f"consume {type(fact).__name__}"))

    def _span(self, delivered: Delivered, name: str) -> trace.Span | None:
        place = {"messaging.consumer.group.name": f"yousu.{self.name}", "messaging.kafka.offset": delivered.offset}
        where = {"yousu.service": self.name, "messaging.destination.partition.id": str(delivered.partition)}
        return trace.begin(delivered.trace, name, "consumer", number=delivered.key, **place, **where)

    def work_of(self, fact: Fact, handler: Handler, parent: str | None, around: trace.Span | None = None) -> Work:
        """This fact as work that happens once: its event id goes into the inbox with the effect."""

        async def run(tx: Tx) -> None:
            await handler(fact, tx)

        return Work(fact.number, run, str(fact.event_id), parent, trace.called(handler), around)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Event ids whose effect is in this database; what is parked keeps later facts of its complaint behind it."""

    batch: Batch
    parking: Parking

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        inbox, ids = self.batch.kernel.inbox, {work.id for work in works}
        done = set(await unit.session.scalars(select(inbox.c.event_id).where(inbox.c.event_id.in_(ids))))
        held = await self.parking.held(unit, {work.key for work in works})
        settled: dict[int, Outcome] = {}
        for index, work in enumerate(works):
            if work.id in done:
                settled[index] = Done()
            elif work.key in held:
                settled[index] = Failed(Behind())
            elif work.id:
                done.add(work.id)
        return settled

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        rows = [{"event_id": work.id, "done_at": unit.now} for work, _ in done if work.id]
        if rows:
            await unit.session.execute(self.batch.kernel.inbox.insert(), rows)


def _raiser(error: Exception) -> Callable[[Tx], Awaitable[None]]:
    async def run(_tx: Tx) -> None:
        raise error

    return run
