"""What every use case of the tracker starts from: who steps on which case, and how a decision becomes true."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.tracker.apply import apply
from services.tracker.apply.rows import open_deadlines, term_of
from services.tracker.domain import ENDED, Where
from services.tracker.domain.clock import PAUSED, WINDOWS, Limit, bulletin_at, started
from services.tracker.domain.supervision import WHY_NAMES, Why, order_id, ordered_by_red
from services.tracker.policy import CasePolicy, policy_on
from services.tracker.settings import TrackerSettings
from services.tracker.tables import Case, Deadline, Order
from services.tracker.webhooks.push import push
from shared.auth import Principal
from shared.calendar import Calendar
from shared.errors import Conflict, Forbidden, NotFound, Stale
from shared.events import CaseSupervised, DeadlineMissed, Due, Fact, Term
from shared.tx import Tx

#: The first late moment is one second after the last that is in time.
LATE = timedelta(seconds=1)
#: Deadlines that are the complainant's concern too.
SHOWN = frozenset({"accept", "reply", "resolve", "redo"})


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a person on a case; `version` from If-Match, `fence` from its claim, where given."""

    number: str
    who: Principal
    version: int | None = None
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class Kit:
    """What the handlers of the tracker need beside the transaction."""

    calendar: Callable[[], Calendar]
    settings: TrackerSettings

    async def tell(self, fact: Fact, tx: Tx) -> None:
        """A decision becomes true here, and is told to everyone; to the agencies concerned also where they want it."""
        await apply(fact, tx)
        tx.publish(fact)
        await push(fact, tx)

    async def case_for(self, step: Step, tx: Tx) -> Case:
        """The case, when this caller may know of it and the step speaks of its present version and claim."""
        case = await tx.lock(Case, step.number)
        if case is None or case.state is None or not visible(case, step.who):
            raise NotFound("没有这个办件", kind="no-such-case")
        refuse_outdated(case, step, tx)
        return case

    async def own(self, step: Step, tx: Tx) -> Case:
        """The case, when this caller's agency leads it."""
        case = await self.case_for(step, tx)
        if step.who.role != "admin" and case.lead_agency != step.who.agency:
            raise Forbidden("只有牵头单位可以办理；会办单位可提出意见", kind="not-lead-agency")
        return case

    async def supervised_by(self, step: Step, tx: Tx, *roles: str) -> Case:
        """The case, for a step of those who dispatch or supervise."""
        if step.who.role not in (*roles, "admin"):
            raise Forbidden(f"需要的角色：{'、'.join(roles)}；当前角色：{step.who.role}")
        return await self.case_for(step, tx)

    async def catch_up(self, case: Case, tx: Tx, routed_at: datetime | None = None) -> None:
        """What the clock would have told by now: a step that comes late finds its card, however late the timers are.

        The dispatch is measured by when it was done, `routed_at`, not by when it was heard of.
        """
        for row in await open_deadlines(case, tx):
            moment = routed_at or tx.now if row.stage == "route" else tx.now
            if moment >= row.due_at + LATE and row.card != "red" and not stands(case, row):
                await self.miss_one(case, row, tx)

    async def miss_one(self, case: Case, row: Deadline, tx: Tx) -> None:
        """The red card, and the order that it gives."""
        policy = policy_of(case)
        named = row.agency is not None and row.stage != "supervision"
        late = bulletin_at(row.due_at, policy.bulletin_working_days, self.calendar()) if named else None
        told = {"stage": row.stage, "due_at": row.due_at, "name": row.name, "agency": row.agency, "bulletin_at": late}
        await self.tell(DeadlineMissed(number=case.number, at=tx.now, assignment=row.assignment, **told), tx)
        orders = await tx.family(Order, case.number)
        given = [order.stage or "" for order in orders if order.assignment == row.assignment]
        if row.assignment == case.assignment and ordered_by_red(
            row.stage, row.agency, case.lead_agency, policy.supervise_on_red, given
        ):
            await self.order(case, "red_card", None, "clock", tx, stage=row.stage)

    async def order(
        self,
        case: Case,
        why: Why,
        reason: str | None,
        by: str,
        tx: Tx,
        *,
        stage: str | None = None,
        limit: Limit | None = None,
    ) -> str:
        """A supervision order with a number and a deadline of its own; its number."""
        policy, ordinal = policy_of(case), case.orders + 1
        name, agency = f"{case.assignment}.supervision.{ordinal}", case.lead_agency or ""
        runs = limit or Limit(*policy.supervision)
        term = started(name, "supervision", tx.now, runs, policy.warn_working_days, self.calendar(), agency)
        order = order_id(case.number, ordinal)
        told = {"order": order, "why": why, "reason": reason or WHY_NAMES[why], "due_at": term.due_at}
        fact = CaseSupervised(**about(case, tx), **told, agency=agency, stage=stage, clock=(term,), by=by)
        await self.tell(fact, tx)
        return order


def policy_of(case: Case) -> CasePolicy:
    """The policy frozen onto the case; for one opened before there was any, that of its day."""
    if case.policy:
        return CasePolicy.model_validate(case.policy)
    moment = case.assigned_at or case.filed_at
    if moment is None:
        raise LookupError(f"nothing is known of when {case.number} began")
    return policy_on(moment).for_class(case.case_class)


def refuse_outdated(case: Case, step: Step, tx: Tx) -> None:
    """Stale or Conflict when the step speaks of an older version, or under a claim that was lost.

    The resolution ends the claim it was made under: sent again it is a repeat, not a late write.
    """
    if step.version is not None and step.version != case.version:
        raise Stale(f"办件已是第 {case.version} 版，请重新读取", kind="stale", version=case.version)
    held = case.lease_until is not None and case.lease_until > tx.now
    ended = case.lease_until is None and case.state in ENDED
    if step.fence is not None and (step.fence != case.fence or not (held or ended)):
        raise Conflict("领取已失效，该办件已由他人领取或已归还", kind="fence-lost", fence=case.fence)


def stands(case: Case, row: Deadline) -> bool:
    """Whether this deadline cannot be missed now: a window, or one whose clock stands."""
    paused = row.stage == "route" or row.stage in PAUSED
    return row.stage in WINDOWS or (case.paused_at is not None and paused)


async def standing(case: Case, tx: Tx) -> list[Term]:
    """The open deadlines that stand while the case is suspended."""
    return [term_of(row) for row in await open_deadlines(case, tx) if row.stage in PAUSED]


def shown(terms: Iterable[Term]) -> tuple[Due, ...]:
    """Of these deadlines, what the complainant sees, first due first."""
    seen = sorted((term for term in terms if term.stage in SHOWN), key=lambda term: term.due_at)
    return tuple(Due(stage=term.stage, due_at=term.due_at) for term in seen)


def visible(case: Case, who: Principal) -> bool:
    """Whether this caller may know of the case: its agencies, and who dispatches and supervises."""
    if who.role == "agency":
        return who.agency is not None and who.agency in (case.lead_agency, *case.co_agencies, *case.participants)
    return who.role in ("dispatcher", "supervisor", "admin")


def state_of(case: Case) -> Where:
    return case.state  # type: ignore[return-value]


def lead_of(case: Case) -> str:
    return case.lead_agency or ""


def about(case: Case, tx: Tx) -> dict[str, Any]:
    """How every fact on this case begins."""
    return {"number": case.number, "at": tx.now, "assignment": case.assignment}
