"""Reading the years' tables, and refusing what contradicts itself, saying where."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from shared.calendar.model import Calendar, Year

YEARS = Path(__file__).parent / "years"
STATUSES = ("published", "provisional")
KINDS = ("rest", "work")


def load_calendar(folder: Path) -> Calendar:
    """Every year's table in this folder, `YYYY.yaml` each; ValueError with every fault found."""
    tables = {path.name: _table(path) for path in sorted(folder.glob("*.yaml"))}
    faults = [f"{name}：{fault}" for name, table in tables.items() for fault in _faults(name, table)]
    if faults:
        raise ValueError("\n".join(faults))
    years = map(_year, tables.values())
    return Calendar({year.year: year for year in years})


def load_year(path: Path, name: str | None = None) -> Year:
    """The year's table in this file; ValueError with every fault found. `name` stands for the file's own."""
    table = _table(path)
    faults = list(_faults(name or path.name, table))
    if faults:
        raise ValueError("\n".join(f"{path.name}：{fault}" for fault in faults))
    return _year(table)


def _table(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path.name}：无法读取：{error}") from error


def _faults(name: str, table: Any) -> Iterator[str]:
    if not isinstance(table, dict) or table.keys() != {"year", "status", "source", "days"}:
        yield "应有 year、status、source、days 四项"
        return
    if f"{table['year']}.yaml" != name:
        yield f"year 为 {table['year']}，与文件名不符"
    if table["status"] not in STATUSES:
        yield f"status {table['status']} 不在 {'、'.join(STATUSES)} 之中"
    if not isinstance(table["source"], str) or not table["source"].strip():
        yield "source 应为文件名称"
    if not isinstance(table["days"], list) or not table["days"]:
        yield "days 应为日期的列表"
        return
    for place, row in enumerate(table["days"], start=1):
        if (fault := _day_fault(row, table["year"])) is not None:
            yield f"days 第 {place} 项：{fault}"
    named = Counter(row.get("date") for row in table["days"] if isinstance(row, dict))
    yield from (f"{day} 写了 {times} 次" for day, times in named.items() if times > 1)


def _day_fault(row: Any, year: Any) -> str | None:
    if not isinstance(row, dict) or row.keys() != {"date", "name", "kind"}:
        return "应有 date、name、kind 三项"
    day = row["date"]
    if type(day) is not date:
        return f"date 应为日期，现为 {day!r}"
    if day.year != year:
        return f"{day} 不属于 {year} 年"
    if row["kind"] not in KINDS:
        return f"kind {row['kind']} 不在 {'、'.join(KINDS)} 之中"
    if row["kind"] == "work" and day.weekday() < 5:
        return f"{day} 是周一至周五，不需要调休上班"
    return None


def _year(table: dict[str, Any]) -> Year:
    off = frozenset(row["date"] for row in table["days"] if row["kind"] == "rest")
    make_up = frozenset(row["date"] for row in table["days"] if row["kind"] == "work")
    said = f"{table['year']} {table['status']} {sorted(off)} {sorted(make_up)}"
    return Year(
        year=table["year"],
        source=table["source"],
        published=table["status"] == "published",
        off=off,
        make_up=make_up,
        version=hashlib.sha256(said.encode()).hexdigest()[:8],
        names={row["date"]: row["name"] for row in table["days"]},
    )
