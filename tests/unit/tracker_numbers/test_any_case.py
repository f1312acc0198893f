"""Whatever happens to a case, in whatever order: the changes add up to what a recount counts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.tracker.domain.clock import STAGE_NAMES
from services.tracker.domain.states import STATE_NAMES
from services.tracker.numbers.contributions import contributions, moved
from services.tracker.numbers.definitions import INDICATORS
from services.tracker.numbers.measures import MEASURES, NOW, Cell
from services.tracker.numbers.snapshot import Assigned, Contact, Limit, Owed, Rated, Snapshot

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
AGENCIES, REGIONS, MATTERS = ("hn-gxt", "hn-czt"), ("410102", "419001", "410000"), ("6.problem.4", None)
moments = st.integers(0, 90 * 24).map(lambda hours: BEGIN + timedelta(hours=hours))
maybe = st.none() | moments
numbers_of_assignments = st.integers(0, 3)
limits = st.builds(
    Limit,
    assignment=numbers_of_assignments,
    stage=st.sampled_from(sorted(STAGE_NAMES)),
    due_at=moments,
    agency=st.none() | st.sampled_from(AGENCIES),
    met_at=maybe,
    ended_at=maybe,
    card=st.sampled_from([None, "yellow", "red"]),
)
assignments = st.builds(
    Assigned,
    assignment=numbers_of_assignments,
    at=moments,
    agency=st.sampled_from(AGENCIES),
    region=st.sampled_from(REGIONS),
    matter=st.sampled_from(MATTERS),
    returned=st.booleans(),
)
ratings = st.builds(
    Rated,
    assignment=numbers_of_assignments,
    round=st.integers(0, 3),
    at=moments,
    grade=st.integers(1, 5),
    solved=st.booleans(),
)
owed = st.tuples(*[st.integers(0, 10**12)] * 3).map(lambda fen: Owed(fen[0], fen[1] + fen[2], fen[1], fen[2]))
cases = st.builds(
    Snapshot,
    region=st.sampled_from(REGIONS),
    state=st.none() | st.sampled_from(sorted(STATE_NAMES)),
    lead_agency=st.none() | st.sampled_from(AGENCIES),
    matter=st.sampled_from(MATTERS),
    filed_at=moments,
    accepted_at=maybe,
    resolved_at=maybe,
    closed_at=maybe,
    paused_at=maybe,
    duplicate=st.booleans(),
    assignments=st.lists(assignments, max_size=3, unique_by=lambda one: one.assignment).map(tuple),
    limits=st.lists(limits, max_size=6).map(tuple),
    contacts=st.lists(st.builds(Contact, numbers_of_assignments, moments), max_size=2).map(tuple),
    ratings=st.lists(ratings, max_size=2).map(tuple),
    owed=st.none() | owed,
    open_orders=st.lists(st.sampled_from(AGENCIES), max_size=2).map(tuple),
)


def counted(found: Counter[Cell]) -> dict[Cell, int]:
    return {cell: value for cell, value in found.items() if value}


@given(st.lists(st.tuples(st.integers(0, 3), cases), max_size=12))
def test_the_changes_of_all_cases_add_up_to_what_a_recount_of_them_counts(changes: list[tuple[int, Snapshot]]) -> None:
    kept: Counter[Cell] = Counter()
    now: dict[int, Snapshot] = {}
    for which, after in changes:
        before = contributions(now[which]) if which in now else Counter[Cell]()
        kept.update(moved(before, contributions(after)))
        now[which] = after
    recounted: Counter[Cell] = Counter()
    for case in now.values():
        recounted.update(contributions(case))
    assert counted(kept) == counted(recounted)


@given(cases)
def test_no_cell_is_negative_and_every_cell_is_of_a_known_measure(case: Snapshot) -> None:
    for cell, value in contributions(case).items():
        assert value > 0
        assert cell.measure in MEASURES
        assert (cell.day is None) == (cell.measure in NOW)


@given(cases)
def test_every_case_is_in_exactly_one_state(case: Snapshot) -> None:
    states = [cell for cell in contributions(case) if MEASURES[cell.measure].family == "cases"]
    assert len(states) == 1


@given(st.lists(cases, max_size=6))
def test_in_every_cell_a_rates_numerator_is_a_part_of_its_denominator(found: list[Snapshot]) -> None:
    """So a rate lies between 0 and 1 over any days, agency, region and matter."""
    added: Counter[Cell] = Counter()
    for case in found:
        added.update(contributions(case))
    places = {cell[1:] for cell in added}
    for place in places:
        here = {cell.measure: value for cell, value in added.items() if cell[1:] == place}
        for indicator in INDICATORS:
            value = indicator.of(here)
            assert 0 <= value.numerator <= value.denominator, (indicator.name, place)
