"""Extensions: asked for inside the limit with a reason, decided by a supervisor."""

from services.tracker.apply.rows import open_deadlines, term_of
from services.tracker.domain import advance
from services.tracker.domain.clock import EXTENDED, timed
from services.tracker.domain.supervision import request_id
from services.tracker.handlers.kit import LATE, Kit, Step, about, lead_of, policy_of, shown, state_of
from services.tracker.tables import Case, Deadline, ExtensionRequest
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.events import DeadlinesMoved, ExtensionAsked, ExtensionDecided
from shared.tx import Tx


class Extending(Kit):
    """More time for the resolution; a request that waits does not stop the clock."""

    async def ask_extension(self, step: Step, days: int, reason: str, tx: Tx) -> str:
        """The lead agency asks for so many working days more; the request's number, an equal one's when it waits."""
        case = await self.own(step, tx)
        advance(state_of(case), "ask_extension")
        requests = [row for row in await tx.family(ExtensionRequest, case.number) if row.assignment == case.assignment]
        if (waiting := _waiting(requests, days, reason)) is not None:
            return waiting
        await self._refuse_unasked(case, requests, days, tx)
        request = request_id(case.number, case.requests + 1)
        told = {"request": request, "agency": lead_of(case), "days": days, "reason": reason, "by": step.who.subject}
        await self.tell(ExtensionAsked(**about(case, tx), **told), tx)
        return request

    async def _refuse_unasked(self, case: Case, requests: list[ExtensionRequest], days: int, tx: Tx) -> None:
        extension = policy_of(case).extension
        if days > extension.days:
            raise Invalid([FieldError("days", f"每次延期不超过 {extension.days} 个工作日")])
        if sum(row.state == "approved" for row in requests) >= extension.times:
            raise Conflict(f"已延期 {extension.times} 次，不能再延", kind="no-more-extensions")
        row = await _extended(case, tx)
        if row is None or tx.now >= row.due_at + LATE:
            raise Conflict("办理期限已过，延期应在期限内申请", kind="extension-too-late")
        moved = timed(term_of(row).model_copy(update={"extensions": row.extensions + days}), 0, self.calendar())
        if moved.due_at == row.due_at:
            raise Conflict(f"该类办件最长 {row.cap} 天，不能再延", kind="cap-reached", cap=row.cap)

    async def decide_extension(self, step: Step, request: str, approved: bool, reason: str | None, tx: Tx) -> None:
        """A supervisor decides; the same decision again changes nothing."""
        case = await self.supervised_by(step, tx, "supervisor")
        found = [row for row in await tx.family(ExtensionRequest, case.number) if row.id == request]
        if not found:
            raise NotFound("没有这个延期申请", kind="no-such-request")
        word = "approved" if approved else "refused"
        if found[0].state == word:
            return
        if found[0].state != "pending":
            raise Conflict("该延期申请已有结论", kind="request-decided", state=found[0].state)
        advance(state_of(case), "decide_extension")
        by = step.who.subject
        row = await _extended(case, tx)
        decided = {"request": request, "approved": approved, "reason": reason, "by": by}
        await self.tell(ExtensionDecided(**about(case, tx), **decided), tx)
        if approved and row is not None:
            await self._extend(case, row, found[0], by, tx)

    async def _extend(self, case: Case, row: Deadline, request: ExtensionRequest, by: str, tx: Tx) -> None:
        more = {"extensions": row.extensions + request.days}
        clock = (timed(term_of(row).model_copy(update=more), policy_of(case).warn_working_days, self.calendar()),)
        moved = {"why": "extension", "reason": request.reason, "days": request.days, "by": by}
        await self.tell(DeadlinesMoved(**about(case, tx), **moved, deadlines=shown(clock), clock=clock), tx)


def _waiting(requests: list[ExtensionRequest], days: int, reason: str) -> str | None:
    """The number of an equal request that waits; Conflict when another one does."""
    for row in requests:
        if row.state == "pending":
            if (row.days, row.reason) == (days, reason):
                return row.id
            raise Conflict("已有延期申请待审批", kind="extension-pending", request=row.id)
    return None


async def _extended(case: Case, tx: Tx) -> Deadline | None:
    """The open deadline that an extension moves."""
    return next((row for row in await open_deadlines(case, tx) if row.stage in EXTENDED), None)
