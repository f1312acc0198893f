"""Door 2, events: a whole poll in one transaction, in order per complaint; offsets are committed afterwards.

The same transaction keeps how far it read (`shared.reached`); the group's offsets never run ahead of that.

What fails has three fates: a transient failure backs off and runs again, a permanent one is parked at once, an unknown
one is tried N times and then parked. Later facts of a parked complaint wait behind it; other complaints go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from shared import reached, trace
from shared.batch import Batch, Deferred, Done, Failed, Outcome, Work
from shared.bus import Bus, Delivered, Subscription
from shared.db import is_transient
from shared.errors import Permanent, Transient
from shared.events import Fact, decode
from shared.inbox import Inbox
from shared.parking import Parking
from shared.tx import Tx

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
    #: What was read and concerned nobody here: kept and committed with what does, or when the stream is quiet.
    _passed: dict[int, int] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return f"yousu.{self.name}"

    async def run(self) -> None:
        """Read and apply, for ever."""
        failures = 0
        while True:
            try:
                self.subscription = self.subscription or await self.bus.subscribe(self.group)
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
        positions = self._passed | reached.behind(polled)
        kept = await self.apply(polled, positions)
        if positions and not polled:
            await self.keep(positions)
            kept = True
        if kept:
            await subscription.commit(positions)
        self._passed = {} if kept else positions
        return len(polled)

    async def apply(self, polled: Sequence[Delivered], positions: Mapping[int, int] | None = None) -> bool:
        """Every effect of these records in the database, or parked; raises Transient when neither is possible.

        With the effects it keeps that `positions` are reached, by default those behind these records; False when
        nothing of it concerned this service, and nothing was kept.
        """
        works = [(d, w) for d in polled if (w := self._work(d)) is not None]
        if not works:
            return False
        with trace.ending([work.around for _, work in works]):
            await self._apply(works, reached.behind(polled) if positions is None else positions)
        return True

    async def keep(self, positions: Mapping[int, int]) -> None:
        """Everything before these offsets has had its effect here."""
        async with self.batch.database.writing() as session:
            await reached.keep(session, self.batch.kernel, positions)

    async def _apply(self, works: list[tuple[Delivered, Work]], positions: Mapping[int, int]) -> None:
        tries, noted = 0, False
        while works:
            inbox = Inbox(self.batch.kernel, self.parking, len(works), positions)
            outcomes = await self.batch.run([work for _, work in works], inbox)
            self.on_commit()
            tries, noted = tries + 1, inbox.noted
            works = await self._unfinished(works, outcomes, last=tries >= TRIES)
            if works:
                await asyncio.sleep(backoff(tries - 1))
        if positions and not noted:
            await self.keep(positions)

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
        place = {"messaging.consumer.group.name": self.group, "messaging.kafka.offset": delivered.offset}
        where = {"yousu.service": self.name, "messaging.destination.partition.id": str(delivered.partition)}
        return trace.begin(delivered.trace, name, "consumer", number=delivered.key, **place, **where)

    def work_of(self, fact: Fact, handler: Handler, parent: str | None, around: trace.Span | None = None) -> Work:
        """This fact as work that happens once: its event id goes into the inbox with the effect."""

        async def run(tx: Tx) -> None:
            await handler(fact, tx)

        return Work(fact.number, run, str(fact.event_id), parent, trace.called(handler), around)


def _raiser(error: Exception) -> Callable[[Tx], Awaitable[None]]:
    async def run(_tx: Tx) -> None:
        raise error

    return run
