"""When a limit falls due: the start day is not counted, rest days are left out or rolled over."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import NoCalendar, Unit, current, due
from shared.clock import SHANGHAI

CALENDAR = current()
#: Far enough from both ends of the tables for any limit below.
STARTS = st.datetimes(datetime(2005, 1, 1), datetime(2025, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001
LIMITS = st.integers(1, 90)
UNITS = st.sampled_from(["working_day", "calendar_day"])


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI) + timedelta(hours=hour)


def end_of(day: str) -> datetime:
    return at(day, 0) + timedelta(hours=23, minutes=59, seconds=59)


@pytest.mark.parametrize(
    ("start", "limit", "last_day"),
    [
        ("2026-02-13", 5, "2026-02-27"),  # over Spring Festival, with the make-up Saturday before it
        ("2026-09-30", 3, "2026-10-10"),  # over National Day; the due day is a make-up Saturday
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-03-06", 1, "2026-03-09"),  # a Friday
        ("2026-03-07", 1, "2026-03-09"),  # filed on a Saturday
        ("2026-12-31", 1, "2027-01-04"),  # into the provisional year
        ("2026-03-10", 0, "2026-03-10"),
    ],
)
def test_working_days_leave_out_rest_days_and_count_make_up_days(start: str, limit: int, last_day: str) -> None:
    assert due(at(start), limit, "working_day", CALENDAR) == end_of(last_day)


@pytest.mark.parametrize(
    ("start", "limit", "last_day"),
    [
        ("2026-03-09", 1, "2026-03-10"),
        ("2026-03-06", 1, "2026-03-09"),  # Saturday rolls to Monday
        ("2026-09-05", 30, "2026-10-08"),  # 5 October rolls over the holiday
        ("2026-10-05", 5, "2026-10-10"),  # a make-up Saturday is no rest day
        ("2026-02-01", 14, "2026-02-24"),  # the first day of Spring Festival
    ],
)
def test_a_calendar_period_that_ends_on_a_rest_day_rolls_on(start: str, limit: int, last_day: str) -> None:
    assert due(at(start), limit, "calendar_day", CALENDAR) == end_of(last_day)


def test_the_day_is_the_civil_day_in_china() -> None:
    evening_utc = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)
    assert due(evening_utc, 1, "working_day", CALENDAR) == end_of("2026-03-11")


def test_a_due_day_ends_at_its_last_second_in_china() -> None:
    assert due(at("2026-03-09"), 1, "working_day", CALENDAR).isoformat() == "2026-03-10T23:59:59+08:00"


@pytest.mark.parametrize("unit", ["working_day", "calendar_day"])
def test_a_time_without_zone_is_refused(unit: Unit) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        due(datetime(2026, 3, 9, 10), 1, unit, CALENDAR)  # noqa: DTZ001


@pytest.mark.parametrize("unit", ["working_day", "calendar_day"])
def test_a_negative_limit_is_refused(unit: Unit) -> None:
    with pytest.raises(ValueError, match="a limit of -1 days"):
        due(at("2026-03-09"), -1, unit, CALENDAR)


@pytest.mark.parametrize("unit", ["working_day", "calendar_day"])
def test_a_limit_that_leaves_the_tables_is_refused(unit: Unit) -> None:
    with pytest.raises(NoCalendar, match="2028"):
        due(at("2027-12-30"), 60, unit, CALENDAR)


@pytest.mark.parametrize(("day", "provisional"), [("2026-12-31", False), ("2027-01-01", True)])
def test_a_moment_is_provisional_by_its_year_in_china(day: str, provisional: bool) -> None:
    assert CALENDAR.is_provisional(at(day, 0).astimezone(UTC)) == provisional


def test_asking_whether_a_naive_moment_is_provisional_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        CALENDAR.is_provisional(datetime(2026, 12, 31))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-09", "2026-03-09", 0),
        ("2026-03-09", "2026-03-10", 1),
        ("2026-03-06", "2026-03-08", 0),
        ("2026-09-30", "2026-10-10", 3),
        ("2026-10-10", "2026-09-30", -3),
    ],
)
def test_working_days_between_count_the_last_day_and_not_the_first(start: str, end: str, days: int) -> None:
    assert CALENDAR.working_days_between(at(start), at(end)) == days


@given(STARTS, LIMITS)
def test_a_limit_is_never_due_on_a_rest_day(start: datetime, limit: int) -> None:
    assert CALENDAR.is_working_day(due(start, limit, "working_day", CALENDAR).date())
    assert CALENDAR.is_working_day(due(start, limit, "calendar_day", CALENDAR).date())


@given(STARTS, LIMITS, UNITS)
def test_a_longer_limit_is_never_due_earlier(start: datetime, limit: int, unit: Unit) -> None:
    assert due(start, limit, unit, CALENDAR) <= due(start, limit + 1, unit, CALENDAR)


@given(STARTS, st.timedeltas(timedelta(0), timedelta(days=40)), LIMITS, UNITS)
def test_a_later_start_is_never_due_earlier(start: datetime, wait: timedelta, limit: int, unit: Unit) -> None:
    assert due(start, limit, unit, CALENDAR) <= due(start + wait, limit, unit, CALENDAR)


@given(STARTS, LIMITS, LIMITS)
def test_one_limit_after_another_is_their_sum_in_working_days(start: datetime, first: int, then: int) -> None:
    halfway = CALENDAR.add_working_days(start, first)
    assert CALENDAR.add_working_days(halfway, then) == CALENDAR.add_working_days(start, first + then)


@given(STARTS, LIMITS)
def test_as_many_working_days_lie_between_as_were_added(start: datetime, limit: int) -> None:
    assert CALENDAR.working_days_between(start, CALENDAR.add_working_days(start, limit)) == limit


@given(STARTS, LIMITS)
def test_subtracting_undoes_adding(start: datetime, limit: int) -> None:
    ready = CALENDAR.add_working_days(start, 1)
    assert CALENDAR.subtract_working_days(CALENDAR.add_working_days(ready, limit), limit) == ready


@given(start=STARTS, hours=st.integers(0, 24 * 60), later=st.integers(0, 24 * 60))
def test_time_on_working_days_adds_up_and_is_never_more_than_the_time(start: datetime, hours: int, later: int) -> None:
    middle = start + timedelta(hours=hours)
    end = middle + timedelta(hours=later)
    whole = CALENDAR.working_time(start, end)
    assert whole == CALENDAR.working_time(start, middle) + CALENDAR.working_time(middle, end)
    assert timedelta() <= whole <= end - start
    assert CALENDAR.working_time(end, start) == timedelta()


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at("2026-03-06", 16), at("2026-03-09", 10), 18),  # over a weekend
        (at("2026-02-13", 20), at("2026-02-24", 6), 34),  # over Spring Festival: the Friday, the make-up Saturday, 6 h
        (at("2026-03-07", 1), at("2026-03-08", 23), 0),
        (at("2026-03-10", 9), at("2026-03-10", 11), 2),
    ],
)
def test_time_on_rest_days_does_not_count(start: datetime, end: datetime, hours: int) -> None:
    assert CALENDAR.working_time(start, end) == timedelta(hours=hours)
