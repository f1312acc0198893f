"""What agencies did with a case."""

from services.tracker.apply.rows import becomes, case_of, end, meet, note, refresh
from services.tracker.tables import Arrears, Assignment, Case, ExtensionRequest, Remark, Reply
from shared.events import (
    ArrearsRecorded,
    CaseAccepted,
    CaseClassed,
    CaseReplied,
    CaseResolved,
    CaseReturned,
    NoteTaken,
    OpinionGiven,
)
from shared.tx import Tx


async def accepted(fact: CaseAccepted, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "accepted", fact.by, tx, case, agency=fact.agency)
    await meet(case, ("accept",), fact.at, tx)
    becomes(case, "handling")
    case.accepted_at = case.accepted_at or fact.at
    await refresh(case, tx)


async def returned(fact: CaseReturned, tx: Tx) -> None:
    """The agency has answered the assignment, so neither its window nor the acceptance is open; the rest runs on."""
    case = await case_of(fact, tx)
    note(fact, "returned", fact.by, tx, case, agency=fact.agency, code=fact.code, reason=fact.reason)
    await meet(case, ("return", "accept"), fact.at, tx)
    for row in await tx.family(Assignment, fact.number):
        if row.assignment == fact.assignment:
            row.returned_at, row.returned_code = fact.at, fact.code
    becomes(case, "returned")
    await refresh(case, tx)


async def replied(fact: CaseReplied, tx: Tx) -> None:
    case = await case_of(fact, tx)
    spoken = fact.contacted_at.isoformat() if fact.contacted_at else None
    note(fact, "replied", fact.by, tx, case, agency=fact.agency, text=fact.text, met=fact.met, contacted_at=spoken)
    await meet(case, ("reply",), fact.at, tx)
    becomes(case, "replied")
    tx.add(
        Reply(
            id=str(fact.event_id),
            number=fact.number,
            version=case.version,
            assignment=fact.assignment,
            round=case.round,
            at=fact.at,
            agency=fact.agency,
            by=fact.by or "unknown",
            text=fact.text,
            met=fact.met,
            contacted_at=fact.contacted_at,
        )
    )
    await refresh(case, tx)


async def resolved(fact: CaseResolved, tx: Tx) -> None:
    """The lead signed off; opinions that are missing are no longer due, orders still are."""
    case = await case_of(fact, tx)
    missing = list(fact.missing_opinions) or None
    note(fact, "resolved", fact.by, tx, case, agency=fact.agency, missing_opinions=missing)
    await meet(case, ("resolve", "redo"), fact.at, tx)
    await end(case, fact.at, tx, keep=("supervision",))
    for request in await tx.family(ExtensionRequest, fact.number):
        if request.state == "pending":
            request.state = "lapsed"
    becomes(case, "resolved")
    case.resolved_at = fact.at
    case.holder, case.lease_until = None, None
    await refresh(case, tx)


async def classed(fact: CaseClassed, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "classed", fact.by, tx, case, **{"class": fact.case_class})
    case.case_class, case.policy = fact.case_class, fact.policy or case.policy
    case.version += 1


async def opinion_given(fact: OpinionGiven, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "opinion", fact.by, tx, case, agency=fact.agency)
    await meet(case, ("opinion",), fact.at, tx, fact.agency)
    _remark(case, fact, "opinion", tx)
    await refresh(case, tx)


async def note_taken(fact: NoteTaken, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "note", fact.by, tx, case, agency=fact.agency)
    _remark(case, fact, "note", tx)


def _remark(case: Case, fact: OpinionGiven | NoteTaken, kind: str, tx: Tx) -> None:
    case.version += 1
    tx.add(
        Remark(
            id=str(fact.event_id),
            number=fact.number,
            version=case.version,
            assignment=fact.assignment,
            kind=kind,
            at=fact.at,
            agency=fact.agency,
            by=fact.by or "unknown",
        )
    )


async def arrears_recorded(fact: ArrearsRecorded, tx: Tx) -> None:
    case = await case_of(fact, tx)
    totals = {name: getattr(fact, name) for name in ("claimed", "verified", "repaid", "under_agreement")}
    told = {name: str(value) for name, value in totals.items() if value is not None}
    note(fact, "arrears", fact.by, tx, case, agency=fact.agency, evidence=fact.evidence, **told)
    case.version += 1
    tx.add(
        Arrears(
            id=str(fact.event_id),
            number=fact.number,
            version=case.version,
            assignment=fact.assignment,
            at=fact.at,
            stood_at=fact.stood_at,
            agency=fact.agency,
            by=fact.by or "unknown",
            evidence=fact.evidence,
            **totals,
        )
    )
