"""Adding to the totals, whatever is added and wherever it comes from; additions commute, so their order is free."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, cast, func, literal, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.numbers.tables import CellTotal, Delta, Running, SideTotal, Through

CELL: Table = CellTotal.__table__  # type: ignore[attr-defined]
SIDE: Table = SideTotal.__table__  # type: ignore[attr-defined]
RUNNING: Table = Running.__table__  # type: ignore[attr-defined]
DELTA: Table = Delta.__table__  # type: ignore[attr-defined]
THROUGH: Table = Through.__table__  # type: ignore[attr-defined]
#: What a case can be told apart by, each alone; never their product in a metric.
DIMENSIONS = ("agency", "region", "matter")


def total(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum as the whole number it is."""
    return cast(func.sum(column), BigInteger)


def by_cell(source: Any, *where: ColumnElement[bool]) -> Select[Any]:
    """The cells of this source as rows of the cell totals."""
    keys = [source.c[name] for name in key_of(CELL)]
    return _grouped(keys, source, where)


def by_side(source: Any, dimension: str, *where: ColumnElement[bool]) -> Select[Any]:
    """The cells of this source as rows of the totals by one dimension alone."""
    keys = [literal(dimension).label("dimension"), source.c[dimension].label("code"), source.c.day, source.c.measure]
    return _grouped(keys, source, where)


def by_running(source: Any, dimension: str, *where: ColumnElement[bool]) -> Select[Any]:
    """The cells of this source as rows of the running totals."""
    keys = [literal(dimension).label("dimension"), source.c[dimension].label("code"), source.c.measure]
    return _grouped(keys, source, where)


def _grouped(keys: list[Any], source: Any, where: tuple[ColumnElement[bool], ...]) -> Select[Any]:
    # Constants need no place in GROUP BY, and PostgreSQL takes none there.
    told_apart = [key for key in keys if key.name != "dimension"]
    return select(*keys, total(source.c.value).label("value")).where(*where).group_by(*told_apart)


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
