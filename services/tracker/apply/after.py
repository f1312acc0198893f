"""After the resolution: rating, review, handling again."""

from typing import Any

from services.tracker.apply.rows import becomes, begin, case_of, meet, note, refresh
from services.tracker.tables import Deadline, Rating, Review
from shared.events import CaseRated, CaseReopened, ReviewDecided, ReviewOpened
from shared.tx import Tx


async def rated(fact: CaseRated, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "rated", "complainant", tx, case, grade=fact.grade, solved=fact.solved)
    where: dict[str, Any] = {"number": fact.number, "round": case.round, "assignment": fact.assignment}
    tx.add(Rating(**where, at=fact.at, grade=fact.grade, solved=fact.solved))
    case.version += 1


async def review_opened(fact: ReviewOpened, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "review_opened", "complainant", tx, case, reason=fact.reason)
    where: dict[str, Any] = {"number": fact.number, "round": case.round, "assignment": fact.assignment}
    tx.add(Review(**where, asked_at=fact.at, reason=fact.reason))
    for term in fact.clock:
        begin(case, term, tx)
    case.version += 1


async def review_decided(fact: ReviewDecided, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "review_decided", fact.by, tx, case, upheld=fact.upheld, reason=fact.reason)
    for review in await tx.family(Review, fact.number):
        if review.state == "pending":
            review.state = "upheld" if fact.upheld else "overturned"
            review.decided_at, review.decided_by, review.decision = fact.at, fact.by, fact.reason
    await meet(case, ("review",), fact.at, tx)
    case.version += 1


async def reopened(fact: CaseReopened, tx: Tx) -> None:
    """A fresh limit; a review that was pending has what it asked for."""
    case = await case_of(fact, tx)
    note(fact, "reopened", "complainant" if fact.why == "rating" else "supervisor", tx, case, why=fact.why)
    for review in await tx.family(Review, fact.number):
        if review.state == "pending":
            review.state = "lapsed"
    for row in await tx.family(Deadline, fact.number):
        if row.stage == "review" and row.met_at is None and row.ended_at is None:
            row.ended_at = fact.at
    becomes(case, "reopened")
    case.round, case.resolved_at = case.round + 1, None
    case.redone = case.redone or fact.why == "rating"
    for term in fact.clock:
        begin(case, term, tx)
    await refresh(case, tx)
