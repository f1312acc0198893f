"""The part of the stream that a database put back to an older copy has not heard, and what its service told in it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush

from shared.bus import Bus, Delivered
from shared.errors import Unreadable
from shared.events import Fact, decode

#: Facts of one transaction.
PAGE = 500
_BEGINNING = datetime.min.replace(tzinfo=UTC)
Answers = Mapping[type[Fact], tuple[type[Fact], ...]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A record of the stream; `fact` is None when it is none of ours."""

    delivered: Delivered
    fact: Fact | None


@dataclass(frozen=True, slots=True)
class Unheard:
    """Of each partition what stands from one offset up to another."""

    bus: Bus
    parts: Mapping[int, tuple[int, int]]

    async def pages(self) -> AsyncIterator[Sequence[Heard]]:
        """Every record: in order per partition, and between partitions the earlier fact first."""
        page: list[Heard] = []
        async with aclosing(self._in_time()) as records:
            async for heard in records:
                page.append(heard)
                if len(page) == PAGE:
                    yield page
                    page = []
        if page:
            yield page

    async def _in_time(self) -> AsyncGenerator[Heard, None]:
        async with AsyncExitStack() as opened:
            streams = {}
            for partition in self.parts:
                streams[partition] = await opened.enter_async_context(aclosing(self._partition(partition)))
            heads: list[tuple[datetime, int, Heard]] = []
            waiting = [(_BEGINNING, partition) for partition in streams]
            while heads or waiting:
                for before, partition in waiting:
                    if (heard := await anext(streams[partition], None)) is not None:
                        # What is no fact comes with the one before it.
                        heappush(heads, (heard.fact.at if heard.fact else before, partition, heard))
                waiting = []
                if heads:
                    at, partition, heard = heappop(heads)
                    waiting = [(at, partition)]
                    yield heard

    async def _partition(self, partition: int) -> AsyncGenerator[Heard, None]:
        start, end = self.parts[partition]
        if start >= end:
            return
        async with aclosing(self.bus.replay(partition, start)) as records:
            async for delivered in records:
                if delivered.offset >= end:
                    break
                yield Heard(delivered, fact_in(delivered.value))


def fact_in(body: bytes) -> Fact | None:
    """The fact in these bytes; None when it is none of ours."""
    try:
        return decode(body)
    except Unreadable:
        return None


@dataclass(frozen=True, slots=True)
class Survey:
    """Where the service last told each kind of fact of each complaint, and how far its group has committed."""

    answers: Answers
    committed: Mapping[int, int]
    told: dict[str, dict[type[Fact], int]] = field(default_factory=dict)

    def note(self, fact: Fact, offset: int) -> None:
        """The service told this."""
        self.told.setdefault(fact.number, {})[type(fact)] = offset

    def is_over(self, fact: Fact, delivered: Delivered) -> bool:
        """Whether the service did with another's fact what it was to do, and told what followed.

        What its group committed was handled; when it told anything of that complaint since, it told what followed
        too, for the facts of a complaint leave in order. Beyond the commits only an answer shows that it was handled.
        """
        since = [kind for kind, offset in self.told.get(fact.number, {}).items() if offset > delivered.offset]
        if delivered.offset < self.committed.get(delivered.partition, 0):
            return bool(since)
        return any(kind in self.answers.get(type(fact), ()) for kind in since)

    def answered(self, fact: Fact) -> bool:
        """Whether the service answered a fact that stands before all of this."""
        return bool(self.told.get(fact.number, {}).keys() & set(self.answers.get(type(fact), ())))
