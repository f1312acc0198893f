"""The bus: one topic, keyed by complaint, kept for ever, read by consumer groups.

The contract (tests/contract/test_bus.py holds every implementation to it):
- `send` appends in the order given per key and returns when all is durable; when it raises, a prefix per partition
  may have been appended, and sending the same again keeps the order per key;
- a group reads each partition in order from its committed position, at least once; a partition has one reader in it;
- `poll` hands out only what this member owns now; what was not committed is handed out again, to it or to another;
- `replay` reads a partition from any offset, outside all groups;
- `progress` says how far a group has committed and how far each partition goes.
"""

import zlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

#: Fixed when the topic is made, and for ever: a key must never change its partition.
PARTITIONS = 12
TOPIC = "yousu.facts.v1"


@dataclass(frozen=True, slots=True)
class Record:
    """A fact on its way out: `key` is the complaint's number, `value` the encoded fact."""

    key: str
    value: bytes
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A record as read, with where it stands."""

    partition: int
    offset: int
    key: str
    value: bytes
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A partition as a group stands in it: the next offset it will read, 0 before its first commit, and the end."""

    committed: int
    end: int


class Subscription(Protocol):
    """One member of a consumer group."""

    async def poll(self, limit: int, timeout_seconds: float) -> Sequence[Delivered]:
        """Up to `limit` records, in order per partition; none when the time runs out."""
        ...

    async def commit(self, positions: Mapping[int, int]) -> None:
        """Next offset to read, a partition; ignored for a partition this member lost."""
        ...

    async def rewind(self) -> None:
        """Read on from the committed positions."""
        ...

    async def lag(self) -> int:
        """Records appended to this member's partitions and not yet handed out."""
        ...

    async def close(self) -> None: ...


class Bus(Protocol):
    """Where facts go and come from; every call may raise Transient."""

    async def start(self) -> None: ...

    async def send(self, records: Sequence[Record]) -> None: ...

    async def subscribe(self, group: str) -> Subscription: ...

    def replay(self, partition: int, offset: int = 0) -> AsyncGenerator[Delivered, None]: ...

    async def progress(self, group: str) -> Mapping[int, Progress]:
        """Every partition's, by its number."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition of this key, the same in every implementation and every version."""
    return zlib.crc32(key.encode()) % partitions
