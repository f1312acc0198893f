"""Cases by the million: ten thousand are brought in as any office's are, the others are made of these by the database.

Each copy has numbers of its own, and other agencies, regions and matters in the places of the first ones', so that the
copies spread as cases do. The numbers' totals are copied with them; a recount of the whole finds no difference.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.tracker import tables
from services.tracker.domain.history import Past, in_order
from services.tracker.domain.search import led_by
from services.tracker.handlers import Tracker
from services.tracker.numbers.totals import CELL, MONTH, RUNNING, SIDE
from shared.clock import SHANGHAI
from shared.reference import current
from shared.reference.identifiers import new_number
from shared.runtime import Service

#: Of a hundred cases, so many are open; and for how long the others were filed before.
OPEN_OF_HUNDRED, DAYS = 2, 365
#: Requests to the door at once.
AT_ONCE = 128
_WORDS = (
    "道路工程款",
    "设备采购款",
    "用地手续",
    "施工许可",
    "招标资格",
    "环评批复",
    "用电报装",
    "奖励资金",
    "退税",
    "社保缴费",
)
_DEEDS = ("拖欠两年", "迟迟不办", "要求不一", "反复退件", "没有兑现", "无人答复", "被无故取消", "多次催要未果")
_PLACES = ("某镇", "某区", "开发区", "某县", "航空港", "某街道", "产业园", "某乡")


def past(place: int, today: date, chance: random.Random) -> Past:
    """One case as it may be: most are over, a few in a hundred wait."""
    mapping = current()
    filed = datetime.combine(today - timedelta(days=chance.randrange(30, DAYS)), _hour(chance), SHANGHAI)
    matter = chance.choice(sorted(mapping.matters.values(), key=lambda one: one.ref))
    lead, *cos = chance.sample(sorted(mapping.agencies), 2 if chance.random() < 0.3 else 1)
    cities = sorted(code for code, region in mapping.regions.items() if region.level == "city")
    words = [chance.choice(words) for words in (_PLACES, _WORDS, _DEEDS)]
    told: dict[str, Any] = {
        "number": new_number(filed.date(), f"{place:09d}"),
        "title": "".join(words),
        "description": "我公司多次反映，至今没有结果，请求尽快处理。",
        "region": chance.choice(cities),
        "matter": matter.ref,
        "case_class": "arrears" if matter.arrears else "general",
        "filed_at": filed,
    }
    if chance.randrange(100) < OPEN_OF_HUNDRED:
        told["filed_at"] = datetime.combine(today - timedelta(days=chance.randrange(1, 20)), _hour(chance), SHANGHAI)
        told["number"] = new_number(told["filed_at"].date(), f"{place:09d}")
        return in_order(Past(**told, **_assigned(told["filed_at"], lead, tuple(cos), chance)))
    assigned = _assigned(filed, lead, tuple(cos), chance)
    return in_order(Past(**told, **assigned, **_handled(assigned["assigned_at"], told, chance)))


def _hour(chance: random.Random) -> time:
    return time(8 + chance.randrange(10), chance.randrange(60))


def _assigned(filed: datetime, lead: str, cos: tuple[str, ...], chance: random.Random) -> dict[str, Any]:
    at = filed + timedelta(hours=chance.randrange(1, 30))
    return {"assigned_at": at, "lead_agency": lead, "co_agencies": cos}


def _handled(assigned: datetime, told: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    accepted = assigned + timedelta(hours=chance.randrange(1, 40))
    replied = accepted + timedelta(hours=chance.randrange(8, 90))
    resolved = replied + timedelta(hours=chance.randrange(8, 300))
    found: dict[str, Any] = {"accepted_at": accepted, "replied_at": replied, "contacted_at": replied, "met": True}
    found |= {"reply": "经核实，已督促有关单位办理。", "resolved_at": resolved}
    if told["case_class"] == "arrears":
        owed = chance.randrange(10**4, 10**7)
        found |= {"verified": owed, "repaid": owed // 2, "under_agreement": owed // 3, "stood_at": replied}
    if chance.random() < 0.6:
        grade = chance.choice((5, 5, 4, 4, 3, 2))
        found |= {"rated_at": resolved + timedelta(hours=20), "grade": grade, "solved": grade > 2}
    return found


async def bring_in(tracker: Service[Tracker], count: int, seed: int = 0) -> None:
    """So many cases through the tracker's own door, folded into its totals."""
    chance, today = random.Random(seed), tracker.clock.now().astimezone(SHANGHAI).date()
    waiting = iter([past(place, today, chance) for place in range(count)])

    async def work() -> None:
        for one in waiting:
            await tracker.door.run(one.number, partial(tracker.parts.bring_in, one, "", "benchmark", True))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await tracker.chores.once("numbers", tracker)


#: Tables copied row by row; `number_*` are copied as sums, `imported` is not.
_COPIED: tuple[type[tables.Table], ...] = (
    *(tables.Case, tables.Assignment, tables.Deadline, tables.ClockLine, tables.Entry),
    *(tables.Reply, tables.Rating, tables.Arrears, tables.Gram),
)
#: What is exchanged from copy to copy, by column.
_EXCHANGED = {
    "lead_agency": "agency",
    "agency": "agency",
    "region": "region",
    "matter": "matter",
    "gram": "word",
}


async def copy(url: str, copies: int) -> None:
    """This database's cases so many times over, the first ones included; its statistics fresh."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection, _for_bulk(connection):
        for statement in _prepared(copies):
            await connection.execute(text(statement))
        for model in _COPIED:
            table: Table = model.__table__  # type: ignore[attr-defined]
            async with _without_indexes(connection, table):
                await connection.execute(text(_copied(table, copies)))
        for table, codes in ((CELL, ("agency", "region", "matter")), (SIDE, ()), (MONTH, ()), (RUNNING, ())):
            async with _without_indexes(connection, table):
                for statement in _summed(table, codes, copies):
                    await connection.execute(text(statement))
        await connection.execute(text("DROP TABLE exchange"))
        await connection.execute(text("VACUUM (ANALYZE)"))
    await engine.dispose()


@asynccontextmanager
async def _for_bulk(connection: AsyncConnection) -> AsyncIterator[None]:
    """The server's way with many rows at once, and back to what it is measured with."""
    memory = {"work_mem": "256MB", "hash_mem_multiplier": "8", "maintenance_work_mem": "512MB"}
    for name, value in ({"synchronous_commit": "off"} | memory).items():
        await connection.execute(text(f"SET {name} = '{value}'"))
    await connection.execute(text("ALTER SYSTEM SET max_wal_size = '4GB'"))
    await connection.execute(text("SELECT pg_reload_conf()"))
    yield
    await connection.execute(text("ALTER SYSTEM RESET max_wal_size"))
    await connection.execute(text("SELECT pg_reload_conf()"))
    await connection.execute(text("CHECKPOINT"))


@asynccontextmanager
async def _without_indexes(connection: AsyncConnection, table: Table) -> AsyncIterator[None]:
    """Its secondary indexes are made again afterwards."""
    query = text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :name AND indexname LIKE 'ix\\_%'")
    found = (await connection.execute(query, {"name": table.name})).all()
    for name, _ in found:
        await connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, definition in found:
        await connection.execute(text(definition))


def _prepared(copies: int) -> Iterator[str]:
    """Which code stands for which in each copy."""
    yield "CREATE TABLE exchange (k int, kind text, old text, new text, PRIMARY KEY (kind, old, k))"
    for kind, codes in _codes().items():
        listed = ", ".join(f"('{code}', {place})" for place, code in enumerate(codes))
        yield (
            f"WITH codes (code, place) AS (VALUES {listed}) "  # noqa: S608 (codes of the reference data)
            f"INSERT INTO exchange SELECT k, '{kind}', a.code, b.code FROM generate_series(0, {copies - 1}) k, "
            f"codes a JOIN codes b ON true WHERE b.place = (a.place + k) % {len(codes)}"
        )


def _codes() -> dict[str, list[str]]:
    mapping = current()
    cities = [code for code, region in mapping.regions.items() if region.level == "city"]
    agencies = sorted(mapping.agencies)
    words = [led_by(agency) for agency in agencies]
    return {"agency": agencies, "region": sorted(cities), "matter": sorted(mapping.matters), "word": words}


def _copied(table: Table, copies: int) -> str:
    """The rows of a table for every copy but the first, in the order of its key."""
    name, columns = table.name, [c.name for c in table.c if not _counts(table, c.name)]
    joins = [
        f"LEFT JOIN exchange x_{column} ON x_{column}.k = k.k AND x_{column}.kind = '{kind}' "
        f"AND x_{column}.old = t.{column}"
        for column, kind in _EXCHANGED.items()
        if column in columns
    ]
    values = ", ".join(_value(table, column) for column in columns)
    source = f"{name} t CROSS JOIN generate_series(1, {copies - 1}) k (k) {' '.join(joins)}"
    key = ", ".join(str(columns.index(c.name) + 1) for c in table.primary_key.columns if c.name in columns)
    ordered = f" ORDER BY {key}" if key else ""
    return f"INSERT INTO {name} ({', '.join(columns)}) SELECT {values} FROM {source}{ordered}"  # noqa: S608


def _counts(table: Table, column: str) -> bool:
    """Whether the database numbers the rows itself."""
    return column == "id" and table.c[column].type.python_type is int


def _value(table: Table, column: str) -> str:
    number = "substr(t.number, 1, 6) || lpad(k.k::text, 3, '0') || substr(t.number, 10)"
    if column == "number":
        return number
    if column == "id":
        return f"{number} || ':' || t.name" if table.name == "deadline" else "t.id || '-' || k.k"
    if column in _EXCHANGED:
        return f"coalesce(x_{column}.new, t.{column})"
    return f"t.{column}"


def _summed(table: Table, key: tuple[str, ...], copies: int) -> Iterator[str]:
    """The totals of all copies: each has the same ones, under its own codes."""
    name, columns = table.name, [column.name for column in table.primary_key.columns]
    if key:
        joins = " ".join(
            f"LEFT JOIN exchange x_{one} ON x_{one}.k = k.k AND x_{one}.kind = '{one}' AND x_{one}.old = t.{one}"
            for one in key
        )
        values = [f"coalesce(x_{one}.new, t.{one})" if one in key else f"t.{one}" for one in columns]
    else:
        joins = "LEFT JOIN exchange x ON x.k = k.k AND x.kind = t.dimension AND x.old = t.code"
        values = ["coalesce(x.new, t.code)" if one == "code" else f"t.{one}" for one in columns]
    told = ", ".join(f"{value} AS {column}" for value, column in zip(values, columns, strict=True))
    places = ", ".join(str(place + 1) for place in range(len(columns)))
    source = f"{name} t CROSS JOIN generate_series(0, {copies - 1}) k (k) {joins}"
    yield (
        f"CREATE UNLOGGED TABLE copied AS SELECT {told}, sum(t.value)::bigint AS value "  # noqa: S608
        f"FROM {source} GROUP BY {places}"
    )
    yield f"TRUNCATE {name}"
    yield f"INSERT INTO {name} ({', '.join(columns)}, value) SELECT * FROM copied ORDER BY {places}"  # noqa: S608
    yield "DROP TABLE copied"
