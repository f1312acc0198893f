"""The kernel's own tables, the same in every service's database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: SQLite counts rows only in an INTEGER primary key.
BigId = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, **more: Any) -> Column[Any]:
    return Column(name, Text, nullable=more.pop("nullable", False), **more)


def _moment(name: str, **more: Any) -> Column[Any]:
    return Column(name, UtcDateTime, nullable=more.pop("nullable", False), **more)


class Kernel:
    """The kernel tables of one service, registered in that service's metadata.

    outbox       facts not yet, or not long ago, sent; `id` is the order of sending
    inbox        event ids whose effect is in this database
    timer        deadlines: `id` is deterministic, `try_at` is when to fire or to try again
    parked       facts that could not be handled, and those waiting behind them
    idempotency  answers given under an Idempotency-Key
    reached      where in the stream this database stands: the next offset of each partition that was read
    """

    def __init__(self, metadata: MetaData) -> None:
        self.outbox = Table(
            "outbox",
            metadata,
            Column("id", BigId, primary_key=True, autoincrement=True),
            _text("event_id", unique=True),
            _text("number"),
            Column("body", LargeBinary, nullable=False),
            _text("trace", nullable=True),
            _moment("created_at"),
            _moment("sent_at", nullable=True),
        )
        unsent = self.outbox.c.sent_at.is_(None)
        Index("ix_outbox_unsent", self.outbox.c.id, postgresql_where=unsent, sqlite_where=unsent)
        Index("ix_outbox_sent_at", self.outbox.c.sent_at)
        self.inbox = Table("inbox", metadata, _text("event_id", primary_key=True), _moment("done_at", index=True))
        self.timer = Table(
            "timer",
            metadata,
            _text("id", primary_key=True),
            _text("kind"),
            _text("number"),
            _text("payload"),
            _moment("due_at"),
            _moment("try_at"),
            Column("attempts", Integer, nullable=False, default=0),
            _text("error", nullable=True),
            _moment("fired_at", nullable=True),
            _moment("parked_at", nullable=True),
        )
        waiting = self.timer.c.fired_at.is_(None) & self.timer.c.parked_at.is_(None)
        Index("ix_timer_waiting", self.timer.c.try_at, postgresql_where=waiting, sqlite_where=waiting)
        given_up = self.timer.c.parked_at.is_not(None)
        Index("ix_timer_parked", self.timer.c.parked_at, postgresql_where=given_up, sqlite_where=given_up)
        self.parked = Table(
            "parked",
            metadata,
            Column("id", BigId, primary_key=True, autoincrement=True),
            _text("event_id"),
            _text("number", index=True),
            Column("body", LargeBinary, nullable=False),
            _text("trace", nullable=True),
            _text("error"),
            _moment("parked_at"),
        )
        self.idempotency = Table(
            "idempotency",
            metadata,
            _text("key", primary_key=True),
            _text("fingerprint"),
            Column("answer", LargeBinary, nullable=False),
            _moment("created_at", index=True),
        )
        self.reached = Table(
            "reached",
            metadata,
            Column("partition", Integer, primary_key=True, autoincrement=False),
            Column("next_offset", BigInteger, nullable=False),
        )
