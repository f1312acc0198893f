"""Reading the years' tables."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shared.calendar.model import Calendar, Year

YEARS = Path(__file__).parent / "years"


@cache
def current() -> Calendar:
    """The years the product ships."""
    return load_calendar(YEARS)


def load_calendar(folder: Path) -> Calendar:
    """Every year's table in this folder; ValueError when one contradicts itself."""
    read = [_year(path) for path in sorted(folder.glob("*.yaml"))]
    return Calendar({year.year: year for year in read})


def _year(path: Path) -> Year:
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    days = [(row["date"], row["kind"] == "rest") for row in table["days"]]
    if len({day for day, _ in days}) != len(days):
        raise ValueError(f"{path.name}: 有重复的日期")
    if wrong := [day for day, _ in days if day.year != table["year"]]:
        raise ValueError(f"{path.name}: {wrong[0]} 不属于 {table['year']} 年")
    return Year(
        year=table["year"],
        source=table["source"],
        published=table["status"] == "published",
        off=frozenset(day for day, off in days if off),
        make_up=frozenset(day for day, off in days if not off),
    )
