"""From the filing to a case, and out of it from outside: the clock of the dispatch, opening, withdrawal, refusal."""

from datetime import datetime
from typing import Literal

from services.tracker.apply import apply
from services.tracker.apply.rows import open_deadlines, term_of
from services.tracker.domain import ENDED, advance
from services.tracker.domain.clock import Limit, Stage, pause_days, started, timed
from services.tracker.domain.supervision import KEY_NAMES
from services.tracker.handlers.kit import shown, state_of
from services.tracker.handlers.pausing import Pausing
from services.tracker.policy import CasePolicy, policy_on
from services.tracker.tables import Case, Deadline
from shared.events import (
    CaseClosed,
    CaseOpened,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    RoutePaused,
    RouteResumed,
    RouteStarted,
    SupplementAsked,
    Term,
)
from shared.tx import Tx

ROUTE = "0.route"


class Opening(Pausing):
    """What the tracker does with what intake and router tell."""

    async def file(self, fact: ComplaintFiled, tx: Tx) -> None:
        """The limit for naming a lead agency runs from the filing on."""
        known = await tx.lock(Case, fact.number) is not None
        await apply(fact, tx)
        if not known:
            policy = policy_on(fact.at)
            runs = Limit(*policy.route)
            term = started(ROUTE, "route", fact.at, runs, policy.warn_working_days, self.calendar())
            await self.tell(RouteStarted(number=fact.number, at=tx.now, clock=(term,)), tx)

    async def record(self, fact: ComplaintLinked, tx: Tx) -> None:
        """What is only to be seen."""
        await tx.lock(Case, fact.number)
        await apply(fact, tx)

    async def hold(self, fact: ComplaintHeld, tx: Tx) -> None:
        """The dispatcher has it again, and the clock of the dispatch runs on."""
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        await self._run_route_on(case, fact.at, tx)

    async def ask_supplement(self, fact: SupplementAsked, tx: Tx) -> None:
        """The clock of the dispatch stands while the complainant is asked."""
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        if case is not None and case.paused_at is None and await self._route(case, tx) is not None:
            told = {"reason": fact.reason, "until": fact.due_at}
            await self.tell(RoutePaused(number=fact.number, at=fact.at, **told), tx)

    async def supplement(self, fact: ComplaintSupplemented, tx: Tx) -> None:
        """The complainant gave more: what waited for it goes on, the dispatch or the case."""
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        await self._run_route_on(case, fact.at, tx)
        if case is not None and case.state == "suspended" and case.pause_why == "supplement":
            await self.run_on(case, "投诉人已补充材料", "complainant", tx)

    async def _run_route_on(self, case: Case | None, at: datetime, tx: Tx) -> None:
        if case is None or case.paused_at is None or case.paused_until is None:
            return
        if (row := await self._route(case, tx)) is not None:
            days = pause_days(case.paused_at, min(at, case.paused_until), self.calendar())
            moved = term_of(row).model_copy(update={"pauses": row.pauses + days})
            clock = (timed(moved, policy_on(row.start_at).warn_working_days, self.calendar()),)
            await self.tell(RouteResumed(number=case.number, at=tx.now, days=days, clock=clock), tx)

    @staticmethod
    async def _route(case: Case, tx: Tx) -> Deadline | None:
        return next((row for row in await open_deadlines(case, tx) if row.name == ROUTE), None)

    async def open(self, fact: ComplaintAssigned, tx: Tx) -> None:
        """The case enters the lead agency's queue with its deadlines; an older assignment is recorded, no more.

        A new assignment has a clock of its own, from its own start. What carries over: the working days that pauses
        used up, and what is on record. What does not: extensions, pending requests, the deadlines of the agency before.
        """
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        if case is not None and (state_of(case) in ENDED or fact.assignment <= case.assignment):
            return
        if case is not None:
            await self._leave(case, fact.at, tx)
        policy = policy_on(fact.at).for_class(fact.case_class)
        clock = self._clock(fact, policy)
        told = {"deadlines": shown(clock), "clock": clock, "policy": policy.frozen()}
        await self.tell(CaseOpened(number=fact.number, at=tx.now, assignment=fact.assignment, **told), tx)
        opened = await tx.lock(Case, fact.number)
        if opened is not None and fact.key_supervision:
            reasons = "、".join(KEY_NAMES.get(word, word) for word in fact.key_supervision)
            await self.order(opened, "key_supervision", f"重点督办：{reasons}", "clock", tx)

    async def _leave(self, case: Case, at: datetime, tx: Tx) -> None:
        """What the clock still has to say of the time before."""
        if case.state == "suspended":
            await self.run_on(case, "已重新派单", "clock", tx)
        await self._run_route_on(case, at, tx)
        await self.catch_up(case, tx, at)

    def _clock(self, fact: ComplaintAssigned, policy: CasePolicy) -> tuple[Term, ...]:
        calendar, warn, limits = self.calendar(), policy.warn_working_days, policy.limits
        lead, n = fact.lead_agency, fact.assignment
        stages: tuple[tuple[Stage, Limit], ...] = (
            ("accept", Limit(*limits.accept)),
            ("return", Limit(*limits.return_)),
            ("reply", Limit(*limits.reply)),
            ("resolve", Limit(*limits.resolve, limits.resolve_cap_days)),
        )
        leads = [started(f"{n}.{stage}", stage, fact.at, limit, warn, calendar, lead) for stage, limit in stages]
        opinion = Limit(*limits.opinion)
        cos = [started(f"{n}.opinion.{co}", "opinion", fact.at, opinion, warn, calendar, co) for co in fact.co_agencies]
        return (*leads, *cos)

    async def withdraw(self, fact: ComplaintWithdrawn, tx: Tx) -> None:
        """The complainant took it back; one that crossed its resolution on the way stays resolved."""
        await self._close(fact, "withdrawn", tx)

    async def refuse(self, fact: ComplaintRefused, tx: Tx) -> None:
        """A dispatcher refused it, before an assignment or after a return."""
        await self._close(fact, "refused", tx)

    async def _close(
        self, fact: ComplaintWithdrawn | ComplaintRefused, why: Literal["withdrawn", "refused"], tx: Tx
    ) -> None:
        case = await tx.lock(Case, fact.number)
        await apply(fact, tx)
        assignment = case.assignment if case else 0
        if case is not None:
            state = state_of(case)
            if state in ENDED or advance(state, "withdraw" if why == "withdrawn" else "refuse") is None:
                return
            await self._run_route_on(case, fact.at, tx)
            await self.catch_up(case, tx, fact.at)
        told = {"assignment": assignment, "why": why, "closed_at": fact.at}
        await self.tell(CaseClosed(number=fact.number, at=tx.now, **told), tx)
