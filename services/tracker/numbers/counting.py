"""Counting all cases again, in one snapshot, in tables of the connection's own; nobody waits for it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, func, insert, literal, select, text, true, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.tracker.numbers.contributions import contributions
from services.tracker.numbers.measures import Cell
from services.tracker.numbers.rows import COUNTED, Rows, snapshot
from services.tracker.numbers.totals import (
    ALL,
    CELL,
    DELTA,
    MONTH,
    RUNNING,
    SIDE,
    SIDES,
    key_of,
    one_snapshot,
    through,
    told,
)
from services.tracker.tables import Case

#: Cases read at once, and cells kept in memory.
CASES, CELLS = 500, 20_000
_mine = MetaData()
WORDS = ("agency", "day", "region", "matter", "measure")
#: What the cases add up to.
_COUNTED = Table(
    "number_counted",
    _mine,
    *(Column(name, Text, primary_key=True) for name in WORDS),
    Column("value", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)
#: Where that is not what is kept, by the table in which it is kept.
DIFFERENCE = Table(
    "number_difference",
    _mine,
    Column("total", Text, nullable=False),
    *(Column(name, Text, nullable=False, server_default="") for name in ("dimension", "code", "month", *WORDS)),
    Column("kept", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)


async def make_tables(session: AsyncSession) -> None:
    await session.run_sync(lambda sync: _mine.create_all(sync.connection(), checkfirst=False))
    await session.commit()


async def count(session: AsyncSession, counted: Callable[[int], None]) -> str | None:
    """Count the cases of one moment and note the differences; the last day of the running totals at that moment."""
    await begin(session, "BEGIN")
    await one_snapshot(session)
    await session.execute(_COUNTED.delete())
    await session.execute(DIFFERENCE.delete())
    await _add_up(session, counted)
    last = await through(session)
    await _compare(session, last or "")
    await session.commit()
    return last


async def begin(session: AsyncSession, how: str) -> None:
    """SQLite begins a transaction when it is told to, or too late."""
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text(how))


async def _add_up(session: AsyncSession, counted: Callable[[int], None]) -> None:
    cells: Counter[Cell] = Counter()
    async for case, rows in _cases(session):
        cells.update(contributions(snapshot(case, rows)))
        counted(1)
        if len(cells) >= CELLS:
            await _keep(session, cells)
    await _keep(session, cells)


async def _cases(session: AsyncSession) -> AsyncIterator[tuple[Case, Rows]]:
    """Every case with its rows, by number; a few hundred in memory at a time."""
    after = ""
    while True:
        query = select(Case).where(col(Case.number) > after).order_by(col(Case.number)).limit(CASES)
        cases = (await session.execute(query)).scalars().all()
        if not cases:
            return
        after = cases[-1].number
        kin = [await _by_number(session, model, [case.number for case in cases]) for model in COUNTED]
        for case in cases:
            yield case, Rows(*(rows.get(case.number, ()) for rows in kin))
        session.expunge_all()


async def _by_number(session: AsyncSession, model: Any, numbers: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in (await session.execute(select(model).where(model.number.in_(numbers)))).scalars():
        found.setdefault(row.number, []).append(row)
    return found


async def _keep(session: AsyncSession, cells: Counter[Cell]) -> None:
    rows = [{**cell._asdict(), "day": cell.day or "", "value": value} for cell, value in cells.items()]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        upsert: Any = dialect.insert(_COUNTED)
        more = {"value": _COUNTED.c.value + upsert.excluded.value}
        await session.execute(upsert.on_conflict_do_update(index_elements=key_of(_COUNTED), set_=more), rows)
    cells.clear()


async def _compare(session: AsyncSession, last: str) -> None:
    await _note(session, CELL, ALL)
    for side in SIDES:
        await _note(session, SIDE, side)
        await _note(session, MONTH, side)
        await _note(session, RUNNING, side, last)


async def _note(session: AsyncSession, table: Table, side: str, last: str | None = None) -> None:
    """Note where totals and deltas together are not what was counted."""
    keys, zero = key_of(table), literal(0, BigInteger)
    mine = true() if table is CELL else table.c.dimension == side
    sources = [(select(table).where(mine), False)]
    for source, recounted in ((DELTA, False), (_COUNTED, True)):
        sources.append((told(table, source, side, true() if last is None else source.c.day <= last), recounted))
    parts = []
    for one, recounted in sources:
        rows = one.subquery()
        value = (zero, rows.c.value) if recounted else (rows.c.value, zero)
        parts.append(select(*(rows.c[key] for key in keys), value[0].label("kept"), value[1].label("counted")))
    both = union_all(*parts).subquery()
    columns = [both.c[key] for key in keys]
    kept, again = func.sum(both.c.kept), func.sum(both.c.counted)
    differing = select(literal(table.name), *columns, kept, again).group_by(*columns).having(kept != again)
    await session.execute(insert(DIFFERENCE).from_select(["total", *keys, "kept", "counted"], differing))
