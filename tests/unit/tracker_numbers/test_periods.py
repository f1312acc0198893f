"""Whole months and the days beside them make up a period, no day of it twice."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.tracker.numbers.periods import whole_months

DAYS = st.dates(date(2023, 11, 1), date(2026, 4, 30))


@given(DAYS, st.integers(0, 800))
def test_the_months_are_those_that_have_no_day_outside(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    days = {start + timedelta(days=more) for more in range(length + 1)}
    words = {f"{day:%Y-%m}" for day in days}
    whole = sorted(word for word in words if _days_of(word) <= days)
    assert whole_months(start, end) == ((whole[0], whole[-1]) if whole else None)


def _days_of(month: str) -> set[date]:
    first = date.fromisoformat(f"{month}-01")
    return {day for day in (first + timedelta(days=more) for more in range(31)) if day.month == first.month}


def test_a_period_without_a_beginning_or_an_end_has_all_months() -> None:
    assert whole_months(date.min, date.max) == ("0001-01", "9999-12")
    assert whole_months(date(2026, 3, 2), date.max) == ("2026-04", "9999-12")
    assert whole_months(date(9999, 12, 2), date.max) is None
