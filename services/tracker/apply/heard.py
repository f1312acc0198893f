"""What other services told: recorded in rows of its own, changing nothing that the tracker's own facts change."""

from services.tracker.apply.rows import case_of, note
from services.tracker.tables import Assignment
from shared.events import (
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    ReviewAsked,
    SupplementAsked,
)
from shared.tx import Tx


async def filed(fact: ComplaintFiled, tx: Tx) -> None:
    """The first that is known of a complaint."""
    case = await case_of(fact, tx)
    case.title, case.region, case.matter, case.amount = fact.title, fact.region, fact.matter, fact.amount
    case.filed_at, case.enterprise = fact.at, fact.enterprise
    note(fact, "filed", "complainant", tx)


async def withdrawn(fact: ComplaintWithdrawn, tx: Tx) -> None:
    note(fact, "withdrawal", "complainant", tx)


async def supplemented(fact: ComplaintSupplemented, tx: Tx) -> None:
    note(fact, "supplemented", "complainant", tx, text=fact.text)


async def held(fact: ComplaintHeld, tx: Tx) -> None:
    note(fact, "held", "router", tx, reasons=list(fact.reasons))


async def supplement_asked(fact: SupplementAsked, tx: Tx) -> None:
    note(fact, "supplement_asked", "router", tx, reason=fact.reason, due_at=fact.due_at.isoformat())


async def linked(fact: ComplaintLinked, tx: Tx) -> None:
    note(fact, "linked", "router", tx, other=fact.other)


async def refused(fact: ComplaintRefused, tx: Tx) -> None:
    (await case_of(fact, tx)).refusal = fact.code
    note(fact, "refusal", "router", tx, code=fact.code, reason=fact.reason, duplicate_of=fact.duplicate_of)


async def assigned(fact: ComplaintAssigned, tx: Tx) -> None:
    """The router's decision, kept until the case opens by it, and after; the first word on an assignment stands."""
    note(fact, "assigned", "router", tx, agency=fact.lead_agency, assignment=fact.assignment)
    if any(row.assignment == fact.assignment for row in await tx.family(Assignment, fact.number)):
        return
    tx.add(
        Assignment(
            number=fact.number,
            assignment=fact.assignment,
            at=fact.at,
            lead_agency=fact.lead_agency,
            co_agencies=list(fact.co_agencies),
            participants=list(fact.participants),
            matter=fact.matter,
            case_class=fact.case_class,
            title=fact.title,
            region=fact.region,
            amount=fact.amount,
            reasons=list(fact.reasons),
            filed_at=fact.filed_at,
            decided_by=fact.decided_by,
            designated=fact.designated,
            key_supervision=list(fact.key_supervision),
            enterprise=fact.enterprise,
        )
    )


async def rated(fact: ComplaintRated, tx: Tx) -> None:
    note(fact, "rating", "complainant", tx, grade=fact.grade, solved=fact.solved, comment=fact.comment)


async def review_asked(fact: ReviewAsked, tx: Tx) -> None:
    note(fact, "review_asked", "complainant", tx, reason=fact.reason)
