"""Plots: what is drawn is what was said, at any width, in words as well as in colour."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.pages.plots import SHADES, STYLES, Bar, Series, Stack, bars, lines, stacked

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(0, 1e12, allow_nan=False)


def drawn(markup: str) -> ET.Element:
    """The plot itself, without its legend; it must be well-formed."""
    found: ET.Element = ET.fromstring(markup[markup.rindex('<svg xmlns="') :])  # noqa: S314
    return found


def widths(plot: ET.Element, fills: Iterable[str]) -> list[float]:
    rects = plot.iter(f"{SVG}rect")
    return [float(rect.attrib["width"].rstrip("%")) for rect in rects if rect.attrib["fill"] in fills]


def words(plot: ET.Element) -> list[str]:
    return [text.text or "" for text in plot.iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[place : place + 2]) for place in (1, 3, 5))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_bars_are_as_long_as_their_values_and_say_them() -> None:
    plot = drawn(bars("收件", [Bar("郑州市", 40, "40 件"), Bar("洛阳市", 10, "10 件"), Bar("鹤壁市", None, "—")]))
    assert widths(plot, (STYLES[0][0],)) == [100, 25]
    assert words(plot) == ["郑州市", "40 件", "洛阳市", "10 件", "鹤壁市", "—"]
    assert plot.attrib["aria-label"] == "收件"


def test_a_bar_to_a_scale_of_its_own_ends_there() -> None:
    assert widths(drawn(bars("率", [Bar("甲", 0.5, "50%")], top=1)), (STYLES[0][0],)) == [50]


def test_the_parts_of_a_stack_join_and_nothing_is_drawn_of_nothing() -> None:
    rows = [Stack("省", (2.51, 5.79, 6.04), "化解 57.88%"), Stack("市", (0, 7.17, 0), "化解 100%")]
    markup = stacked("账款", ("已归还", "达成协议", "未化解"), rows)
    assert re.findall(r"</svg> ([^<]+)</li>", markup) == ["已归还", "达成协议", "未化解"]
    rects = [rect.attrib for rect in drawn(markup).iter(f"{SVG}rect")]
    edges = [(float(rect["x"].rstrip("%")), float(rect["width"].rstrip("%"))) for rect in rects]
    assert edges == [(0, 17.5), (17.5, 40.38), (57.88, 42.12), (0, 50)]
    assert [rect["fill"] for rect in rects] == [*SHADES, SHADES[1]]


def test_lines_have_a_mark_at_each_value_and_a_gap_where_there_is_none() -> None:
    series = [Series("按期回复率", [100, None, 50, 25]), Series("按时办结率", [0, 0, 0, None])]
    markup = lines("率", ["1月", "2月", "3月", "4月"], series, "%", 100)
    plot = drawn(markup)
    colour = STYLES[0][0]
    strokes = [line for line in plot.iter(f"{SVG}line") if line.attrib["stroke"] == colour]
    assert len(strokes) == 1, "only March and April are neighbours"
    assert len(list(plot.iter(f"{SVG}circle"))) == 3
    assert len([one for one in plot.iter(f"{SVG}rect") if one.attrib["fill"] == STYLES[1][0]]) == 3
    dashed = {line.attrib.get("stroke-dasharray") for line in plot.iter(f"{SVG}line")}
    assert STYLES[1][1] in dashed, "a second line is told by its dash too"
    assert words(plot) == ["0%", "25%", "50%", "75%", "100%", "1月", "2月", "3月", "4月"]
    assert re.findall(r"</svg> ([^<]+)</li>", markup) == ["按期回复率", "按时办结率"]


def test_things_that_are_counted_have_whole_steps() -> None:
    for highest, steps in ((0, ["0 件", "1 件"]), (1, ["0 件", "1 件"]), (3, ["0 件", "1 件", "2 件", "3 件"])):
        plot = drawn(lines("收件", ["一"], [Series("收件", [highest])], " 件"))
        assert words(plot)[:-1] == steps


def test_a_long_axis_names_its_ends_and_some_places_between() -> None:
    labels = [f"{day}日" for day in range(1, 32)]
    plot = drawn(lines("收件", labels, [Series("收件", [1] * 31)], " 件"))
    named = [word for word in words(plot) if word.endswith("日")]
    assert named == ["1日", "9日", "16日", "23日", "31日"]
    anchors = [text.attrib["text-anchor"] for text in plot.iter(f"{SVG}text")]
    assert (anchors[-5], anchors[-1]) == ("start", "end"), "what stands at the edge does not stand over it"


@pytest.mark.parametrize("months", range(2, 40))
def test_no_label_of_the_axis_touches_another_on_a_narrow_screen(months: int) -> None:
    labels = [f"{2020 + place // 12}-{place % 12 + 1:02d}" for place in range(months)]
    plot = drawn(lines("收件", labels, [Series("收件", [1] * months)], " 件"))
    named = [text for text in plot.iter(f"{SVG}text") if "-" in (text.text or "")]
    assert [named[0].text, named[-1].text] == [labels[0], labels[-1]]
    width, shift = 290 * 7 * 0.022, {"start": 0.0, "middle": -0.5, "end": -1.0}
    edges = [290 * float(one.attrib["x"].rstrip("%")) / 100 + width * shift[one.attrib["text-anchor"]] for one in named]
    assert all(after - before > width for before, after in pairwise(edges))


def test_no_label_is_taken_for_markup() -> None:
    markup = bars('"><script>', [Bar("<b>&", 1, "1 < 2")])
    assert "<script" not in markup
    assert words(drawn(markup)) == ["<b>&", "1 < 2"]


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=20))
def test_nothing_leaves_the_width(values: list[tuple[float, float, float]]) -> None:
    plot = drawn(stacked("账款", ("甲", "乙", "丙"), [Stack("x", parts, "") for parts in values]))
    for rect in plot.iter(f"{SVG}rect"):
        right = float(rect.attrib["x"].rstrip("%")) + float(rect.attrib["width"].rstrip("%"))
        # A part too thin to be seen is drawn a little wider.
        assert right <= 100 + 3 * 0.4 + 0.02


@given(st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=70))
def test_every_mark_lies_between_the_lowest_and_the_highest_line(values: list[float | None]) -> None:
    plot = drawn(lines("收件", [str(place) for place in range(len(values))], [Series("收件", values)], " 件"))
    grid = [float(line.attrib["y1"]) for line in plot.iter(f"{SVG}line") if line.attrib["x2"] == "100%"]
    marks = [float(mark.attrib["y"]) for mark in plot.iter(f"{SVG}svg") if "x" in mark.attrib]
    assert len(marks) == len([value for value in values if value is not None])
    assert all(min(grid) - 0.01 <= mark <= max(grid) + 0.01 for mark in marks)


@pytest.mark.parametrize("colour", [style[0] for style in STYLES])
def test_every_line_stands_out_from_the_paper(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 4.5


def test_neighbouring_parts_of_a_bar_differ_in_lightness() -> None:
    assert contrast(SHADES[0], SHADES[1]) >= 3
    assert contrast(SHADES[1], SHADES[2]) >= 2
