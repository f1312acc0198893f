"""Routing and opening: the clock of the dispatch, a case that begins, a case that ends without a resolution."""

from services.tracker.apply.rows import becomes, begin, case_of, change, deadline, end, meet, note, refresh
from services.tracker.domain.search import grams, led_by
from services.tracker.tables import Assignment, Case, ClockLine, ExtensionRequest, Gram, Order, Review
from shared.events import CaseClosed, CaseOpened, RoutePaused, RouteResumed, RouteStarted
from shared.tx import Tx


async def route_started(fact: RouteStarted, tx: Tx) -> None:
    case = await case_of(fact, tx)
    for term in fact.clock:
        begin(case, term, tx)


async def route_paused(fact: RoutePaused, tx: Tx) -> None:
    """The clock of the dispatch stands; of a case that is held after a return, it was over already."""
    case = await case_of(fact, tx)
    case.pause_why, case.paused_at, case.paused_until = "supplement", fact.at, fact.until
    stands = {"number": fact.number, "at": fact.at, "due_at": fact.until, "reason": fact.reason, "days": 0}
    tx.insert(ClockLine, what="pause", name=None, stage=None, agency=None, limit_=None, unit=None, cap=None, **stands)


async def route_resumed(fact: RouteResumed, tx: Tx) -> None:
    case = await case_of(fact, tx)
    case.pause_why, case.paused_at, case.paused_until = None, None, None
    for term in fact.clock:
        if (row := await deadline(case, term.name, tx)) is not None:
            change(row, term, fact.at, "resume", tx, days=fact.days)


async def opened(fact: CaseOpened, tx: Tx) -> None:
    """The case follows its newest assignment; what ran for an older one ends."""
    case, rows = await case_of(fact, tx), await tx.family(Assignment, fact.number)
    led = {row.lead_agency for row in rows if row.opened_at is not None} | {case.lead_agency}
    note(fact, "opened", "tracker", tx, case, assignment=fact.assignment)
    for row in rows:
        if row.assignment == fact.assignment:
            row.opened_at = fact.at
            await meet(case, ("route",), row.at, tx)
            _make_found(case, row, led, tx)
            _follow(case, row)
    await end(case, fact.at, tx, keep=("supervision",))
    await _lapse(case, tx)
    becomes(case, "to_accept")
    case.assignment, case.policy = fact.assignment, fact.policy or {}
    case.accepted_at, case.resolved_at = None, None
    case.pause_why, case.paused_at, case.paused_until = None, None, None
    case.holder, case.lease_until, case.fence = None, None, case.fence + 1
    for term in fact.clock:
        begin(case, term, tx)
    await refresh(case, tx)


def _make_found(case: Case, row: Assignment, led: set[str | None], tx: Tx) -> None:
    """By the words of its title, and by each agency that has led it."""
    words = grams(row.title) if case.assigned_at is None else []
    if row.lead_agency not in led:
        words.append(led_by(row.lead_agency))
    for word in words:
        tx.insert(Gram, gram=word, number=case.number)


def _follow(case: Case, row: Assignment) -> None:
    case.lead_agency, case.co_agencies, case.participants = row.lead_agency, row.co_agencies, row.participants
    case.matter, case.case_class, case.title, case.region = row.matter, row.case_class, row.title, row.region
    case.amount, case.reasons, case.designated = row.amount, row.reasons, row.designated
    case.filed_at, case.assigned_at = row.filed_at, row.at
    case.enterprise = row.enterprise or case.enterprise


async def _lapse(case: Case, tx: Tx) -> None:
    """What was asked under an older assignment is not decided any more."""
    for request in await tx.family(ExtensionRequest, case.number):
        if request.state == "pending":
            request.state = "lapsed"


async def closed(fact: CaseClosed, tx: Tx) -> None:
    """Nothing is left to do, orders included."""
    case, at = await case_of(fact, tx), fact.closed_at or fact.at
    note(fact, fact.why, "complainant" if fact.why == "withdrawn" else "router", tx, case)
    if fact.why == "refused":
        await meet(case, ("route",), at, tx)
    await end(case, at, tx)
    await _lapse(case, tx)
    for order in await tx.family(Order, fact.number):
        if order.replied_at is None:
            order.ended_at = at
    for review in await tx.family(Review, fact.number):
        if review.state == "pending":
            review.state = "lapsed"
    becomes(case, "withdrawn" if fact.why == "withdrawn" else "refused")
    case.closed_at = at
    case.holder, case.lease_until = None, None
    case.pause_why, case.paused_at, case.paused_until = None, None, None
    await refresh(case, tx)
