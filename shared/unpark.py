"""Putting parked facts back: in order per complaint, each with its effect, until one fails again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from shared.batch import Done, Failed, Outcome, Work
from shared.consumer import Consumer
from shared.errors import Unreadable
from shared.events import decode
from shared.parking import ParkedFact
from shared.tx import Unit


@dataclass(frozen=True, slots=True)
class PutBack:
    """How it went: so many facts had their effect; `error` of the one that failed again, if any."""

    done: int
    error: str | None = None


async def put_back(consumer: Consumer, number: str) -> PutBack:
    """Run the parked facts of this complaint through their handlers, oldest first, until none is left."""
    done = 0
    while waiting := await consumer.parking.list(number):
        for parked in waiting:
            outcome = await _again(consumer, parked)
            if isinstance(outcome, Failed):
                return PutBack(done, repr(outcome.error))
            done += 1
        consumer.on_commit()
    return PutBack(done)


async def _again(consumer: Consumer, parked: ParkedFact) -> Outcome:
    try:
        fact = decode(parked.body)
    except Unreadable as error:
        return Failed(error)
    handler = consumer.handlers.get(type(fact))
    if handler is None:
        return Failed(Unreadable(f"nobody here listens to {type(fact).__name__}"))
    work = consumer.work_of(fact, handler, parked.trace)
    return (await consumer.batch.run([work], _TakenOut(consumer, parked)))[0]


@dataclass(frozen=True, slots=True)
class _TakenOut:
    """The fact leaves the parked ones in the transaction of its effect, and is claimed in the inbox."""

    consumer: Consumer
    parked: ParkedFact

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        inbox = unit.kernel.inbox
        seen = await unit.session.scalar(select(inbox.c.event_id).where(inbox.c.event_id == works[0].id))
        if seen is None:
            return {}
        await self.consumer.parking.take_out(unit, self.parked.id)
        return {0: Done()}

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        await self.consumer.parking.take_out(unit, self.parked.id)
        await unit.session.execute(unit.kernel.inbox.insert(), [{"event_id": done[0][0].id, "done_at": unit.now}])
