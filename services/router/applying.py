"""The router's rows from facts alone, its own among them: for a database that was put back to an older copy.

Nothing is decided and nothing told: what was decided is in the stream. What a text says is read anew, as it is in no
fact; a dispatcher's note is in none either, nor a proposed refusal that nobody has approved yet.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.router.domain import Question
from services.router.earlier import with_its_past
from services.router.handlers import UNANSWERED, WAITING, Router
from services.router.recording import (
    ask,
    asked,
    count_return,
    keep,
    put_on_hold,
    question_of,
    record,
    unrouted,
    wait_for_supplement,
)
from services.router.standing import end_standing, stand_again
from services.router.tables import Routing
from shared.calendar import due
from shared.consumer import Handlers
from shared.errors import NotFound
from shared.events import (
    CaseImported,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    Fact,
    SupplementAsked,
)
from shared.tx import Tx

#: States that a decision which crossed the end on its way does not lead out of.
OVER = ("refused", "ended")


def applying(router: Router) -> Handlers:
    """What each fact does to the rows."""
    again = Again(router)
    return {
        ComplaintFiled: again.filed,
        ComplaintHeld: again.held,
        SupplementAsked: again.supplement_asked,
        ComplaintSupplemented: again.supplemented,
        ComplaintLinked: again.linked,
        ComplaintAssigned: again.assigned,
        ComplaintRefused: again.refused,
        CaseReturned: again.returned,
        ComplaintWithdrawn: router.drop,
        CaseResolved: router.drop,
        CaseReopened: router.reopen,
        CaseImported: again.imported,
    }


@dataclass(frozen=True, slots=True)
class Again:
    """Each method is one fact; the router is asked for what it reads in a text, and for its calendar."""

    router: Router
    repeats: set[str] = field(default_factory=set)

    async def filed(self, fact: ComplaintFiled, tx: Tx) -> None:
        if await tx.lock(Routing, fact.number) is None:
            question = asked(fact)
            row = unrouted(fact, question)
            tx.add(row)
            await self._read(row, question)

    async def imported(self, fact: CaseImported, tx: Tx) -> None:
        filed, *rest = fact.story()
        if not isinstance(filed, ComplaintFiled) or await tx.lock(Routing, fact.number) is not None:
            return
        row = with_its_past(filed, rest)
        if row is None:
            await self.filed(filed, tx)
        else:
            tx.add(row)

    async def supplemented(self, fact: ComplaintSupplemented, tx: Tx) -> None:
        row = await known(fact, tx)
        if row.state in WAITING:
            question = question_of(row)
            question = replace(question, text=f"{question.text}\n{fact.text}")
            ask(row, question)
            row.supplement = None
            await self._read(row, question)

    async def returned(self, fact: CaseReturned, tx: Tx) -> None:
        row = await known(fact, tx)
        if row.state == "assigned" and fact.assignment == row.assignment:
            await count_return(fact, tx)
            row.returned_by = [*row.returned_by, fact.agency]
            question = replace(question_of(row), matter=None)
            read = await asyncio.to_thread(self.router.read, question.title, question.text)
            keep(row, self.router.without_returned(row, question, read))

    async def linked(self, fact: ComplaintLinked, tx: Tx) -> None:
        """The assignment that comes next found another complaint on the same open."""
        self.repeats.add(fact.number)

    async def assigned(self, fact: ComplaintAssigned, tx: Tx) -> None:
        row = await known(fact, tx)
        if fact.assignment <= row.assignment:
            return
        question, over = question_of(row), row.state in OVER
        await stand_again(row, fact.matter, question, tx, repeats=fact.number in self.repeats)
        self.repeats.discard(fact.number)
        if over:
            await end_standing(row, tx)
        else:
            row.state = "assigned"
        proposed = self.router.proposed(row, question) if fact.decided_by == "dispatcher" else None
        record(row, fact, question, tx, proposed=proposed, note=None)

    async def held(self, fact: ComplaintHeld, tx: Tx) -> None:
        row = await known(fact, tx)
        if row.state not in OVER:
            same = round(row.out_of_scope, 4) == fact.out_of_scope
            put_on_hold(row, fact.at, fact.reasons, row.out_of_scope if same else fact.out_of_scope)
            if [one["ref"] for one in row.candidates] != [one.ref for one in fact.candidates]:
                row.candidates = [one.model_dump() for one in fact.candidates]
            self.router.await_decision(row, fact.at, tx)

    async def supplement_asked(self, fact: SupplementAsked, tx: Tx) -> None:
        row = await known(fact, tx)
        if row.state not in OVER:
            wait_for_supplement(row, fact.reason, self._days(fact.at, fact.due_at), fact.due_at)
            tx.schedule(UNANSWERED, row.number, fact.due_at, name=str(row.held_times))

    async def refused(self, fact: ComplaintRefused, tx: Tx) -> None:
        row = await known(fact, tx)
        if row.state not in OVER:
            row.state, row.refusal = "refused", {"code": fact.code, "reason": fact.reason}
        await end_standing(row, tx)

    async def _read(self, row: Routing, question: Question) -> None:
        keep(row, await asyncio.to_thread(self.router.read, question.title, question.text))

    def _days(self, at: datetime, due_at: datetime) -> int:
        """The working days that the complainant was given."""
        cap, calendar = self.router.settings.supplement_working_days, self.router.calendar()
        given = (days for days in range(1, cap) if due(at, days, "working_day", calendar) >= due_at)
        return next(given, cap)


async def known(fact: Fact, tx: Tx) -> Routing:
    """The complaint's row, locked; NotFound without one."""
    row = await tx.lock(Routing, fact.number)
    if row is None:
        raise NotFound("没有这个受理编号", kind="no-such-complaint")
    return row
