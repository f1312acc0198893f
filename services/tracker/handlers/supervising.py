"""Supervision: the clock's cards, the bulletin, and orders with a deadline and a reply."""

from services.tracker.apply.rows import deadline
from services.tracker.domain import advance
from services.tracker.domain.clock import Limit
from services.tracker.handlers.kit import LATE, Kit, Step, refuse_outdated, stands, state_of
from services.tracker.tables import Case, Deadline, Order
from shared.errors import Conflict, NotFound
from shared.events import AgencyNamed, DeadlineWarned, SupervisionReplied
from shared.timers import Due
from shared.tx import Tx


class Supervising(Kit):
    """What falls due, and what supervisors order. A timer re-reads its deadline: a moved, met or paused one is left."""

    async def warn(self, timer: Due, tx: Tx) -> None:
        """催办: the yellow card, the deadline is near and not met."""
        if (found := await self._open(timer, tx)) is not None and found[1].card is None:
            case, row = found
            told = {"stage": row.stage, "due_at": row.due_at, "name": row.name, "agency": row.agency}
            await self.tell(DeadlineWarned(number=case.number, at=tx.now, assignment=row.assignment, **told), tx)

    async def miss(self, timer: Due, tx: Tx) -> None:
        """The red card, the deadline passed unmet."""
        found = await self._open(timer, tx)
        if found is not None and found[1].card != "red" and tx.now >= found[1].due_at + LATE:
            await self.miss_one(*found, tx)

    async def name(self, timer: Due, tx: Tx) -> None:
        """通报: the agency is still late."""
        found = await self._open(timer, tx)
        if found is None or found[1].named_at is not None or found[1].agency is None:
            return
        case, row = found
        told = {"stage": row.stage, "agency": row.agency, "due_at": row.due_at, "name": row.name}
        await self.tell(AgencyNamed(number=case.number, at=tx.now, assignment=row.assignment, **told), tx)

    @staticmethod
    async def _open(timer: Due, tx: Tx) -> tuple[Case, Deadline] | None:
        """The case and its deadline that this timer was set for, when it can still be missed."""
        name, _, moves = timer.name.rpartition(".")
        case = await tx.lock(Case, timer.number)
        row = await deadline(case, name, tx) if case else None
        if case is None or row is None or str(row.moves) != moves:
            return None
        closed = row.met_at is not None or row.ended_at is not None
        return None if closed or stands(case, row) else (case, row)

    async def supervise(self, step: Step, reason: str, days: int, tx: Tx) -> str:
        """A supervisor's order to the lead agency; its number, an equal one's when that is open."""
        case = await self.supervised_by(step, tx, "supervisor")
        advance(state_of(case), "supervise")
        for order in await tx.family(Order, case.number):
            is_open = order.replied_at is None and order.ended_at is None
            if is_open and (order.reason, order.why, order.given_by) == (reason, "supervisor", step.who.subject):
                return order.id
        return await self.order(case, "supervisor", reason, step.who.subject, tx, limit=Limit(days, "working_day"))

    async def reply_to_order(self, step: Step, order: str, text: str, tx: Tx) -> None:
        """The agency that the order went to answers it, also after another one got the case; that closes it."""
        case = await tx.lock(Case, step.number)
        found = [row for row in await tx.family(Order, step.number) if row.id == order]
        if case is None or not found or (step.who.role == "agency" and step.who.agency != found[0].agency):
            raise NotFound("没有这个督办单", kind="no-such-order")
        refuse_outdated(case, step, tx)
        if found[0].replied_at is not None:
            if found[0].reply == text:
                return
            raise Conflict("督办单已回复", kind="order-replied")
        advance(state_of(case), "answer_order")
        await self.catch_up(case, tx)
        told = {"order": order, "agency": found[0].agency, "text": text, "by": step.who.subject}
        await self.tell(SupervisionReplied(number=case.number, at=tx.now, **told), tx)
