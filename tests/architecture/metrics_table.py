"""The metrics of docs/reference.md, and those that /metrics tells: one table each, to be compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"
#: What `BY` in a name and in its labels stands for.
DIMENSIONS = ("agency", "region", "matter")
#: The unit that the end of a name says; an info is 1, and what says nothing counts.
UNITS = {"seconds": "seconds", "yuan": "yuan", "records": "records", "info": "–"}


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """One line of the table; `labels` in alphabetical order, `unit` what one of it is."""

    name: str
    type: str
    unit: str
    labels: tuple[str, ...]
    meaning: str


def in_the_reference() -> list[Metric]:
    """The table, a line for each of the dimensions where it says BY."""
    return [metric for _, metric in with_services()]


def with_services() -> list[tuple[str, Metric]]:
    """(which service tells it, the metric)"""
    part = REFERENCE.read_text(encoding="utf-8").split("## Metrics\n", 1)[1].split("\n## ", 1)[0]
    lines = re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.MULTILINE)
    return [found for name, rest in lines for found in _read(name, rest)]


def _read(name: str, rest: str) -> Iterator[tuple[str, Metric]]:
    service, kind, unit, labels, meaning = rest.split(" | ")
    for by in DIMENSIONS if "BY" in name else ("",):
        told = () if labels == "–" else tuple(sorted(labels.replace("BY", by).split(", ")))
        yield service, Metric(name.replace("BY", by), kind, unit, told, meaning.replace("BY", by))


def as_told(text: str) -> list[Metric]:
    """What this exposition tells; a metric without a sample has no labels to tell."""
    found = []
    for family in text_string_to_metric_families(text):
        labels = {name for sample in family.samples for name in sample.labels}
        found.append(Metric(family.name, family.type, _unit(family.name), tuple(sorted(labels)), family.documentation))
    return found


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS.items() if name.endswith(f"_{end}")), "count")
