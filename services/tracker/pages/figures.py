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

    @property
    def tells(self) -> bool:
        """Something was counted, or something is late now."""
        return any(self.counts.values()) or bool(self.now.get("now_late"))


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that tell something, and how many there are besides of which there is nothing to tell."""

    rows: Sequence[Row]
    others: int


def telling(found: Sequence[Row]) -> Part:
    told = [row for row in found if row.tells]
    return Part(told, len(found) - len(told))


def parted(ask: Asking, answer: Mapping[str, Any]) -> Part:
    """The groups of this answer, most received first."""
    found = telling([_row(ask, answer["group"], one) for one in answer["groups"]])
    ranked = sorted(found.rows, key=lambda row: (-row.counts["filed"], -row.counts["assigned"], row.label))
    return Part(ranked, found.others)


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


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn; `cut` when some rows are left to the table."""

    drawn: Markup
    cut: bool = False


def trend(found: Sequence[Row]) -> Plot | None:
    """Received and resolved over time; None when neither ever was."""
    series = [
        plots.Series("收件", [row.counts["filed"] for row in found]),
        plots.Series("办结", [row.counts["resolved"] for row in found]),
    ]
    if not any(value for one in series for value in one.values):
        return None
    return Plot(plots.lines("收件与办结的趋势，单位：件", _axis(found), series, " 件"))


def kept(found: Sequence[Row]) -> Plot | None:
    """How limits were kept over time, in percent; a gap where nothing was due, None when nothing ever was."""
    series = [
        plots.Series("按期回复率", [_percent(row, "on_time_reply_rate") for row in found]),
        plots.Series("按时办结率", [_percent(row, "on_time_resolution_rate") for row in found]),
    ]
    if all(value is None for one in series for value in one.values):
        return None
    return Plot(plots.lines("按期率的趋势，单位：%", _axis(found), series, "%", 100))


def _axis(found: Sequence[Row]) -> list[str]:
    """Months with their year, days without: the axis is narrow and no longer than a season."""
    return [row.label if len(row.label) <= len("2026-03") else row.label[len("2026-") :] for row in found]


def _percent(row: Row, name: str) -> float | None:
    value = row.rates.get(name, _EMPTY)["value"]
    return None if value is None else 100 * value


def handled(found: Sequence[Row]) -> Plot | None:
    """Of the cases accepted, those resolved."""
    some = _with(found, "accepted")
    stacks = []
    for row in some[:BARS]:
        accepted, done = row.counts["accepted"], row.counts["accepted_resolved"]
        words = f"办结 {count(done)} / {count(accepted)} 件"
        stacks.append(plots.Stack(row.label, (done, accepted - done), words))
    return _plot(some, plots.stacked("受理件的办结情况，单位：件", ("已办结", "未办结"), stacks))


def received(title: str, found: Sequence[Row]) -> Plot | None:
    """What was received."""
    some = _with(found, "filed")
    told = [plots.Bar(row.label, row.counts["filed"], f"{count(row.counts['filed'])} 件") for row in some[:BARS]]
    return _plot(some, plots.bars(title, told))


def settled(found: Sequence[Row]) -> Plot | None:
    """Of the sums verified, what is repaid, under agreement, and neither."""
    owing = _with(found, "arrears_verified")
    stacks = []
    for row in owing[:BARS]:
        repaid, agreed = row.counts["arrears_repaid"], row.counts["arrears_under_agreement"]
        verified = row.counts["arrears_verified"]
        words = f"化解 {percent((repaid + agreed) / verified)}，{yuan(verified)}"
        stacks.append(plots.Stack(row.label, (repaid, agreed, max(0.0, verified - repaid - agreed)), words))
    return _plot(owing, plots.stacked("账款化解情况，单位：元", ("已归还", "达成协议", "未化解"), stacks))


def satisfied(label: str, counts: Mapping[str, float]) -> Plot | None:
    """Of the ratings, the first three grades and the last two."""
    good, poor = counts["satisfied"], counts["poor"]
    stack = plots.Stack(label, (good, poor), f"满意 {count(good)} 次，差评 {count(poor)} 次")
    names = ("非常满意、满意、基本满意", "不满意、非常不满意")
    return Plot(plots.stacked("评价，单位：次", names, [stack])) if counts["rated"] else None


def _with(found: Sequence[Row], measure: str) -> list[Row]:
    """The rows that have some of it, those with the most first."""
    return sorted((row for row in found if row.counts[measure] > 0), key=lambda row: -row.counts[measure])


def _plot(rows: Sequence[Row], drawn: Markup) -> Plot | None:
    return Plot(drawn, len(rows) > BARS) if rows else None
