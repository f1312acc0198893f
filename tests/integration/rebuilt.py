"""What the tracker's tables say, without what is no fact; and the same of a database rebuilt from the stream."""

from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from services.tracker import tables
from services.tracker.app import rebuilding
from services.tracker.handlers import Tracker
from services.tracker.handlers.recalculating import RECALCULATE
from services.tracker.replay import rebuild
from shared.runtime import Service
from shared.testing import Rig

#: Columns that are no facts: surrogate keys, leases, the calendar's version that a deadline was last checked with.
NO_FACTS = {
    "case_": {"holder", "fence", "lease_until"},
    "entry": {"id"},
    "clock_line": {"id"},
    "deadline": {"calendar"},
}
TABLES: tuple[type[tables.Table], ...] = (
    *(tables.Case, tables.Assignment, tables.Deadline, tables.ClockLine, tables.Entry, tables.Reply, tables.Remark),
    *(tables.ExtensionRequest, tables.Order, tables.Rating, tables.Review, tables.Arrears, tables.Gram),
    tables.Imported,
)


async def contents(tracker: Service[Tracker], *, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every row of every table as text, in order; `without` these columns too."""
    found = {}
    async with tracker.database.reading() as session:
        for model in TABLES:
            table: Table = model.__table__  # type: ignore[attr-defined]
            left_out = NO_FACTS.get(table.name, set()) | without
            columns = [column for column in table.c if column.key not in left_out]
            found[table.name] = sorted(map(_text, await session.execute(select(*columns))))
        timer = tables.kernel.timer
        query = select(timer.c.id, timer.c.number, timer.c.payload, timer.c.due_at).where(timer.c.kind != RECALCULATE)
        found["timer"] = sorted(map(_text, await session.execute(query)))
    return found


def _text(row: Any) -> str:
    return " | ".join(f"{name}={value}" for name, value in row._mapping.items())


async def rebuilt(rig: Rig, folder: Path, partitions: int) -> dict[str, list[str]]:
    """The contents of a fresh database made from the stream."""
    tracker = rebuilding(rig.around, f"sqlite+aiosqlite:///{folder}/rebuilt.db")
    try:
        await rebuild(tracker, rig.bus, partitions)
        assert await tracker.parking.count() == 0
        async with tracker.database.reading() as session:
            assert (await session.execute(select(tables.kernel.outbox))).all() == []
        return await contents(tracker)
    finally:
        await tracker.database.close()
