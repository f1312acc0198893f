"""How the board writes figures, and what it calls things."""

import re
from pathlib import Path
from typing import get_args

import pytest

from services.tracker.domain.states import STATE_NAMES
from services.tracker.exports.columns import CLASS_NAMES
from services.tracker.pages import words
from services.tracker.pages.asking import Asking, places
from services.tracker.policy import CaseClass

SERVICE = Path(words.__file__).parents[1]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "—"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.5788, "57.88%"),
        (0.5, "50%"),
        (0.99999, "99.99%"),
        (9_999_999 / 10_000_000, "99.99%"),
    ],
)
def test_a_rate_is_told_to_two_places_and_never_more_than_it_is(value: float | None, told: str) -> None:
    assert words.percent(value) == told


def test_money_is_told_at_the_size_at_which_people_speak_of_it() -> None:
    assert words.yuan(1_434_000_000) == "14.34 亿元"
    assert words.yuan(1_260_000) == "126.00 万元"
    assert words.yuan(1234.5) == "1,234.50 元"
    assert words.yuan(0) == "0.00 元"


def test_everything_that_a_timeline_tells_has_a_name() -> None:
    told = set[str]()
    for path in (SERVICE / "apply").glob("*.py"):
        told |= set(re.findall(r'\bnote\(fact, "(\w+)"', path.read_text(encoding="utf-8")))
    assert len(told) > 30
    assert told | {"withdrawn", "refused"} == words.WHAT.keys()


def test_a_line_of_the_timeline_is_told_in_words() -> None:
    returned = {"what": "returned", "agency": "hn-gxt", "code": "NOT_OUR_DUTY", "reason": "不归我们管"}
    assert words.detail(returned) == [
        ("单位", "省工业和信息化厅"),
        ("理由", "不属于本单位职责"),
        ("说明", "不归我们管"),
    ]
    assert words.detail({"grade": 2, "solved": False}) == [("评价", "不满意"), ("问题解决", "否")]
    assert words.detail({"why": "red_card", "stage": "reply"}) == [("原因", "红牌督办"), ("环节", "首次答复")]


def test_every_state_and_class_has_a_name() -> None:
    assert set(get_args(CaseClass)) == CLASS_NAMES.keys()
    assert set(STATE_NAMES.values()).isdisjoint(STATE_NAMES)


def test_an_address_of_cases_asks_for_the_same_as_the_board() -> None:
    ask = Asking("2026-01-01", "2026-03-25", "hn-gxt")
    assert ask.cases("filed") == "/board/cases?of=filed&from=2026-01-01&to=2026-03-25&agency=hn-gxt"
    assert Asking(None, "2026-03-25").cases("filed") == "/board/cases?of=filed&from=&to=2026-03-25"


def test_a_month_of_the_trend_ends_where_the_question_does() -> None:
    ask = Asking("2026-01-10", "2026-03-25")
    assert ask.only("month", "2026-01") == Asking("2026-01-10", "2026-01-31")
    assert ask.only("month", "2026-02") == Asking("2026-02-01", "2026-02-28")
    assert ask.only("month", "2026-03") == Asking("2026-03-01", "2026-03-25")
    assert ask.only("day", "2026-03-02") == Asking("2026-03-02", "2026-03-02")
    assert ask.only("region", None).region == "none"


def test_a_trend_has_no_gaps() -> None:
    assert places("day", "2026-02-27", "2026-03-02") == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert places("month", "2025-11-30", "2026-02-01") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert places("month", "2025-12", "2026-02-01") == ["2025-12", "2026-01", "2026-02"]
