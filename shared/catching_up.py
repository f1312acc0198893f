"""A database that was put back to an older copy is brought up to the stream, from where it stands (`shared.reached`).

What its service told since, and what of the others it had answered, has its effect on the rows and no more: nothing is
decided or told a second time. What is left nobody handled, or its answer was lost: it is handled now, as it would have
been. The stream is read three times: to see what was told, to apply that, to handle the rest. An interrupted run is run
again and leaves out what is done; the group's offsets stay as they are, and what comes once more is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from shared import reached
from shared.bus import Delivered
from shared.consumer import Consumer
from shared.errors import YousuError
from shared.events import Fact
from shared.older import heard_of, standing
from shared.parking import Parking
from shared.runtime import Service
from shared.tx import Unit
from shared.unheard import Heard, Survey, Unheard, fact_in
from shared.unpark import put_back


class Unsaid(YousuError):
    """The database does not say where in the stream it stands: a program of before wrote it."""


@dataclass
class Caught:
    """What was done: facts `read`, `applied` without a decision, `handled` as new, `parked` because they failed.

    `own` are the complaints that the service's own facts were applied to, by kind; `shorter` says by how many facts the
    stream is shorter than what the database knows: it is another one, or has lost its end.
    """

    read: int = 0
    applied: int = 0
    handled: int = 0
    parked: int = 0
    shorter: int = 0
    own: dict[str, list[str]] = field(default_factory=dict)


async def catch_up(service: Service[Any], progress: Callable[[int], None] = lambda _facts: None) -> Caught:
    """Bring this database up to the end of the stream as it is now, while nobody else works on it.

    Raises Unsaid, and Transient while the bus does not answer.
    """
    return await _CatchingUp(service, progress).run()


@dataclass(frozen=True, slots=True)
class _Unheld(Parking):
    """What was parked `before` does not hold up what the service told itself since."""

    before: frozenset[str] = frozenset()

    async def held(self, unit: Unit, numbers: set[str]) -> set[str]:
        return await Parking.held(self, unit, numbers - self.before)


@dataclass
class _CatchingUp:
    service: Service[Any]
    progress: Callable[[int], None]
    caught: Caught = field(default_factory=Caught)

    @property
    def consumer(self) -> Consumer:
        return self.service.consumer

    async def run(self) -> Caught:
        unheard, survey = await self._unheard()
        own = self.service.spec.applying.keys() - self.service.spec.handlers.keys()
        async for page in unheard.pages():
            for one in page:
                if one.fact is not None:
                    survey.note(one.fact, one.delivered, own=type(one.fact) in own)
            self.caught.read += len(page)
            self.progress(self.caught.read)
        parked, before = await self.service.parking.count(), await self._effects()
        await self._apply(unheard, survey, own)
        applied = await self._effects()
        async for page in unheard.pages():
            await self.consumer.apply([one.delivered for one in page])
        await self.consumer.keep({partition: end for partition, (_, end) in unheard.parts.items()})
        self.caught.applied, self.caught.handled = applied - before, await self._effects() - applied
        self.caught.parked = max(0, await self.service.parking.count() - parked)
        return self.caught

    async def _unheard(self) -> tuple[Unheard, Survey]:
        here = await standing(self.consumer, self.service.spec.metadata)
        if here is None:
            raise Unsaid(self.service.name)
        told = await self.service.bus.progress(self.consumer.group)
        beyond = {p: here[p] - told[p].end for p in here if p in told and here[p] > told[p].end}
        self.caught.shorter = sum(beyond.values())
        async with self.service.database.writing() as session:
            await reached.go_back(session, self.service.spec.kernel, {p: told[p].end for p in beyond})
        parts = {p: (min(here.get(p, 0), one.end), one.end) for p, one in sorted(told.items())}
        committed = {p: one.committed for p, one in told.items()}
        return Unheard(self.service.bus, parts), Survey(self.service.spec.answers, committed)

    async def _apply(self, unheard: Unheard, survey: Survey, own: set[type[Fact]]) -> None:
        applier = replace(self.consumer, handlers=self.service.spec.applying)
        before = await self._held(applier, survey)
        parking = self.service.parking
        applier = replace(applier, parking=_Unheld(parking.database, parking.kernel, parking.clock, before))
        async for page in unheard.pages():
            await applier.apply(await self._over(page, survey, own, before), {})

    async def _held(self, applier: Consumer, survey: Survey) -> frozenset[str]:
        """The complaints with parked facts, without those whose parked facts were put back after the copy was made."""
        held = {parked.number: parked for parked in reversed(await self.service.parking.list(limit=None))}
        for parked in held.values():
            if (fact := fact_in(parked.body)) is not None and survey.answered(fact):
                await put_back(applier, parked.number)
        return frozenset(parked.number for parked in await self.service.parking.list(limit=None))

    async def _over(
        self, page: Sequence[Heard], survey: Survey, own: set[type[Fact]], held: frozenset[str]
    ) -> list[Delivered]:
        """Of these records those that have their effect and no more."""
        applying = self.service.spec.applying
        facts = [(one.delivered, one.fact) for one in page if one.fact is not None and type(one.fact) in applying]
        here = await self._told_here([fact for _, fact in facts if type(fact) in own])
        chosen = []
        for delivered, fact in facts:
            if type(fact) not in own:
                over = fact.number not in held and survey.is_over(fact, delivered)
            elif over := str(fact.event_id) not in here:
                self.caught.own.setdefault(type(fact).__name__, []).append(fact.number)
            if over:
                chosen.append(delivered)
        return chosen

    async def _told_here(self, facts: Sequence[Fact]) -> set[str]:
        """Of its own facts those that the database holds; it need not send them any more."""
        outbox = self.service.spec.kernel.outbox
        async with self.service.database.writing() as session:
            here = await heard_of(session, self.service.spec.kernel, [fact.event_id for fact in facts])
            waiting = outbox.c.event_id.in_(here) & outbox.c.sent_at.is_(None)
            await session.execute(outbox.update().where(waiting).values(sent_at=self.service.clock.now()))
        return here

    async def _effects(self) -> int:
        """How many facts had their effect here, own ones aside that were told here."""
        async with self.service.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(self.service.spec.kernel.inbox)) or 0
