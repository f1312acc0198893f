"""Many messages, one transaction; one bad message fails alone.

A message that fails before it wrote is left out; one that fails after it wrote cuts the batch: the transaction is
rolled back and the others run again without it. A commit that fails without a culprit is halved until it has one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError

from shared import trace
from shared.clock import Clock
from shared.db import Database, is_transient
from shared.errors import Transient
from shared.tables import Kernel
from shared.trace import Span
from shared.tx import Tx, Unit

#: A lost race (a twin claimed the same message) or a deadlock is run again at once; an outage is not waited out here.
RACES = 3


@dataclass(frozen=True, slots=True)
class Work:
    """One message on its way to its handler: `key` is the complaint, `id` what makes it happen once, if anything.

    `around` is the span of its delivery, where spans are told.
    """

    key: str
    run: Callable[[Tx], Awaitable[Any]]
    id: str = ""
    trace: str | None = None
    name: str = "work"
    around: Span | None = None

    @property
    def parent(self) -> str | None:
        """The traceparent that its handler works under."""
        return self.around.traceparent if self.around else self.trace


@dataclass(frozen=True, slots=True)
class Done:
    """The message's effect is committed; `value` is what its handler returned."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The message left no effect."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not tried: an earlier message of the same complaint failed."""


Outcome = Done | Failed | Deferred


class Once(Protocol):
    """What makes a message happen once: looked up and claimed inside the transaction of the effect."""

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        """The messages that need not run, by their index, and what is known of them."""
        ...

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        """Note that these happened, with what their handlers returned."""
        ...


class _Cut(Exception):
    def __init__(self, index: int, error: Exception) -> None:
        self.index, self.error = index, error


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs messages together; `ordered` defers the later messages of a complaint whose earlier one failed."""

    database: Database
    kernel: Kernel
    clock: Clock
    ordered: bool = False

    async def run(self, works: Sequence[Work], once: Once | None = None) -> list[Outcome]:
        """Every message's outcome, in their order; raises Transient when the database cannot be reached."""
        failed: dict[int, Failed] = {}
        lost = 0
        while True:
            try:
                return await self._together(works, failed, once)
            except _Cut as cut:
                failed[cut.index] = Failed(cut.error)
            except Exception as error:
                raced = isinstance(error, IntegrityError)
                if not raced and not is_transient(error):
                    return await self._halves(works, once, error)
                lost += 1
                if lost > RACES and raced:
                    return await self._halves(works, once, error)
                if lost > RACES:
                    raise Transient(str(error)) from error
                await asyncio.sleep(0.01 * lost)

    async def _halves(self, works: Sequence[Work], once: Once | None, error: Exception) -> list[Outcome]:
        if len(works) == 1:
            return [Failed(error)]
        middle = len(works) // 2
        first = await self.run(works[:middle], once)
        stopped = {w.key for w, o in zip(works, first, strict=False) if self.ordered and not isinstance(o, Done)}
        rest = [work for work in works[middle:] if work.key not in stopped]
        ran = iter(await self.run(rest, once) if rest else [])
        return [*first, *(Deferred() if work.key in stopped else next(ran) for work in works[middle:])]

    async def _together(self, works: Sequence[Work], failed: dict[int, Failed], once: Once | None) -> list[Outcome]:
        outcomes: list[Outcome] = []
        done: list[tuple[Work, Any]] = []
        async with self.database.writing() as session:
            keys = tuple({work.key for work in works if work.key})
            unit = Unit(session, self.kernel, self.clock.now(), keys)
            known = await once.known(unit, works) if once else {}
            stopped: set[str] = set()
            for index, work in enumerate(works):
                outcome = known.get(index) or failed.get(index)
                if outcome is None and work.key in stopped:
                    outcome = Deferred()
                if outcome is None:
                    outcome = await _attempt(unit, index, work)
                    if isinstance(outcome, Done):
                        done.append((work, outcome.value))
                outcomes.append(outcome)
                if self.ordered and not isinstance(outcome, Done):
                    stopped.add(work.key)
            await unit.finish()
            if once and done:
                await once.claim(unit, done)
        return outcomes


async def _attempt(unit: Unit, index: int, work: Work) -> Outcome:
    tx = Tx(unit)
    with trace.span(work.parent, work.name, number=work.key or None):
        try:
            return Done(await work.run(tx))
        except Exception as error:
            if is_transient(error):
                raise
            trace.note(error=error)
            if tx.touched or not unit.session.is_active:
                raise _Cut(index, error) from error
            return Failed(error)
