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
    """What a service told of each complaint, and where last; how far its group has committed.

    `uncommitted` are the others' facts beyond that which it answers, `left` the complaints with one that it did not.
    """

    answers: Answers
    committed: Mapping[int, int]
    told: dict[str, dict[type[Fact], int]] = field(default_factory=dict)
    uncommitted: dict[str, list[tuple[int, type[Fact]]]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def note(self, fact: Fact, delivered: Delivered, *, own: bool) -> None:
        """This stands in the stream."""
        if own:
            self.told.setdefault(fact.number, {})[type(fact)] = delivered.offset
        elif type(fact) in self.answers and not self._is_committed(delivered):
            self.uncommitted.setdefault(fact.number, []).append((delivered.offset, type(fact)))

    def is_over(self, fact: Fact, delivered: Delivered) -> bool:
        """Whether the service did with another's fact what it was to do, and told it; or need only note it.

        The facts of a complaint are handled in order, and what follows from them leaves in order. So what the group
        committed was handled, and when anything was told of that complaint since, all that followed was. Beyond the
        commits an answer shows that its fact, and those before it, were handled. Behind one that is left, all are.
        """
        over = fact.number not in self.left and (type(fact) not in self.answers or self._was_told(fact, delivered))
        if not over:
            self.left.add(fact.number)
        return over

    def answered(self, fact: Fact) -> bool:
        """Whether the service answered a fact that stands before all of this."""
        return self._answers_to(fact.number, type(fact), -1)

    def _was_told(self, fact: Fact, delivered: Delivered) -> bool:
        if self._is_committed(delivered):
            return any(offset > delivered.offset for offset in self.told.get(fact.number, {}).values())
        after = [one for one in self.uncommitted.get(fact.number, ()) if one[0] >= delivered.offset]
        return any(self._answers_to(fact.number, kind, offset) for offset, kind in after)

    def _answers_to(self, number: str, kind: type[Fact], offset: int) -> bool:
        told = self.told.get(number, {})
        return any(told.get(answer, -1) > offset for answer in self.answers.get(kind, ()))

    def _is_committed(self, delivered: Delivered) -> bool:
        return delivered.offset < self.committed.get(delivered.partition, 0)
