"""From the answers of /api/v1/indicators to what a page shows: rows of tables, and the plots beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from services.tracker.pages import plots
from services.tracker.pages.asking import Asking, places
from services.tracker.pages.words import count, percent, yuan

#: Bars of one plot; the table beside it has them all.
BARS = 12
_EMPTY: Mapping[str, Any] = {"value": None, "numerator": 0, "denominator": 0}


@dataclass(frozen=True, slots=True)
class Row:
    """One agency, city, matter, day or month: its numbers, its rates, and how to ask for it alone."""

    key: str | None
    label: str
    ask: Asking
    counts: Mapping[str, float]
    now: Mapping[str, int]
    rates: Mapping[str, Mapping[str, Any]]


def rows(ask: Asking, answer: Mapping[str, Any]) -> list[Row]:
    """The groups of this answer that have numbers, most received first."""
    found = [_row(ask, answer["group"], one) for one in answer["groups"]]
    told = [row for row in found if any(row.counts.values()) or any(row.now.values())]
    return sorted(told, key=lambda row: (-row.counts["filed"], -row.counts["assigned"], row.label))


def over_time(ask: Asking, answer: Mapping[str, Any]) -> list[Row]:
    """The days or months of this answer in their order, without a gap."""
    group, found = answer["group"], {one["key"]: one for one in answer["groups"]}
    if not found and ask.start is None:
        return []
    whole = places(group, ask.start or min(found), ask.end or max(found))
    blank = {"indicators": [], "counts": dict.fromkeys(answer["counts"], 0)}
    return [_row(ask, group, found.get(key, {**blank, "key": key, "label": key})) for key in whole]


def _row(ask: Asking, group: str, one: Mapping[str, Any]) -> Row:
    rates = {told["name"]: told for told in one["indicators"]}
    return Row(one["key"], one["label"], ask.only(group, one["key"]), one["counts"], one.get("now", {}), rates)


def trend(found: Sequence[Row]) -> Markup:
    """Received and resolved over time."""
    series = [
        plots.Series("收件", [row.counts["filed"] for row in found]),
        plots.Series("办结", [row.counts["resolved"] for row in found]),
    ]
    return plots.lines("收件与办结的趋势，单位：件", _axis(found), series, " 件")


def kept(found: Sequence[Row]) -> Markup:
    """How limits were kept over time, in percent; a gap where nothing was due."""
    series = [
        plots.Series("按期回复率", [_percent(row, "on_time_reply_rate") for row in found]),
        plots.Series("按时办结率", [_percent(row, "on_time_resolution_rate") for row in found]),
    ]
    return plots.lines("按期率的趋势，单位：%", _axis(found), series, " %", 100)


def _axis(found: Sequence[Row]) -> list[str]:
    """Months with their year, days without: the axis is narrow and no longer than a season."""
    return [row.label if len(row.label) <= len("2026-03") else row.label[len("2026-") :] for row in found]


def _percent(row: Row, name: str) -> float | None:
    value = row.rates.get(name, _EMPTY)["value"]
    return None if value is None else 100 * value


def handled(found: Sequence[Row]) -> Markup:
    """Of the cases accepted, those resolved."""
    stacks = []
    for row in [row for row in found if row.counts["accepted"]][:BARS]:
        accepted, done = row.counts["accepted"], row.counts["accepted_resolved"]
        words = f"受理 {count(accepted)} 件，办结 {count(done)} 件"
        stacks.append(plots.Stack(row.label, (done, accepted - done), words))
    return plots.stacked("受理件的办结情况，单位：件", ("已办结", "未办结"), stacks)


def received(title: str, found: Sequence[Row]) -> Markup:
    """What was received."""
    some = [row for row in found if row.counts["filed"]][:BARS]
    told = [plots.Bar(row.label, row.counts["filed"], f"{count(row.counts['filed'])} 件") for row in some]
    return plots.bars(title, told)


def settled(found: Sequence[Row]) -> Markup:
    """Of the sums verified, what is repaid, under agreement, and neither."""
    owing = [row for row in found if row.counts["arrears_verified"] > 0]
    owing.sort(key=lambda row: -row.counts["arrears_verified"])
    stacks = []
    for row in owing[:BARS]:
        repaid, agreed = row.counts["arrears_repaid"], row.counts["arrears_under_agreement"]
        verified = row.counts["arrears_verified"]
        words = f"化解 {percent((repaid + agreed) / verified)}，认定 {yuan(verified)}"
        stacks.append(plots.Stack(row.label, (repaid, agreed, max(0.0, verified - repaid - agreed)), words))
    return plots.stacked("账款化解情况，单位：元", ("已归还", "达成协议", "未化解"), stacks)


def satisfied(label: str, counts: Mapping[str, float]) -> Markup:
    """Of the ratings, the first three grades and the last two."""
    good, poor = counts["satisfied"], counts["poor"]
    stack = plots.Stack(label, (good, poor), f"满意 {count(good)}，差评 {count(poor)}")
    return plots.stacked("评价，单位：次", ("非常满意、满意、基本满意", "不满意、非常不满意"), [stack])
