"""What one case adds to the numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tracker.numbers.contributions import city_code, contributions, moved
from services.tracker.numbers.measures import DAILY, MEASURES, NOW, Cell
from services.tracker.numbers.snapshot import Assigned, Contact, Limit, Owed, Rated, Snapshot
from shared.reference import load_mapping

#: 2026-03-10 10:00 in Henan.
FILED = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
LEAD, CO = "hn-gxt", "hn-czt"
MATTER = "6.problem.4"


def day(offset: int) -> datetime:
    return FILED + timedelta(days=offset)


def end_of(offset: int) -> datetime:
    """23:59:59 in Henan, so many days after the filing."""
    return datetime(2026, 3, 10, 15, 59, 59, tzinfo=UTC) + timedelta(days=offset)


def handled(**changes: object) -> Snapshot:
    """A case in the hands of its lead agency, everything done in time so far."""
    limits = (
        Limit(0, "route", end_of(1), met_at=FILED),
        Limit(1, "accept", end_of(1), LEAD, met_at=day(0)),
        Limit(1, "return", end_of(2), LEAD, met_at=day(0)),
        Limit(1, "reply", end_of(3), LEAD),
        Limit(1, "resolve", end_of(21), LEAD),
        Limit(1, "opinion", end_of(5), CO),
    )
    case = Snapshot(
        region="410102",
        state="handling",
        lead_agency=LEAD,
        matter=MATTER,
        filed_at=FILED,
        accepted_at=FILED,
        assignments=(Assigned(1, FILED, LEAD, "410102", MATTER),),
        limits=limits,
    )
    return replace(case, **changes)  # type: ignore[arg-type]


def met(case: Snapshot, stage: str, at: datetime) -> tuple[Limit, ...]:
    return tuple(replace(limit, met_at=at) if limit.stage == stage else limit for limit in case.limits)


def ended(case: Snapshot, at: datetime) -> tuple[Limit, ...]:
    return tuple(limit if limit.met_at else replace(limit, ended_at=at) for limit in case.limits)


def total(case: Snapshot, measure: str) -> int:
    """The measure over all cells of the case."""
    return sum(value for cell, value in contributions(case).items() if cell.measure == measure)


def test_a_case_stands_under_its_agency_its_city_and_its_matter_on_the_day_of_each_thing() -> None:
    found = contributions(handled())
    assert found[Cell("filed", "2026-03-10", LEAD, "410100", MATTER)] == 1
    assert found[Cell("assigned", "2026-03-10", LEAD, "410100", MATTER)] == 1
    assert found[Cell("due_reply", "2026-03-13", LEAD, "410100", MATTER)] == 1
    assert found[Cell("due_opinion", "2026-03-15", CO, "410100", MATTER)] == 1
    assert found[Cell("due_route", "2026-03-11", LEAD, "410100", MATTER)] == 1
    assert found[Cell("now_handling", None, LEAD, "410100", MATTER)] == 1


def test_a_day_is_the_civil_day_of_henan() -> None:
    found = contributions(handled(filed_at=datetime(2026, 3, 10, 16, 0, tzinfo=UTC)))
    assert found[Cell("filed", "2026-03-11", LEAD, "410100", MATTER)] == 1


def test_every_city_is_found_by_its_code_as_in_the_reference_data() -> None:
    mapping = load_mapping()
    for code in mapping.regions:
        city = mapping.city_of(code)
        assert city_code(code) == (city.code if city else ""), code


def test_every_cell_is_of_a_known_measure_and_has_a_day_exactly_when_its_measure_is_daily() -> None:
    rated = handled(
        state="resolved",
        resolved_at=day(4),
        ratings=(Rated(1, 0, day(5), 5, True),),
        contacts=(Contact(1, day(1)),),
        owed=Owed(4, 3, 2, 1),
        open_orders=(LEAD,),
    )
    for cell in contributions(rated) + contributions(handled(state="refused", closed_at=day(1))):
        assert cell.measure in MEASURES
        assert (cell.measure in NOW) == (cell.day is None)
        assert (cell.measure in DAILY) == (cell.day is not None)


def test_a_complaint_that_is_being_routed_is_filed_and_due_to_be_routed_and_nothing_else() -> None:
    case = Snapshot(region="410000", filed_at=FILED, limits=(Limit(0, "route", end_of(1)),))
    cells = {cell.measure for cell in contributions(case)}
    assert cells == {"filed", "valid", "due_route", "now_routing"}
    assert all(cell.region == "" for cell in contributions(case))


def test_a_limit_is_due_whether_the_case_is_open_or_not_and_in_time_when_done_by_it() -> None:
    case = handled()
    assert (total(case, "due_reply"), total(case, "in_time_reply")) == (1, 0)
    on_the_last_second = handled(limits=met(case, "reply", end_of(3)))
    assert total(on_the_last_second, "in_time_reply") == 1
    a_second_late = handled(limits=met(case, "reply", end_of(3) + timedelta(seconds=1)))
    assert (total(a_second_late, "due_reply"), total(a_second_late, "in_time_reply")) == (1, 0)


def test_a_return_is_a_window_and_never_due() -> None:
    assert {cell.measure for cell in contributions(handled())}.isdisjoint({"due_return", "in_time_return"})


def test_a_duty_that_ended_before_its_limit_was_never_due_and_one_that_ended_after_it_stays_missed() -> None:
    case = handled()
    withdrawn = handled(state="withdrawn", closed_at=day(1), limits=ended(case, day(1)))
    assert (total(withdrawn, "due_reply"), total(withdrawn, "due_accept")) == (0, 1)
    too_late = handled(state="withdrawn", closed_at=day(9), limits=ended(case, day(9)))
    assert (total(too_late, "due_reply"), total(too_late, "in_time_reply"), total(too_late, "due_resolve")) == (1, 0, 0)


def test_while_the_clock_stands_nothing_comes_due_but_what_was_missed_before() -> None:
    paused = handled(state="suspended", paused_at=day(4))
    assert total(paused, "due_reply") == 1
    assert total(paused, "due_resolve") == 0
    assert total(handled(), "due_resolve") == 1


@pytest.mark.parametrize(("state", "measure"), [("withdrawn", "withdrawn"), ("refused", "refused")])
def test_what_was_taken_back_or_refused_is_filed_but_not_valid_and_not_accepted(state: str, measure: str) -> None:
    case = handled(state=state, closed_at=day(2), contacts=(Contact(1, FILED),))
    measures = ("filed", "valid", "accepted", "contacted_in_time", measure)
    assert [total(case, name) for name in measures] == [1, 0, 0, 0, 1]
    assert contributions(case)[Cell(measure, "2026-03-12", LEAD, "410100", MATTER)] == 1


def test_a_duplicate_is_counted_apart_from_other_refusals() -> None:
    case = handled(state="refused", closed_at=day(2), duplicate=True)
    assert (total(case, "duplicate"), total(case, "refused"), total(case, "valid")) == (1, 0, 0)


def test_a_resolution_counts_on_its_own_day_and_as_a_share_of_the_day_of_its_acceptance() -> None:
    found = contributions(handled(state="resolved", resolved_at=day(6)))
    assert found[Cell("resolved", "2026-03-16", LEAD, "410100", MATTER)] == 1
    assert found[Cell("accepted_resolved", "2026-03-10", LEAD, "410100", MATTER)] == 1


def test_a_reopened_case_is_no_longer_resolved() -> None:
    case = handled(state="reopened", resolved_at=day(6))
    assert (total(case, "accepted"), total(case, "accepted_resolved"), total(case, "resolved")) == (1, 0, 0)


def test_a_returned_assignment_counts_for_the_agency_that_returned_it_on_the_day_it_was_assigned() -> None:
    case = handled(
        assignments=(
            Assigned(1, FILED, "hn-zjt", "410102", MATTER, returned=True),
            Assigned(2, day(1), LEAD, "410102", MATTER),
        )
    )
    found = contributions(case)
    assert found[Cell("returned", "2026-03-10", "hn-zjt", "410100", MATTER)] == 1
    assert found[Cell("assigned", "2026-03-11", LEAD, "410100", MATTER)] == 1
    assert (total(case, "assigned"), total(case, "returned")) == (2, 1)


def test_the_complainant_was_contacted_in_time_when_spoken_with_by_the_first_limit_for_a_reply() -> None:
    assert total(handled(contacts=(Contact(1, end_of(3)),)), "contacted_in_time") == 1
    assert total(handled(contacts=(Contact(1, end_of(4)),)), "contacted_in_time") == 0
    assert total(handled(contacts=(Contact(2, day(0)),)), "contacted_in_time") == 0
    again = (*handled().limits, Limit(1, "reply", end_of(30), LEAD))
    assert total(handled(contacts=(Contact(1, end_of(4)),), limits=again), "contacted_in_time") == 0


@pytest.mark.parametrize(("grade", "satisfied", "poor"), [(5, 1, 0), (4, 1, 0), (3, 1, 0), (2, 0, 1), (1, 0, 1)])
def test_the_first_three_grades_are_satisfied_and_the_last_two_are_poor(grade: int, satisfied: int, poor: int) -> None:
    case = handled(state="resolved", resolved_at=day(4), ratings=(Rated(1, 0, day(5), grade, True),))
    assert [total(case, name) for name in ("rated", "satisfied", "poor", "solved")] == [1, satisfied, poor, 1]


def test_every_resolutions_rating_counts_and_the_last_one_says_whether_it_is_solved() -> None:
    case = handled(ratings=(Rated(1, 1, day(9), 4, True), Rated(1, 0, day(5), 1, False)))
    assert [total(case, name) for name in ("rated", "satisfied", "poor", "solved")] == [2, 1, 1, 1]


def test_a_sum_owed_counts_in_fen_and_as_a_case_on_the_day_of_its_filing() -> None:
    case = handled(owed=Owed(claimed=126_000_000, verified=100_000_000, repaid=40_000_000))
    found = contributions(case)
    assert found[Cell("arrears_claimed", "2026-03-10", LEAD, "410100", MATTER)] == 126_000_000
    assert found[Cell("arrears_repaid_cases", "2026-03-10", LEAD, "410100", MATTER)] == 1
    assert total(case, "arrears_under_agreement_cases") == 0
    assert total(handled(), "arrears_cases") == 0
    assert total(handled(owed=Owed(5), state="withdrawn", closed_at=day(1)), "arrears_claimed") == 0


def test_an_open_case_whose_lead_missed_a_limit_is_late_and_a_co_agencys_card_is_its_own() -> None:
    def carded(agency: str) -> Snapshot:
        case = handled()
        red = tuple(replace(x, card="red") if x.agency == agency and x.open else x for x in case.limits)
        return handled(limits=red)

    assert (total(carded(LEAD), "now_late"), total(carded(LEAD), "now_red_cards")) == (1, 2)
    assert (total(carded(CO), "now_late"), total(carded(CO), "now_red_cards")) == (0, 1)
    assert contributions(carded(CO))[Cell("now_red_cards", None, CO, "410100", MATTER)] == 1


def test_a_card_of_a_duty_that_is_done_or_over_is_no_longer_open() -> None:
    limits = (Limit(1, "reply", end_of(3), LEAD, met_at=end_of(4), card="red"),)
    assert total(handled(limits=limits), "now_red_cards") == 0


def test_a_supervision_order_counts_for_the_agency_that_is_to_reply() -> None:
    assert contributions(handled(open_orders=(CO,)))[Cell("now_orders", None, CO, "410100", MATTER)] == 1


def test_what_a_change_moves_is_the_difference_and_nothing_when_nothing_changed() -> None:
    before, after = handled(), handled(state="replied", limits=met(handled(), "reply", day(2)))
    change = moved(contributions(before), contributions(after))
    assert change == {
        Cell("now_handling", None, LEAD, "410100", MATTER): -1,
        Cell("now_replied", None, LEAD, "410100", MATTER): 1,
        Cell("in_time_reply", "2026-03-13", LEAD, "410100", MATTER): 1,
    }
    assert moved(contributions(before), contributions(before)) == {}
