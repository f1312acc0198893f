"""Adding to the totals, whatever is added and wherever it comes from; additions commute, so their order is free."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    Table,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.tables import CellTotal, Delta, MonthTotal, Running, SideTotal, Through

CELL: Table = CellTotal.__table__  # type: ignore[attr-defined]
SIDE: Table = SideTotal.__table__  # type: ignore[attr-defined]
MONTH: Table = MonthTotal.__table__  # type: ignore[attr-defined]
RUNNING: Table = Running.__table__  # type: ignore[attr-defined]
DELTA: Table = Delta.__table__  # type: ignore[attr-defined]
THROUGH: Table = Through.__table__  # type: ignore[attr-defined]
#: What a case can be told apart by, each alone; never their product in a metric.
DIMENSIONS = ("agency", "region", "matter")
#: What the totals beside the cells are told by: nothing, or one dimension alone.
ALL = "all"
SIDES = (ALL, *DIMENSIONS)


def total(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum as the whole number it is."""
    return cast(func.sum(column), BigInteger)


def month_of(day: ColumnElement[Any]) -> ColumnElement[str]:
    """The month of a day, or of a month."""
    return func.substr(day, 1, len("2026-03"))


def told(table: Table, source: FromClause, side: str, *where: ColumnElement[bool]) -> Select[Any]:
    """The cells of this source as rows of this table of totals; `side` is of no matter to the cells themselves."""
    keys = {name: _key(name, source, side) for name in key_of(table)}
    # Constants need no place in GROUP BY, and PostgreSQL takes none there.
    apart = [key for key in keys.values() if not isinstance(key, BindParameter)]
    columns = (key.label(name) for name, key in keys.items())
    return select(*columns, total(source.c.value).label("value")).where(*where).group_by(*apart)


def _key(name: str, source: FromClause, side: str) -> ColumnElement[Any]:
    match name:
        case "dimension":
            return literal(side)
        case "code":
            return literal("") if side == ALL else source.c[side]
        case "month":
            return month_of(source.c.day)
        case _:
            return source.c[name]


def key_of(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


async def add(session: AsyncSession, table: Table, rows: Select[Any]) -> None:
    """Add these rows to the totals of a table."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(table).from_select([*key_of(table), "value"], rows)
    more = {"value": table.c.value + insert.excluded.value}
    await session.execute(insert.on_conflict_do_update(index_elements=key_of(table), set_=more))


async def one_snapshot(session: AsyncSession) -> None:
    """Said first in a transaction: all it reads is of one moment. On SQLite it is so anyway, once it has begun."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


async def alone(session: AsyncSession) -> None:
    """One transaction at a time adds to the totals; the lock comes before the snapshot, which so sees all before it."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE number_through IN EXCLUSIVE MODE"))


def through_day() -> Any:
    """The last day that the running totals hold, as part of a statement."""
    return func.coalesce(select(THROUGH.c.day).scalar_subquery(), "")


async def through(session: AsyncSession) -> str | None:
    """The last day that the running totals hold; None before the first fold."""
    found: str | None = await session.scalar(select(THROUGH.c.day))
    return found
