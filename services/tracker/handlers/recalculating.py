"""A year's calendar was published or changed: the open deadlines that touch it are computed again, and told."""

from services.tracker.apply.rows import open_deadlines, term_of
from services.tracker.domain.clock import timed
from services.tracker.handlers.kit import Kit, about, policy_of, shown
from services.tracker.store import calendars
from services.tracker.tables import Case
from shared.events import DeadlinesMoved
from shared.timers import Due
from shared.tx import Tx

RECALCULATE = "calendar-change"
#: How often the calendar of open deadlines is compared with the one in force, in seconds.
WATCH_SECONDS = 60
#: Cases that one transaction sets about.
AT_ONCE = 500


class Recalculating(Kit):
    """One look finds the cases concerned; each gets a timer of its own, so that one that fails stands alone."""

    async def watch_calendar(self, after: str, tx: Tx) -> str | None:
        """Set about cases with deadlines on years that changed since; the last one's number when there may be more."""
        numbers = await calendars.stale(tx.session, self.calendar(), after, AT_ONCE)
        for number in numbers:
            tx.schedule(RECALCULATE, number, tx.now, name=tx.now.isoformat())
        return numbers[-1] if len(numbers) == AT_ONCE else None

    async def recalculate(self, timer: Due, tx: Tx) -> None:
        """The case's open deadlines on the calendar in force; which version found them right is noted, and no fact."""
        case = await tx.lock(Case, timer.number)
        if case is None:
            return
        calendar, warn, moved = self.calendar(), policy_of(case).warn_working_days, []
        for row in await open_deadlines(case, tx):
            term = timed(term_of(row), warn, calendar)
            never_checked = not row.calendar
            if term.due_at != row.due_at or (term.warn_at != row.warn_at and not never_checked):
                moved.append(term)
            else:
                row.calendar, row.warn_at = term.calendar, term.warn_at
        if moved:
            told = {"why": "calendar", "reason": "工作日历已公布或调整", "by": "clock", "clock": tuple(moved)}
            await self.tell(DeadlinesMoved(**about(case, tx), **told, deadlines=shown(moved)), tx)
