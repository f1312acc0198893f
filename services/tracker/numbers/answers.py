"""What is answered of the numbers: indicators, raw counts, what is so now, and the same by group."""

from datetime import date
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from services.tracker.numbers.store import Group


class Indicator(TypedDict):
    """A rate with both its numbers, in cases or yuan; `value` null where the denominator is 0."""

    name: str
    label: str
    definition: str
    unit: Literal["case", "yuan"]
    numerator: float
    denominator: float
    value: float | None


class Figures(TypedDict):
    """`counts` of the days asked for, by measure."""

    indicators: list[Indicator]
    counts: dict[str, float]


class FiguresNow(Figures):
    """And what is so `now`, which belongs to no day."""

    now: dict[str, float]


class GroupFigures(Figures):
    """One group; `key` null for what names no agency, city or matter. Days and months have no `now`."""

    key: str | None
    label: str
    now: NotRequired[dict[str, float]]


_From = TypedDict("_From", {"from": date | None})


class IndicatorReport(_From, FiguresNow):
    """What was asked, and what was counted."""

    to: date | None
    agency: str | None
    matter: str | None
    region: str | None
    note: str | None
    group: NotRequired[Group]
    groups: NotRequired[list[GroupFigures]]
