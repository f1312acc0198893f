"""What a dashboard shows: panels of queries, with their units, colours and words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["stat", "timeseries", "table"]
Steps = tuple[tuple[float, str], ...]
GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
#: Numbers in full, three digits together: readers here do not count in thousands and millions.
COUNT = "locale"
#: Units that Grafana does not have of itself.
HOURS, TEN_THOUSAND_YUAN = "suffix: 小时", "suffix: 万元"


@dataclass(frozen=True, slots=True)
class Query:
    """One query and what its answer is called; in a table it is a column.

    With a `unit` of its own it also has its own `steps`, or no colour. `colour` is that of its line.
    """

    expr: str
    legend: str
    unit: str | None = None
    steps: Steps = ()
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `steps` are (from this value on, colour), `said` the values that are told in words.

    Of a table: `keys` are the columns that are not numbers, title by label; those of the labels `unseen` are there for
    links only. `words` say what the codes in a column mean and `links` lead on from it, both by the column's title;
    `worst` sorts it with its worst row first.
    """

    title: str
    meaning: str
    when_red: str
    queries: tuple[Query, ...]
    unit: str = COUNT
    kind: Kind = "stat"
    width: int = 4
    height: int = 4
    steps: Steps = ()
    said: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    worst: tuple[str, Literal["highest", "lowest"]] | None = None

    @property
    def description(self) -> str:
        return f"{self.meaning}\n\n变红时：{self.when_red}"


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: Sequence[Panel]


def more_is_worse(yellow: float, red: float) -> Steps:
    return (yellow, YELLOW), (red, RED)


def less_is_worse(red_below: float, green_from: float) -> Steps:
    return (0, RED), (red_below, YELLOW), (green_from, GREEN)


def hours(query: str) -> str:
    """Seconds as hours."""
    return f"({query}) / 3600"


def ten_thousands(query: str) -> str:
    """Yuan as 万元."""
    return f"({query}) / 10000"


def names(dimension: str) -> str:
    """What the codes of this dimension stand for, as a query."""
    return f"max by ({dimension}, name) (yousu_{dimension}_info)"


def named(query: str, dimension: str) -> str:
    """The query with the names of its codes."""
    return f"({query}) * on ({dimension}) group_left (name) {names(dimension)}"
