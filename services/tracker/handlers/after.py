"""After the resolution: the complainant's rating and review, and what they lead to."""

from typing import Literal

from services.tracker.apply import apply
from services.tracker.domain import advance
from services.tracker.domain.clock import Limit, started
from services.tracker.domain.supervision import BAD_GRADE
from services.tracker.handlers.kit import Kit, Step, about, lead_of, policy_of, shown, state_of
from services.tracker.tables import Case, Rating, Review
from shared.errors import Conflict
from shared.events import CaseRated, CaseReopened, ComplaintRated, ReviewAsked, ReviewDecided, ReviewOpened
from shared.tx import Tx


class After(Kit):
    """差评 reopens once, then gives an order; a review is a supervisor's to decide. Each once a resolution."""

    async def rate(self, fact: ComplaintRated, tx: Tx) -> None:
        """The first rating of a resolution counts; later ones, and those of a case that goes on, are recorded."""
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        if case is None or case.state != "resolved":
            return
        if any(row.round == case.round for row in await tx.family(Rating, fact.number)):
            return
        redone = case.redone
        await self.tell(CaseRated(**about(case, tx), grade=fact.grade, solved=fact.solved), tx)
        if fact.grade > BAD_GRADE:
            return
        if redone:
            await self.order(case, "rating", f"重新办理后仍被评为 {fact.grade} 级", "clock", tx)
        else:
            await self._reopen(case, "rating", tx)

    async def ask_review(self, fact: ReviewAsked, tx: Tx) -> None:
        """The complainant contests the result: a supervisor is to decide by a deadline."""
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        if case is None or case.state != "resolved":
            return
        if any(row.round == case.round for row in await tx.family(Review, fact.number)):
            return
        policy = policy_of(case)
        name = f"{case.assignment}.review.{case.round + 1}"
        runs = Limit(*policy.review)
        term = started(name, "review", fact.at, runs, policy.warn_working_days, self.calendar())
        told = {"reason": fact.reason, "due_at": term.due_at, "clock": (term,)}
        await self.tell(ReviewOpened(**about(case, tx), **told), tx)

    async def decide_review(self, step: Step, upheld: bool, reason: str, tx: Tx) -> None:
        """A supervisor lets the result stand, or has the case handled again; the same word again changes nothing."""
        case = await self.supervised_by(step, tx, "supervisor")
        reviews = await tx.family(Review, case.number)
        waiting = [row for row in reviews if row.state == "pending"]
        if not waiting and any(row.state == ("upheld" if upheld else "overturned") for row in reviews):
            return
        advance(state_of(case), "decide_review")
        if not waiting:
            raise Conflict("没有待复核的申请", kind="no-review-pending", state=case.state)
        await self.catch_up(case, tx)
        told = {"upheld": upheld, "reason": reason, "by": step.who.subject}
        await self.tell(ReviewDecided(**about(case, tx), **told), tx)
        if not upheld:
            await self._reopen(case, "review", tx)

    async def _reopen(self, case: Case, why: Literal["rating", "review"], tx: Tx) -> None:
        policy, name = policy_of(case), f"{case.assignment}.redo.{case.round + 1}"
        runs = Limit(*policy.limits.redo)
        term = started(name, "redo", tx.now, runs, policy.warn_working_days, self.calendar(), lead_of(case))
        await self.tell(CaseReopened(**about(case, tx), why=why, deadlines=shown([term]), clock=(term,)), tx)
