"""What a service's tables say, without what is in no fact: two databases that heard and told the same say the same."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from shared.runtime import Service
from tests.integration import rebuilt

#: Columns that are in no fact: surrogate keys, what is sealed, what only this database was told.
LEFT_OUT = {
    "complaint": {"code_digest", "identity", "content", "owner"},
    "entry": {"id"},
    "said": {"id", "text"},
    "routing": {"refusal"},
    "decision": {"id", "note", "tallied"},
}
Marks = dict[str, dict[str, list[str]]]
TABLES = {"intake": ("complaint", "entry", "said"), "router": ("routing", "decision", "standing")}


async def marks(service: Service[Any]) -> dict[str, list[str]]:
    """Every row as text, in order."""
    if service.spec.name == "tracker":
        return await rebuilt.contents(service)
    found, timer = {}, service.spec.kernel.timer
    async with service.database.reading() as session:
        for name in TABLES[service.spec.name]:
            table = service.spec.metadata.tables[name]
            columns = [column for column in table.c if column.key not in LEFT_OUT.get(name, set())]
            found[name] = sorted(map(_text, await session.execute(select(*columns))))
        deadlines = select(timer.c.id, timer.c.number, timer.c.payload, timer.c.due_at)
        found["timer"] = sorted(map(_text, await session.execute(deadlines)))
    return found


def different(found: Marks, wanted: Marks) -> list[str]:
    """The rows that only one of them has: + those found, - those wanted."""
    told = []
    for name, tables in wanted.items():
        for table, rows in tables.items():
            here, there = Counter(found[name][table]), Counter(rows)
            told += [f"+ {table}: {row}" for row in here - there] + [f"- {table}: {row}" for row in there - here]
    return told


def _text(row: Any) -> str:
    return " | ".join(f"{name}={value}" for name, value in row._mapping.items())
