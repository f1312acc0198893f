"""Suspending a case and going on with it: the clock stands, for no longer than the cap in all."""

from typing import Literal

from services.tracker.domain import advance
from services.tracker.domain.clock import pause_days, pause_end, timed
from services.tracker.handlers.kit import Kit, Step, about, policy_of, shown, standing, state_of
from services.tracker.tables import Case
from shared.errors import Conflict
from shared.events import CaseResumed, CaseSuspended
from shared.timers import Due
from shared.tx import Tx

Why = Literal["supplement", "expert"]


class Pausing(Kit):
    """Pauses of a case.

    A pause moves what is open of reply, resolution, redo and opinions, by its working days. The acceptance is over by
    then, and the window for a return runs on: a case that is being handled is hardly somebody else's.
    """

    async def suspend(self, step: Step, why: Why, reason: str, days: int | None, tx: Tx) -> None:
        """The lead agency waits, for material from the complainant or for an expert."""
        case = await self.own(step, tx)
        if advance(state_of(case), "suspend") is None:
            return
        cap = policy_of(case).pause_cap_working_days
        left = cap - case.paused_days
        if left <= 0:
            raise Conflict(f"中止累计不得超过 {cap} 个工作日，已用完", kind="pause-cap-reached", left=0)
        await self.catch_up(case, tx)
        until = pause_end(tx.now, min(days or left, left), self.calendar())
        told = {"why": why, "reason": reason, "until": until, "by": step.who.subject}
        await self.tell(CaseSuspended(**about(case, tx), **told), tx)

    async def resume(self, step: Step, tx: Tx) -> None:
        """The lead agency goes on."""
        case = await self.own(step, tx)
        if advance(state_of(case), "resume") is not None:
            await self.run_on(case, "承办单位继续办理", step.who.subject, tx)

    async def run_on(self, case: Case, reason: str, by: str, tx: Tx) -> None:
        """The clock runs on; a pause that should have ended by itself counts up to its end, no further."""
        begun, end = case.paused_at or tx.now, min(tx.now, case.paused_until or tx.now)
        days, warn = pause_days(begun, end, self.calendar()), policy_of(case).warn_working_days
        clock = tuple(
            timed(term.model_copy(update={"pauses": term.pauses + days}), warn, self.calendar())
            for term in await standing(case, tx)
        )
        told = {"reason": reason, "days": days, "clock": clock, "deadlines": shown(clock), "by": by}
        await self.tell(CaseResumed(**about(case, tx), **told), tx)

    async def end_pause(self, timer: Due, tx: Tx) -> None:
        """The longest end of a pause has come: the case goes on by itself."""
        case = await tx.lock(Case, timer.number)
        if case is not None and case.state == "suspended" and timer.name == str(case.pauses):
            await self.run_on(case, "中止期满，自动继续办理", "clock", tx)
