"""The indicators of the field, as the field names them."""

import pytest

from services.tracker.numbers.definitions import INDICATORS, Indicator
from services.tracker.numbers.measures import DAILY, MEASURES

BY_NAME = {indicator.name: indicator for indicator in INDICATORS}


def test_the_indicators_are_those_of_the_field_in_its_words() -> None:
    assert {name: indicator.label for name, indicator in BY_NAME.items()} == {
        "timely_routing_rate": "及时转办率",
        "on_time_reply_rate": "按期回复率",
        "resolution_rate": "办结率",
        "on_time_resolution_rate": "按时办结率",
        "contact_rate": "响应率",
        "solved_rate": "解决率",
        "satisfaction_rate": "满意率",
        "return_rate": "退单率",
        "routing_accuracy": "派单准确率",
        "arrears_resolution_rate": "化解率",
    }


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
def test_a_rate_is_made_of_measures_of_one_unit_that_belong_to_a_day(indicator: Indicator) -> None:
    named = (*indicator.numerator, *indicator.denominator, *indicator.less)
    assert set(named) <= set(DAILY)
    assert len({MEASURES[name].unit for name in named}) == 1
    assert "÷" in indicator.definition


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
def test_a_rate_of_nothing_has_no_value(indicator: Indicator) -> None:
    found = indicator.of({})
    assert (found.numerator, found.denominator, found.value) == (0, 0, None)


def test_returns_and_accuracy_complement_each_other() -> None:
    numbers = {"assigned": 8, "returned": 2}
    assert BY_NAME["return_rate"].of(numbers).value == 0.25
    assert BY_NAME["routing_accuracy"].of(numbers).value == 0.75


def test_arrears_are_resolved_by_what_is_repaid_and_what_is_under_agreement() -> None:
    numbers = {"arrears_verified": 1434_00, "arrears_repaid": 251_00, "arrears_under_agreement": 579_00}
    rate = BY_NAME["arrears_resolution_rate"]
    assert rate.unit == "yuan"
    assert rate.of(numbers).value == pytest.approx(0.5788, abs=0.00005)


def test_measures_of_one_metric_share_its_meaning_its_unit_and_its_labels() -> None:
    families: dict[str, set[tuple[object, ...]]] = {}
    places: dict[tuple[str, tuple[str, ...]], str] = {}
    for measure in MEASURES.values():
        families.setdefault(measure.family, set()).add((measure.meaning, measure.unit, *measure.labels))
        places.setdefault((measure.family, tuple(measure.labels.values())), measure.name)
    assert all(len(shapes) == 1 for shapes in families.values())
    assert len(places) == len(MEASURES)
