"""What one case adds to the numbers: a function of its rows alone, so that a recount must give the same."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from services.tracker.domain.clock import PAUSED
from services.tracker.domain.states import OPEN
from services.tracker.domain.supervision import BAD_GRADE
from services.tracker.numbers.measures import CARD_NAMES, DUTIES, ROUTING, Cell
from services.tracker.numbers.snapshot import Limit, Snapshot
from shared.clock import in_shanghai

Part = Iterator[tuple[Cell, int]]
#: The clock of these stages stands during a pause, that of the dispatch during one of its own.
STANDING = PAUSED | {"route"}
_NOT_VALID = frozenset({"withdrawn", "refused"})


def contributions(case: Snapshot) -> Counter[Cell]:
    """Every cell this case stands in, and with how much; what is nothing is left out."""
    found: Counter[Cell] = Counter()
    for part in PARTS:
        for cell, value in part(case):
            if value:
                found[cell] += value
    return found


def moved(before: Counter[Cell], after: Counter[Cell]) -> Counter[Cell]:
    """What a change of a case adds to the numbers, and takes from them."""
    change = Counter(after)
    change.subtract(before)
    return Counter({cell: value for cell, value in change.items() if value})


def city_code(region: str) -> str:
    """The city of a division, by its code (GB/T 2260); "" for the province. 4190xx stand beside the cities."""
    if region.endswith("0000"):
        return ""
    return region if region[2:4] == "90" else f"{region[:4]}00"


def day_of(moment: datetime) -> str:
    """The civil day in Asia/Shanghai."""
    return in_shanghai(moment).date().isoformat()


def _cell(case: Snapshot, measure: str, at: datetime | None) -> Cell:
    """The case's own cell: under the agency that leads it now."""
    day = day_of(at) if at else None
    return Cell(measure, day, case.lead_agency or "", city_code(case.region), case.matter or "")


def _valid(case: Snapshot) -> bool:
    return case.state not in _NOT_VALID


def _filing(case: Snapshot) -> Part:
    if case.filed_at is not None:
        yield _cell(case, "filed", case.filed_at), 1
        yield _cell(case, "valid", case.filed_at), int(_valid(case))


def _assignments(case: Snapshot) -> Part:
    """A return is counted on the day of its assignment, so that it is a share of what was assigned."""
    for one in case.assignments:
        place = (day_of(one.at), one.agency, city_code(one.region), one.matter or "")
        yield Cell("assigned", *place), 1
        yield Cell("returned", *place), int(one.returned)


def _handling(case: Snapshot) -> Part:
    """A resolution is counted twice: on the day of its acceptance, as a share of it, and on its own day."""
    resolved = case.state == "resolved"
    if case.accepted_at is not None and _valid(case):
        yield _cell(case, "accepted", case.accepted_at), 1
        yield _cell(case, "accepted_resolved", case.accepted_at), int(resolved)
    if resolved and case.resolved_at is not None:
        yield _cell(case, "resolved", case.resolved_at), 1


def _endings(case: Snapshot) -> Part:
    if not _valid(case) and case.closed_at is not None:
        refusal = "duplicate" if case.duplicate else "refused"
        yield _cell(case, "withdrawn" if case.state == "withdrawn" else refusal, case.closed_at), 1


def _limits(case: Snapshot) -> Part:
    """What is due belongs to the day on which the limit lies, whether the case is open or not."""
    for limit in case.limits:
        if limit.stage in DUTIES and _is_due(limit, case.paused_at):
            day = day_of(limit.due_at)
            kept = limit.met_at is not None and limit.met_at <= limit.due_at
            yield _duty(case, limit, f"due_{limit.stage}", day), 1
            yield _duty(case, limit, f"in_time_{limit.stage}", day), int(kept)


def _is_due(limit: Limit, paused_at: datetime | None) -> bool:
    """Not when the duty ended before its limit came, and not while the clock stands, which will move it."""
    if limit.met_at is not None:
        return True
    if limit.ended_at is not None:
        return limit.ended_at > limit.due_at
    return paused_at is None or limit.stage not in STANDING or limit.due_at < paused_at


def _duty(case: Snapshot, limit: Limit, measure: str, day: str | None) -> Cell:
    """The cell of a duty: under the agency whose it is, the lead for one of no agency's, such as the dispatch."""
    mine = next((one for one in case.assignments if one.assignment == limit.assignment), case)
    return Cell(measure, day, limit.agency or case.lead_agency or "", city_code(mine.region), mine.matter or "")


def _contact(case: Snapshot) -> Part:
    """In time: by the first limit for a reply of the assignment under which it was."""
    if case.filed_at is None or not _valid(case):
        return
    first: dict[int, datetime] = {}
    for limit in case.limits:
        if limit.stage == "reply":
            first[limit.assignment] = min(limit.due_at, first.get(limit.assignment, limit.due_at))
    in_time = any(one.at <= first[one.assignment] for one in case.contacts if one.assignment in first)
    yield _cell(case, "contacted_in_time", case.filed_at), int(in_time)


def _ratings(case: Snapshot) -> Part:
    """Every resolution's rating counts for the agency that was rated; the last one says whether it is solved."""
    agencies = {one.assignment: one.agency for one in case.assignments}
    for rating in case.ratings:
        agency = agencies.get(rating.assignment, case.lead_agency or "")
        place = (day_of(rating.at), agency, city_code(case.region), case.matter or "")
        yield Cell("rated", *place), 1
        yield Cell("poor" if rating.grade <= BAD_GRADE else "satisfied", *place), 1
    last = max(case.ratings, key=lambda rating: rating.round, default=None)
    if last is not None and case.filed_at is not None and _valid(case):
        yield _cell(case, "solved", case.filed_at), int(last.solved)


def _arrears(case: Snapshot) -> Part:
    """A sum owed belongs to the day of its filing."""
    owed, at = case.owed, case.filed_at
    if owed is None or at is None or not _valid(case):
        return
    yield _cell(case, "arrears_cases", at), 1
    yield _cell(case, "arrears_resolved", at), int(case.state == "resolved")
    yield _cell(case, "arrears_claimed", at), owed.claimed
    settled = {"verified": owed.verified, "repaid": owed.repaid, "under_agreement": owed.under_agreement}
    for name, value in settled.items():
        yield _cell(case, f"arrears_{name}", at), value
        yield _cell(case, f"arrears_{name}_cases", at), int(value > 0)


def _now(case: Snapshot) -> Part:
    """What is so now, of no day."""
    yield _cell(case, f"now_{case.state or ROUTING}", None), 1
    open_limits = [limit for limit in case.limits if limit.open]
    for limit in open_limits:
        if limit.card in CARD_NAMES:
            yield _duty(case, limit, f"now_{limit.card}_cards", None), 1
    missed = any(limit.card == "red" and limit.agency == case.lead_agency for limit in open_limits)
    yield _cell(case, "now_late", None), int(missed and case.state in OPEN)
    for agency in case.open_orders:
        yield _cell(case, "now_orders", None)._replace(agency=agency), 1


PARTS: tuple[Callable[[Snapshot], Part], ...] = (
    _filing,
    _assignments,
    _handling,
    _endings,
    _limits,
    _contact,
    _ratings,
    _arrears,
    _now,
)
