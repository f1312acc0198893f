"""The recording rules: every indicator by province, city, agency and matter, numerator and denominator kept apart.

Replicas of the tracker tell the same rows, so their greatest is taken and never their sum. A measure that nothing was
counted under has no series: where something is due it is 0. Where nothing is due there is no ratio.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.tracker.numbers.definitions import INDICATORS, Indicator
from services.tracker.numbers.measures import MEASURES

#: Indicators of duties whose misses are watched day by day, at which level, and what was counted before any was due:
#: from then on nothing is missed, so that the very first miss is one more than before.
WATCHED = {("province", "timely_routing_rate"): "filed", ("agency", "on_time_reply_rate"): "assigned"}
#: What is asked of a reader: name, 名称, what went wrong (totals, the second taken from the first), of how many.
READING = (
    ("returned", "退单率", ("yousu_routing_returned",), ("yousu_routing_decisions",)),
    ("corrected", "改派率", ("yousu_routing_proposed", "yousu_routing_agreed"), ("yousu_routing_proposed",)),
)
_HEAD = """\
# Every indicator by province, city, agency and matter. Written by `python -m services.yousu.watching`; not by hand.
# Where nothing is due there is no ratio: neither 0 nor 100 %.
groups:
"""


@dataclass(frozen=True, slots=True)
class Level:
    """At what level of the administration a number is told, and the dimension of the metrics it is made from."""

    name: str
    label: str
    dimension: str
    whole: bool = False

    def of(self, measure: str) -> str:
        """The query of a measure at this level."""
        found = MEASURES[measure]
        labels = ",".join(f'{name}="{value}"' for name, value in found.labels.items())
        return self.told(f"yousu_{self.dimension}_{found.family}" + (f"{{{labels}}}" if labels else ""))

    def told(self, selector: str) -> str:
        """What this selects, each replica's rows once."""
        once = f"max by ({self.dimension}) ({selector})"
        return f"sum({once})" if self.whole else once


PROVINCE = Level("province", "全省", "region", whole=True)
CITY = Level("city", "各市", "region")
AGENCY = Level("agency", "各单位", "agency")
MATTER = Level("matter", "各事项", "matter")
LEVELS = (PROVINCE, CITY, AGENCY, MATTER)


def series(level: Level, indicator: str, part: str) -> str:
    """The recorded series of an indicator: its numerator, denominator, ratio, or what was missed."""
    return f"{level.name}:yousu_{indicator}:{part}"


def recording() -> str:
    """rules/recording.yml."""
    return _HEAD + "\n".join([*(_group(level) for level in LEVELS), _readers()])


def _group(level: Level) -> str:
    lines = [f"  # {level.label}", f"  - name: {level.name}", "    rules:"]
    for indicator in INDICATORS:
        lines.append(f"      # {indicator.label}")
        for part, query in _rules(level, indicator):
            lines += [f"      - record: {series(level, indicator.name, part)}", f"        expr: {query}"]
    return "\n".join(lines) + "\n"


def _rules(level: Level, indicator: Indicator) -> Iterator[tuple[str, str]]:
    """In this order: a group's rules are evaluated one after the other."""
    numerator, denominator = (series(level, indicator.name, part) for part in ("numerator", "denominator"))
    yield "denominator", " + ".join(level.of(measure) for measure in indicator.denominator)
    yield "numerator", _numerator(level, indicator, denominator)
    yield "ratio", f"{numerator} / ({denominator} > 0)"
    if (before := WATCHED.get((level.name, indicator.name))) is not None:
        yield "missed", f"{denominator} - {numerator} or 0 * {level.of(before)}"


def _numerator(level: Level, indicator: Indicator, denominator: str) -> str:
    parts = [f"{level.of(measure)} or 0 * {denominator}" for measure in (*indicator.numerator, *indicator.less)]
    if len(parts) == 1:
        return parts[0]
    signs = ["+"] * len(indicator.numerator) + ["-"] * len(indicator.less)
    return "".join(f" {sign} ({part})" for sign, part in zip(signs, parts, strict=True)).removeprefix(" + ")


def _readers() -> str:
    """What the agencies returned and the dispatchers corrected, by what read the text: this week, and four before."""
    lines = ["  # 读者：最近 7 天，与之前的 28 天", "  - name: reader", "    rules:"]
    for name, label, over, under in READING:
        lines.append(f"      # {label}")
        for part, query in _weeks(name, over, under):
            lines += [f"      - record: reader:yousu_routing_{name}:{part}", f"        expr: {query}"]
    return "\n".join(lines) + "\n"


def _weeks(name: str, over: tuple[str, ...], under: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield "denominator7d", _grown(under, "", "7d")
    yield "numerator7d", _grown(over, "", "7d")
    yield "ratio7d", f"reader:yousu_routing_{name}:numerator7d / (reader:yousu_routing_{name}:denominator7d > 0)"
    yield "baseline28d", f"({_grown(over, '7d', '35d')}) / (({_grown(under, '7d', '35d')}) > 0)"


def _grown(totals: tuple[str, ...], until: str, since: str) -> str:
    """By how much a total grew; a reader that was not there yet began at 0."""
    after, before = _stood(totals, until), _stood(totals, since)
    return f"{after} - ({before} or 0 * {after})"


def _stood(totals: tuple[str, ...], ago: str) -> str:
    """How a total stood so long ago; a gap of a day in what Prometheus kept does not matter."""
    told = [f"last_over_time({total}[1d] offset {ago})" if ago else total for total in totals]
    parts = [f"max by (reader) ({one})" for one in told]
    return parts[0] if len(parts) == 1 else f"({' - '.join(parts)})"
