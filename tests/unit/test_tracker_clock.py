"""The clock's arithmetic: limits, pauses, extensions, the cap; and a ledger that adds up to the due times."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.domain.clock import (
    Limit,
    Line,
    bulletin_at,
    due_at,
    pause_days,
    pause_end,
    recomputed,
    started,
    timed,
    words,
)
from services.tracker.domain.supervision import number_in, order_id, ordered_by_red, request_id, worst
from shared.calendar import current
from shared.clock import SHANGHAI

CALENDAR = current().without_end()
#: The tables' published years, with room for the limits below.
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2025, 6, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
LIMITS = st.builds(
    Limit,
    st.integers(1, 60),
    st.sampled_from(["working_day", "calendar_day"]),
    st.one_of(st.none(), st.integers(60, 120)),
)
WAITS = st.timedeltas(timedelta(0), timedelta(days=30))
DAYS = st.integers(0, 15)


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI) + timedelta(hours=hour)


def end_of(day: str) -> datetime:
    return at(day, 0) + timedelta(hours=23, minutes=59, seconds=59)


@pytest.mark.parametrize(
    ("start", "limit", "pauses", "extensions", "last_day"),
    [
        ("2026-02-13", Limit(5, "working_day"), 0, 0, "2026-02-27"),
        ("2026-09-30", Limit(3, "working_day"), 0, 0, "2026-10-10"),
        ("2026-03-10", Limit(15, "working_day"), 2, 7, "2026-04-14"),  # over Qingming, 4–6 April
        ("2026-03-10", Limit(30, "calendar_day"), 3, 0, "2026-04-14"),
        ("2026-03-10", Limit(30, "calendar_day", 90), 15, 60, "2026-06-08"),  # the cap
    ],
)
def test_a_due_time_is_the_limit_moved_by_pauses_and_extensions_up_to_the_cap(
    start: str, limit: Limit, pauses: int, extensions: int, last_day: str
) -> None:
    assert due_at(at(start), limit, pauses, extensions, CALENDAR) == end_of(last_day)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (at("2026-03-10", 9), at("2026-03-10", 17), 0),
        (at("2026-03-10", 17), at("2026-03-11", 9), 1),
        (at("2026-03-13"), at("2026-03-16"), 1),  # Friday to Monday
        (at("2026-03-13"), at("2026-03-15"), 1),  # ended on a Sunday: up to Monday
        (at("2026-03-14"), at("2026-03-14", 20), 0),  # within a Saturday
        (at("2026-02-13"), at("2026-02-24"), 2),  # over Spring Festival, with its make-up Saturday
        (at("2026-03-11"), at("2026-03-10"), 0),
    ],
)
def test_a_pause_counts_working_days_and_none_within_a_day(start: datetime, end: datetime, days: int) -> None:
    assert pause_days(start, end, CALENDAR) == days


@given(MOMENTS, LIMITS, DAYS, DAYS, DAYS)
def test_a_due_time_is_never_earlier_after_a_pause_or_an_extension(
    start: datetime, limit: Limit, pauses: int, extensions: int, more: int
) -> None:
    before = due_at(start, limit, pauses, extensions, CALENDAR)
    assert due_at(start, limit, pauses + more, extensions, CALENDAR) >= before
    assert due_at(start, limit, pauses, extensions + more, CALENDAR) >= before


@given(MOMENTS, st.integers(1, 60), WAITS, WAITS)
def test_no_due_time_passes_while_the_clock_stands(
    start: datetime, limit: int, before: timedelta, pause: timedelta
) -> None:
    first = due_at(start, Limit(limit, "working_day"), 0, 0, CALENDAR)
    paused, resumed = start + before, start + before + pause
    if paused <= first:
        days = pause_days(paused, resumed, CALENDAR)
        assert due_at(start, Limit(limit, "working_day"), days, 0, CALENDAR) >= resumed.replace(microsecond=0)


@given(MOMENTS, st.integers(1, 15), st.lists(st.tuples(st.timedeltas(timedelta(0), timedelta(days=9)), WAITS)))
def test_pauses_in_a_row_never_use_up_more_than_the_cap(
    start: datetime, cap: int, script: list[tuple[timedelta, timedelta]]
) -> None:
    now, used = start, 0
    for wait, pause in script:
        begun = now + wait
        if used < cap:
            end = min(begun + pause, pause_end(begun, cap - used, CALENDAR))
            used += pause_days(begun, end, CALENDAR)
        now = begun + pause
    assert used <= cap


@given(
    MOMENTS,
    LIMITS,
    st.lists(st.tuples(st.sampled_from(["resume", "extension", "calendar"]), st.integers(0, 9))),
)
def test_the_lines_of_the_ledger_add_up_to_the_due_time(
    start: datetime, limit: Limit, moves: list[tuple[str, int]]
) -> None:
    term = started("1.resolve", "resolve", start, limit, 1, CALENDAR)
    lines = [Line(start, "start", term.due_at, "1.resolve", "resolve", limit.count, limit.unit, limit.cap)]
    for what, days in moves:
        counted = days if what != "calendar" else 0
        field = "extensions" if what == "extension" else "pauses"
        term = timed(term.model_copy(update={field: getattr(term, field) + counted}), 1, CALENDAR)
        lines.append(Line(start, what, term.due_at, "1.resolve", "resolve", days=counted))
    assert recomputed(lines, CALENDAR) == {"1.resolve": term.due_at}


def test_another_class_counts_from_the_same_start() -> None:
    lines = [
        Line(at("2026-03-10"), "start", end_of("2026-03-31"), "1.resolve", "resolve", 15, "working_day"),
        Line(at("2026-03-11"), "resume", end_of("2026-04-01"), "1.resolve", "resolve", days=1),
        Line(at("2026-03-12"), "class", end_of("2026-03-18"), "1.resolve", "resolve", 5, "working_day"),
        Line(at("2026-03-12"), "pause", end_of("2026-04-02")),
    ]
    assert recomputed(lines, CALENDAR) == {"1.resolve": end_of("2026-03-18")}


def test_every_line_is_told_in_words() -> None:
    start = Line(at("2026-03-10"), "start", end_of("2026-04-09"), "1.resolve", "resolve", 30, "calendar_day", 90)
    assert words(start) == "办结：自 2026-03-10 起 30 天，最长 90 天，当日不计，2026-04-09 到期"
    told = [
        words(Line(at("2026-03-12"), what, end_of("2026-04-13"), "1.resolve", "resolve", days=2, reason="日历已调整"))
        for what in ("resume", "extension", "calendar")
    ]
    assert told == [
        "办结：停止 2 个工作日，顺延至 2026-04-13",
        "办结：延期 2 个工作日，至 2026-04-13",
        "办结：日历已调整，2026-04-13 到期",
    ]
    pause = Line(at("2026-03-12"), "pause", end_of("2026-04-02"), reason="缺少合同")
    assert words(pause) == "时钟停止：缺少合同；最迟 2026-04-02 恢复"


def test_a_yellow_card_falls_due_a_working_day_before_and_never_before_the_start() -> None:
    term = started("1.accept", "accept", at("2026-03-10"), Limit(1, "working_day"), 1, CALENDAR)
    assert (term.warn_at, term.due_at) == (end_of("2026-03-10"), end_of("2026-03-11"))
    filed_on_saturday = started("1.accept", "accept", at("2026-03-14"), Limit(1, "working_day"), 1, CALENDAR)
    assert (filed_on_saturday.warn_at, filed_on_saturday.due_at) == (None, end_of("2026-03-16"))
    window = started("1.return", "return", at("2026-03-10"), Limit(2, "working_day"), 1, CALENDAR)
    assert window.warn_at is None


def test_a_limit_reaches_into_a_year_that_nobody_has_arranged() -> None:
    term = started("1.resolve", "resolve", at("2027-12-20"), Limit(60, "working_day"), 1, CALENDAR)
    assert term.due_at.year == 2028
    assert CALENDAR.has(term.calendar)
    assert not CALENDAR.has("")


def test_the_bulletin_names_after_so_many_working_days_late() -> None:
    assert bulletin_at(end_of("2026-09-30"), 5, CALENDAR) == end_of("2026-10-13") + timedelta(seconds=1)


def test_the_worst_card_is_shown() -> None:
    assert [worst(cards) for cards in ([], [None], [None, "yellow"], ["red", "yellow", None])] == [
        *(None, None, "yellow", "red")
    ]


def test_a_red_card_orders_once_a_stage_for_the_leads_own() -> None:
    assert ordered_by_red("resolve", "hn-gxt", "hn-gxt", True, [])
    assert not ordered_by_red("resolve", "hn-gxt", "hn-gxt", True, ["resolve"])
    assert not ordered_by_red("resolve", "hn-gxt", "hn-gxt", False, [])
    assert not ordered_by_red("opinion", "hn-czt", "hn-gxt", True, [])
    assert not ordered_by_red("resolve", "hn-zrzy", "hn-gxt", True, [])


def test_numbers_of_orders_and_requests_hold_the_complaints() -> None:
    assert number_in(order_id("2603101234567895", 2), "DB") == "2603101234567895"
    assert number_in(request_id("2603101234567895", 1), "YQ") == "2603101234567895"
    assert [number_in(word, "DB") for word in ("YQ26-1", "DB26", "DB-1", "DBx-1", "")] == [None] * 5
