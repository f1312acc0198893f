"""Plots as inline SVG, drawn on the server: bars, stacked bars, lines; they fit any width without a script.

Places along the width are percentages and heights are pixels, so letters keep their size on a narrow screen. Everything
is an attribute of its element, so that a printer that reads no style sheet draws the same. No plot is told by colour
alone: bars carry their value in words, lines their own dash and mark, and a table with the same figures stands beside.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from markupsafe import Markup

INK, QUIET, GRID, GROUND = "#1d2733", "#55606e", "#c9d1da", "#e3e9f0"
FONT = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
#: One after the other: colour, dash, mark. Each colour has 4.5 : 1 against white, and neighbours differ in lightness.
STYLES = (("#0b4a8f", "", "circle"), ("#b04a00", "7 4", "square"), ("#1b6e3c", "2 3", "diamond"))
#: Parts of a stacked bar, from the left; the lightest has an outline.
SHADES = ("#12396b", "#5b9bd5", "#e3e9f0")
_ROW, _BAR = 44, 14
_HEIGHT, _TOP, _FOOT = 190, 18, 26
#: Where the first and the last point of a line stand, in percent of the width.
_LEFT, _RIGHT = 10.0, 97.0
_LABELS = 5
#: What a letter of the axis takes on the narrowest screen, in percent of the width; between two, half a label is free.
_LETTER = 2.2
_MARKS = {
    "circle": Markup('<circle cx="0" cy="0" r="3.5" fill="{}"/>'),
    "square": Markup('<rect x="-3" y="-3" width="6" height="6" fill="{}"/>'),
    "diamond": Markup('<path d="M0 -4.5 L4.5 0 L0 4.5 L-4.5 0 Z" fill="{}"/>'),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, its value (None where there is none), and the value in words."""

    label: str
    value: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar of several parts, in the order of their names, with all of them in words."""

    label: str
    parts: Sequence[float]
    told: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name, and a value for each place along the axis, None for a gap."""

    name: str
    values: Sequence[float | None]


def bars(title: str, rows: Sequence[Bar], top: float | None = None) -> Markup:
    """Bars lying one under the other, each under its label and its value; `top` is the full width."""
    full = top or max((row.value or 0 for row in rows), default=0)
    return _svg(title, _ROW * len(rows), _bars(rows, full))


def _bars(rows: Sequence[Bar], full: float) -> Iterator[Markup]:
    for place, row in enumerate(rows):
        y = place * _ROW
        yield _caption(row.label, row.told, y)
        yield _rect(0, 100, y + 22, GROUND)
        if row.value:
            yield _rect(0, _share(row.value, full), y + 22, STYLES[0][0])


def stacked(title: str, names: Sequence[str], rows: Sequence[Stack]) -> Markup:
    """Bars of several parts, all to one scale, with what each part is called above them."""
    full = max((sum(row.parts) for row in rows), default=0)
    shades = [(name, SHADES[place % len(SHADES)]) for place, name in enumerate(names)]
    key = Markup("").join(_swatch(name, shade) for name, shade in shades)
    return _legend(key) + _svg(title, _ROW * len(rows), _stacks(rows, full))


def _stacks(rows: Sequence[Stack], full: float) -> Iterator[Markup]:
    for place, row in enumerate(rows):
        y, start = place * _ROW, 0.0
        yield _caption(row.label, row.told, y)
        for shade, part in zip(SHADES, row.parts, strict=False):
            width = _share(part, full)
            if width:
                yield _rect(start, width, y + 22, shade, outline=QUIET if shade == SHADES[-1] else "#fff")
            start += width


def lines(title: str, labels: Sequence[str], series: Sequence[Series], unit: str, top: float | None = None) -> Markup:
    """Lines over time; `labels` name the places along the axis, `unit` what is counted, `top` the end of the scale."""
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    scale = _scale(top or highest, whole=top is None)
    key = Markup("").join(_sample(one.name, place) for place, one in enumerate(series)) if len(series) > 1 else Markup()
    drawn = [*_grid(scale, unit), *_axis(labels)]
    for place, one in enumerate(series):
        drawn += _line(one.values, scale[-1], place)
    return (_legend(key) if key else Markup()) + _svg(title, _TOP + _HEIGHT + _FOOT, drawn)


def _scale(highest: float, *, whole: bool) -> list[float]:
    """Four steps or so from 0 to a round number not below the highest; whole ones where things are counted."""
    if highest <= (1 if whole else 0):
        return [0, 1]
    raw = highest / 4
    step = 10.0 ** floor(log10(raw))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if factor * step >= raw * 0.999)
    if whole:
        step = max(1, ceil(step))
    return [step * place for place in range(ceil(highest / step - 1e-9) + 1)]


def _grid(scale: Sequence[float], unit: str) -> Iterator[Markup]:
    for value in scale:
        y = _height(value, scale[-1])
        yield Markup('<line x1="0" x2="100%" y1="{0}" y2="{0}" stroke="{1}" stroke-width="1"/>').format(_n(y), GRID)
        yield _text(0, y - 4, f"{_n(value)}{unit}", "start", QUIET, 12)


def _axis(labels: Sequence[str]) -> Iterator[Markup]:
    for place in _told(labels):
        anchor = "start" if place == 0 else "end" if place == len(labels) - 1 else "middle"
        yield _text(_across(place, len(labels)), _TOP + _HEIGHT + 20, labels[place], anchor, QUIET, 12)


def _told(labels: Sequence[str]) -> list[int]:
    """Which places are named: the first, the last, and as many between, evenly, as do not touch."""
    last, room = len(labels) - 1, 1.5 * _LETTER * max(map(len, labels), default=0)
    for parts in range(min(_LABELS - 1, last), 1, -1):
        told = [round(part * last / parts) for part in range(parts + 1)]
        if min(after - before for before, after in pairwise(told)) * (_RIGHT - _LEFT) / last >= room:
            return told
    return sorted({0, last}) if labels else []


def _line(values: Sequence[float | None], top: float, style: int) -> Iterator[Markup]:
    colour, dash, mark = STYLES[style % len(STYLES)]
    points = [None if v is None else (_across(i, len(values)), _height(v, top)) for i, v in enumerate(values)]
    line = Markup('<line x1="{}%" y1="{}" x2="{}%" y2="{}" stroke="{}" stroke-width="2"{}/>')
    for one, other in pairwise(points):
        if one and other:
            dashed = Markup(' stroke-dasharray="{}"').format(dash) if dash else ""
            yield line.format(_n(one[0]), _n(one[1]), _n(other[0]), _n(other[1]), colour, dashed)
    for point in points:
        if point:
            yield _mark(mark, f"{_n(point[0])}%", point[1], colour)


def _mark(mark: str, x: str, y: float, colour: str) -> Markup:
    """A mark in a box of its own, so that its shape is in pixels while its place is in percent."""
    shape = _MARKS[mark].format(colour)
    return Markup('<svg x="{}" y="{}" width="1" height="1" overflow="visible">{}</svg>').format(x, _n(y), shape)


def _across(place: int, count: int) -> float:
    return 50.0 if count == 1 else _LEFT + (_RIGHT - _LEFT) * place / (count - 1)


def _height(value: float, top: float) -> float:
    return _TOP + _HEIGHT * (1 - value / top)


def _share(value: float, full: float) -> float:
    """Percent of the width; what is there is seen, however little."""
    return max(0.4, 100 * value / full) if value > 0 and full > 0 else 0.0


def _caption(label: str, told: str, y: float) -> Markup:
    return _text(0, y + 15, label, "start", INK, 13) + _text(100, y + 15, told, "end", INK, 13)


def _text(x: float, y: float, words: str, anchor: str, colour: str, size: int) -> Markup:
    element = Markup('<text x="{}%" y="{}" text-anchor="{}" fill="{}" font-size="{}" font-family="{}">{}</text>')
    return element.format(_n(x), _n(y), anchor, colour, size, FONT, words)


def _rect(x: float, width: float, y: float, colour: str, outline: str | None = None) -> Markup:
    edge = Markup(' stroke="{}" stroke-width="1"').format(outline) if outline else ""
    element = Markup('<rect x="{}%" y="{}" width="{}%" height="{}" fill="{}"{}/>')
    return element.format(_n(x), _n(y), _n(width), _BAR, colour, edge)


def _svg(title: str, height: float, drawn: Iterable[Markup]) -> Markup:
    element = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" width="100%" height="{}"'
        ' overflow="visible">{}</svg>'
    )
    return element.format(title, _n(height), Markup("").join(drawn))


def _legend(entries: Markup) -> Markup:
    return Markup('<ul class="legend">{}</ul>').format(entries)


def _swatch(name: str, shade: str) -> Markup:
    box = Markup('<rect x="1" y="1" width="14" height="12" fill="{}" stroke="{}"/>').format(shade, QUIET)
    return _entry(name, 16, box)


def _sample(name: str, style: int) -> Markup:
    colour, dash, mark = STYLES[style % len(STYLES)]
    dashed = Markup(' stroke-dasharray="{}"').format(dash) if dash else ""
    line = Markup('<line x1="0" y1="7" x2="30" y2="7" stroke="{}" stroke-width="2"{}/>').format(colour, dashed)
    return _entry(name, 30, line + _mark(mark, "15", 7, colour))


def _entry(name: str, width: int, drawn: Markup) -> Markup:
    element = Markup('<li><svg aria-hidden="true" width="{}" height="14">{}</svg> {}</li>')
    return element.format(width, drawn, name)


def _n(value: float) -> str:
    """A number as short as it is."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
