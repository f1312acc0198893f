"""One transaction type: state, facts and deadlines that become true together, or not at all.

A handler sees one `Tx`; many of them may share a `Unit`, which is one database transaction. Handlers never commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table, bindparam, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from shared import trace
from shared.events import Fact, encode
from shared.tables import Kernel

Row = TypeVar("Row", bound=SQLModel)
#: Keys of one IN list; a batch is smaller.
_IN_LIMIT = 500


class AtEnd(Protocol):
    """What the messages of a transaction leave for its end, together."""

    def __init__(self) -> None: ...

    async def __call__(self, tx: "Tx") -> None: ...


Last = TypeVar("Last", bound=AtEnd)


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
    _families: dict[type[SQLModel], dict[str, list[SQLModel]]] = field(default_factory=dict)
    _added: dict[type[SQLModel], list[SQLModel]] = field(default_factory=dict)
    _last: dict[type[AtEnd], AtEnd] = field(default_factory=dict)

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

    async def family(self, model: type[Row], number: str) -> list[Row]:
        """This complaint's rows in `model` (its column `number`), those added here too; the batch's in one query.

        They are not locked: whoever changes them has locked the complaint's own row.
        """
        families = self._families.setdefault(model, {})
        if number not in families:
            wanted = sorted({number, *self.keys} - families.keys() if not families else {number})
            await self._load_families(model, wanted, families)
        return [row for row in families[number] if isinstance(row, model)]

    async def skip_empty(self, models: Sequence[type[SQLModel]], number: str) -> None:
        """Of these tables, those that hold nothing of the whole batch: asked in one query, they need no other."""
        wanted = sorted({number, *self.keys})
        asked = [model for model in models if not self._families.get(model)]
        if len(asked) < 2 or len(wanted) > _IN_LIMIT:
            return
        found = set(await self.session.scalars(_which_hold(tuple(asked)), {"numbers": wanted}))
        for place, model in enumerate(asked):
            if place not in found:
                families = self._families[model] = {one: [] for one in wanted}
                for row in self._added.get(model, ()):
                    families.get(_number(row) or "", []).append(row)

    async def _load_families(self, model: type[Row], wanted: list[str], families: dict[str, list[SQLModel]]) -> None:
        families.update({number: [] for number in wanted})
        found: list[SQLModel] = []
        for start in range(0, len(wanted), _IN_LIMIT):
            some = {"numbers": wanted[start : start + _IN_LIMIT]}
            found += (await self.session.execute(_family_of(model), some)).scalars()
        for row in [*found, *self._added.get(model, ())]:
            kin = families.get(_number(row) or "")
            if kin is not None and not any(row is other for other in kin):
                kin.append(row)

    def add(self, row: SQLModel) -> None:
        self.session.add(row)
        if (number := _number(row)) is not None:
            self._added.setdefault(type(row), []).append(row)
            if (kin := self._families.get(type(row), {}).get(number)) is not None:
                kin.append(row)
        keys = type(row).__table__.primary_key.columns  # type: ignore[attr-defined]
        if len(keys) == 1 and (value := getattr(row, keys[0].key)) is not None:
            self._rows[type(row), str(value)] = row

    def at_end(self, kind: type[Last]) -> Last:
        """What all messages of this transaction share of this kind; called once, when the last of them is done."""
        found = self._last.get(kind)
        if not isinstance(found, kind):
            self._last[kind] = found = kind()
        return found

    async def finish(self) -> None:
        """What was left for the end, then everything that was written."""
        for last in self._last.values():
            await last(Tx(self))
        await self.flush()

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


@cache
def _family_of(model: type[SQLModel]) -> Any:
    """The rows of some complaints in a table; made once, so that it is compiled once."""
    table = model.__table__  # type: ignore[attr-defined]
    mine = table.c.number.in_(bindparam("numbers", expanding=True))
    return select(model).where(mine).order_by(*table.primary_key.columns)


@cache
def _which_hold(models: tuple[type[SQLModel], ...]) -> Any:
    """The places in `models` of the tables that hold rows of some complaints."""
    held = []
    for place, model in enumerate(models):
        number = model.__table__.c.number  # type: ignore[attr-defined]
        rows = select(number).where(number.in_(bindparam("numbers", expanding=True)))
        held.append(select(literal(place)).where(rows.exists()))
    return union_all(*held)


def _number(row: SQLModel) -> str | None:
    """The complaint that this row belongs to, if its table has such a column."""
    found = getattr(row, "number", None)
    return found if isinstance(found, str) else None


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

    async def family(self, model: type[Row], number: str) -> list[Row]:
        """This complaint's rows in `model`, those added in this transaction too; lock the complaint's own row first."""
        rows = await self._unit.family(model, number)
        self._given.extend(rows)
        return rows

    async def skip_empty(self, models: Sequence[type[SQLModel]], number: str) -> None:
        """Said before `family` of several tables that mostly hold nothing of a complaint: it saves their queries."""
        await self._unit.skip_empty(models, number)

    def add(self, row: SQLModel) -> None:
        """A new row that may still change in this transaction."""
        self._wrote = True
        self._unit.add(row)

    def insert(self, model: type[SQLModel], **values: Any) -> None:
        """A new row that is finished, every column given; a whole batch of them is one statement."""
        self._put(model.__table__, **values)  # type: ignore[attr-defined]

    def at_end(self, kind: type[Last]) -> Last:
        """The one object of this kind in the transaction, made at first use and called at its end."""
        return self._unit.at_end(kind)

    async def flush(self) -> None:
        """Make what was added visible to this transaction's own queries."""
        await self._unit.flush()

    def publish(self, fact: Fact) -> None:
        """A fact for everyone, sent after the commit. Lock the complaint's row first: order follows the lock."""
        trace.note(number=fact.number)
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

    def of_the_past(self) -> "Tx":
        """The same transaction for what happened long ago: nothing is scheduled in it. It counts as written to."""
        self._wrote = True
        return _Past(self._unit)

    def _put(self, table: Table, **values: Any) -> None:
        self._wrote = True
        self._unit.inserts.append((table, values))

    @property
    def touched(self) -> bool:
        """Whether this message may have left anything in the shared unit."""
        return self._wrote or any(self.session.is_modified(row) for row in self._given)


class _Past(Tx):
    """What was due then is over; whoever tells the past schedules what of it is still to come."""

    __slots__ = ()

    def schedule(self, kind: str, number: str, due_at: datetime, *, name: str = "", payload: str = "{}") -> None:
        return None
