"""One transaction type: state, facts and deadlines that become true together, or not at all.

A handler sees one `Tx`; many of them may share a `Unit`, which is one database transaction. Handlers never commit.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from shared import trace
from shared.events import Fact, encode
from shared.tables import Kernel

Row = TypeVar("Row", bound=SQLModel)
#: Keys of one IN list; a batch is smaller.
_IN_LIMIT = 500


@dataclass(slots=True)
class Unit:
    """One database transaction shared by the messages of a batch; rows are locked in order of their key."""

    session: AsyncSession
    kernel: Kernel
    now: datetime
    keys: tuple[str, ...] = ()
    inserts: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    _rows: dict[tuple[type[SQLModel], str], SQLModel | None] = field(default_factory=dict)
    _loaded: set[type[SQLModel]] = field(default_factory=set)

    async def lock(self, model: type[Row], key: str) -> Row | None:
        """The row of this complaint, locked until the commit; the whole batch's rows come in one query."""
        if (model, key) not in self._rows:
            wanted = {key} if model in self._loaded else {key, *self.keys}
            wanted -= {k for m, k in self._rows if m is model}
            await self._load(model, sorted(wanted))
        row = self._rows[model, key]
        return row if row is None or isinstance(row, model) else None

    async def _load(self, model: type[Row], keys: list[str]) -> None:
        column = model.__table__.primary_key.columns[0]  # type: ignore[attr-defined]
        self._loaded.add(model)
        self._rows.update({(model, key): None for key in keys})
        for start in range(0, len(keys), _IN_LIMIT):
            some = keys[start : start + _IN_LIMIT]
            query = select(model).where(column.in_(some)).order_by(column).with_for_update()
            for row in (await self.session.execute(query)).scalars():
                self._rows[model, getattr(row, column.key)] = row

    def add(self, row: SQLModel) -> None:
        self.session.add(row)
        keys = type(row).__table__.primary_key.columns  # type: ignore[attr-defined]
        if len(keys) == 1 and (value := getattr(row, keys[0].key)) is not None:
            self._rows[type(row), str(value)] = row

    async def flush(self) -> None:
        """Write what the handlers left: their rows, then facts and deadlines, a statement a table."""
        await self.session.flush()
        grouped: dict[Table, list[dict[str, Any]]] = {}
        for table, values in self.inserts:
            grouped.setdefault(table, []).append(values)
        self.inserts.clear()
        for table, rows in grouped.items():
            statement: Any = table.insert()
            if table is self.kernel.timer:
                statement = _insert_or_keep(self.session, table)
            await self.session.execute(statement, rows)


def _insert_or_keep(session: AsyncSession, table: Table) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


class Tx:
    """What a handler may do: read and lock rows, add rows, publish facts, schedule deadlines.

    `now` is read once per transaction; `session` is for a service's store.py alone.
    """

    __slots__ = ("_given", "_unit", "_wrote", "now", "session")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._wrote = False
        self._given: list[SQLModel] = []
        self.now = unit.now
        self.session = unit.session

    async def lock(self, model: type[Row], key: str) -> Row | None:
        """This complaint's row in `model`, locked until the commit; None when there is none."""
        row = await self._unit.lock(model, key)
        if row is not None:
            self._given.append(row)
        return row

    def add(self, row: SQLModel) -> None:
        """A new row that may still change in this transaction."""
        self._wrote = True
        self._unit.add(row)

    def insert(self, model: type[SQLModel], **values: Any) -> None:
        """A new row that is finished, every column given; a whole batch of them is one statement."""
        self._put(model.__table__, **values)  # type: ignore[attr-defined]

    async def flush(self) -> None:
        """Make what was added visible to this transaction's own queries."""
        await self._unit.flush()

    def publish(self, fact: Fact) -> None:
        """A fact for everyone, sent after the commit. Lock the complaint's row first: order follows the lock."""
        self._put(
            self._unit.kernel.outbox,
            event_id=str(fact.event_id),
            number=fact.number,
            body=encode(fact),
            trace=trace.current(),
            created_at=self.now,
            sent_at=None,
        )

    def schedule(self, kind: str, number: str, due_at: datetime, *, name: str = "", payload: str = "{}") -> None:
        """A deadline: `kind` picks the handler; the same (kind, number, name) is scheduled only once."""
        self._put(
            self._unit.kernel.timer,
            id=f"{kind}:{number}:{name}",
            kind=kind,
            number=number,
            payload=payload,
            due_at=due_at,
            try_at=due_at,
            attempts=0,
        )

    def _put(self, table: Table, **values: Any) -> None:
        self._wrote = True
        self._unit.inserts.append((table, values))

    @property
    def touched(self) -> bool:
        """Whether this message may have left anything in the shared unit."""
        return self._wrote or any(self.session.is_modified(row) for row in self._given)
