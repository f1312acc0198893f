"""What happened to the clock of a case: pauses, extensions, moved deadlines."""

from datetime import timedelta

from services.tracker.apply.rows import PAUSE_END, Change, becomes, case_of, change, deadline, note, refresh
from services.tracker.tables import Case, ClockLine, ExtensionRequest
from shared.events import CaseResumed, CaseSuspended, DeadlinesMoved, ExtensionAsked, ExtensionDecided
from shared.tx import Tx


async def suspended(fact: CaseSuspended, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "suspended", fact.by, tx, case, why=fact.why, reason=fact.reason, until=fact.until.isoformat())
    becomes(case, "suspended")
    case.pause_why, case.paused_at, case.paused_until, case.pauses = fact.why, fact.at, fact.until, case.pauses + 1
    stands = {"number": fact.number, "at": fact.at, "due_at": fact.until, "reason": fact.reason, "days": 0}
    tx.insert(ClockLine, what="pause", name=None, stage=None, agency=None, limit_=None, unit=None, cap=None, **stands)
    tx.schedule(PAUSE_END, fact.number, fact.until + timedelta(seconds=1), name=str(case.pauses))
    await refresh(case, tx)


async def resumed(fact: CaseResumed, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "resumed", fact.by, tx, case, reason=fact.reason, days=fact.days)
    becomes(case, "handling")
    case.pause_why, case.paused_at, case.paused_until = None, None, None
    case.paused_days += fact.days
    await _move(case, fact, "resume", fact.days, tx)


async def extension_asked(fact: ExtensionAsked, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "extension_asked", fact.by, tx, case, request=fact.request, days=fact.days, reason=fact.reason)
    tx.add(
        ExtensionRequest(
            id=fact.request,
            number=fact.number,
            assignment=fact.assignment,
            agency=fact.agency,
            asked_at=fact.at,
            asked_by=fact.by or "unknown",
            days=fact.days,
            reason=fact.reason,
        )
    )
    case.requests += 1
    case.version += 1


async def extension_decided(fact: ExtensionDecided, tx: Tx) -> None:
    case = await case_of(fact, tx)
    told = {"request": fact.request, "approved": fact.approved, "reason": fact.reason}
    note(fact, "extension_decided", fact.by, tx, case, **told)
    for request in await tx.family(ExtensionRequest, fact.number):
        if request.id == fact.request:
            request.state = "approved" if fact.approved else "refused"
            request.decided_at, request.decided_by, request.decision = fact.at, fact.by, fact.reason
    case.version += 1


async def moved(fact: DeadlinesMoved, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "deadlines_moved", fact.by or "clock", tx, case, why=fact.why, reason=fact.reason, days=fact.days)
    await _move(case, fact, fact.why or "calendar", fact.days, tx)


async def _move(case: Case, fact: CaseResumed | DeadlinesMoved, what: Change, days: int, tx: Tx) -> None:
    for term in fact.clock:
        if (row := await deadline(case, term.name, tx)) is not None:
            change(row, term, fact.at, what, tx, days=days, reason=fact.reason)
    await refresh(case, tx)
