"""What the router does with a fact or a deadline; the triage desk is in desk.py."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from services.router.domain import (
    UNREAD,
    Assigned,
    Decision,
    NeedsTriage,
    Question,
    Read,
    Reading,
    Thresholds,
    assign,
    case_class,
    decide,
    fallback,
    key_supervision,
    respondents,
)
from services.router.recording import SHOWN as SHOWN
from services.router.recording import ask, asked, count_return, keep, put_on_hold, question_of, record, unrouted
from services.router.settings import RouterSettings
from services.router.standing import end_standing, stand
from services.router.tables import Routing
from shared.calendar import Calendar, due
from shared.clock import in_shanghai
from shared.events import (
    Candidate,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintSupplemented,
    ComplaintWithdrawn,
)
from shared.reference import Mapping
from shared.timers import Due
from shared.tx import Tx

DEEMED, UNANSWERED = "deemed-accepted", "supplement-due"
#: States in which a person is to decide.
WAITING = ("held", "supplement")
By = Literal["rules", "dispatcher"]


@dataclass(frozen=True, slots=True)
class Router:
    """What the handlers of the router need beside the transaction; `read` finds matters in a text, and blocks."""

    mapping: Callable[[], Mapping]
    calendar: Callable[[], Calendar]
    read: Callable[[str, str], Read]
    settings: RouterSettings

    async def decision(self, question: Question) -> tuple[Decision, Read]:
        """What the rules say of this complaint today, and what the text said."""
        read = await asyncio.to_thread(self.read, question.title, question.text)
        return decide(question, self.mapping(), read), read

    async def route(self, fact: ComplaintFiled, tx: Tx) -> None:
        """Assign the complaint or hold it for a person; one that is known already stays as it is."""
        if await tx.lock(Routing, fact.number) is not None:
            return
        question = asked(fact)
        row = unrouted(fact, question)
        tx.add(row)
        await self._settle(row, question, tx)

    async def _settle(self, row: Routing, question: Question, tx: Tx) -> None:
        found, read = await self.decision(question)
        keep(row, read)
        match found:
            case Assigned():
                await self.assign(row, found, "rules", tx)
            case NeedsTriage():
                self.hold(row, found, tx)
            case never:
                assert_never(never)

    def hold(self, row: Routing, held: NeedsTriage, tx: Tx) -> None:
        """A person decides, within the triage limit."""
        put_on_hold(row, tx.now, held.reasons, held.out_of_scope)
        row.candidates = [asdict(reading) for reading in held.candidates[:SHOWN]]
        candidates = tuple(Candidate(ref=r.ref, score=round(r.score, 4)) for r in held.candidates[:SHOWN])
        scope = round(held.out_of_scope, 4)
        tx.publish(
            ComplaintHeld(number=row.number, at=tx.now, candidates=candidates, out_of_scope=scope, reasons=held.reasons)
        )
        self.await_decision(row, tx.now, tx)

    def await_decision(self, row: Routing, since: datetime, tx: Tx) -> None:
        """The limit after which the complaint counts as accepted; a new holding is a new limit."""
        deemed_at = due(since, self.settings.triage_working_days, "working_day", self.calendar())
        tx.schedule(DEEMED, row.number, deemed_at, name=str(row.held_times))

    async def assign(self, row: Routing, found: Assigned, by: By, tx: Tx, note: str | None = None) -> None:
        """The decision is recorded and told; one that follows a return designates."""
        question, mapping = self.question_of(row), self.mapping()
        linked = await stand(row, found.matter, question, tx)
        if linked.other is not None:
            tx.publish(ComplaintLinked(number=row.number, at=tx.now, other=linked.other))
            told = f"同一企业就同一事项、同一单位的投诉 {linked.other} 正在办理，已关联，不合并"
            found = replace(found, reasons=(*found.reasons, told))
        watched = self._watched(question, found, linked.times, tx)
        proposed = self.proposed(row, question) if by == "dispatcher" else None
        fact = ComplaintAssigned(
            number=row.number,
            at=tx.now,
            assignment=row.assignment + 1,
            matter=found.matter,
            lead_agency=found.lead,
            co_agencies=found.co_agencies,
            participants=found.participants,
            case_class=found.case_class,
            filed_at=row.filed_at,
            title=question.title,
            region=question.region or "410000",
            amount=question.amount,
            reasons=found.reasons,
            clause=found.clause,
            rules_version=mapping.version,
            decided_by=by,
            designated=bool(row.returned_by),
            key_supervision=watched,
            enterprise=row.enterprise,
        )
        row.state = "assigned"
        record(row, fact, question, tx, proposed=proposed, note=note)
        tx.publish(fact)

    def _watched(self, question: Question, found: Assigned, times: int, tx: Tx) -> tuple[str, ...]:
        limits = Thresholds(self.settings.watch_amount_yuan, self.settings.watch_years, self.settings.watch_times)
        return key_supervision(question, found.case_class == "arrears", times, in_shanghai(tx.now).date(), limits)

    def proposed(self, row: Routing, question: Question) -> str | None:
        """The lead of the machine's best candidate, to be counted beside what the person chose."""
        best = self.mapping().matters.get(row.candidates[0]["ref"]) if row.candidates else None
        found = assign(question, best, self.mapping(), "") if best else None
        return found.lead if isinstance(found, Assigned) else None

    @staticmethod
    def question_of(row: Routing) -> Question:
        """What this complaint is decided on."""
        return question_of(row)

    async def deem_accepted(self, timer: Due, tx: Tx) -> None:
        """Nobody decided in time: the best candidate's lead handles it, else the fallback, and the reasons say so."""
        row = await tx.lock(Routing, timer.number)
        if row is None or row.state != "held" or timer.name != str(row.held_times):
            return
        why = f"{self.settings.triage_working_days} 个工作日内未研判，视为受理"
        await self.assign(row, self._deemed(row, why), "rules", tx, note="deemed accepted")

    def _deemed(self, row: Routing, why: str) -> Assigned:
        question, mapping, returned = self.question_of(row), self.mapping(), frozenset(row.returned_by)
        for candidate in row.candidates:
            if (matter := mapping.matters.get(candidate["ref"])) is None:
                continue
            found = assign(question, matter, mapping, why)
            if isinstance(found, Assigned) and found.lead not in returned:
                return found
        lead = fallback(respondents(question, mapping), returned)
        told = f"没有可用的候选事项，由{self._name(lead)}承办"
        return Assigned(lead, (), (), case_class(question, None), None, "省条例第5条", (why, told))

    async def reconsider(self, fact: CaseReturned, tx: Tx) -> None:
        """The agency says it is not its duty: another one that the text surely means, else a person."""
        row = await tx.lock(Routing, fact.number)
        if row is None or row.state != "assigned" or fact.assignment != row.assignment:
            return
        await count_return(fact, tx)
        row.returned_by = [*row.returned_by, fact.agency]
        question = replace(self.question_of(row), matter=None)
        read = await asyncio.to_thread(self.read, question.title, question.text)
        rest = self.without_returned(row, question, read)
        found = decide(question, self.mapping(), rest)
        said = f"{self._name(fact.agency)}退回（{fact.code}）：{fact.reason}"
        keep(row, rest)
        if isinstance(found, Assigned) and found.lead not in row.returned_by:
            await self.assign(row, replace(found, reasons=(said, *found.reasons)), "rules", tx)
            return
        asked = "原承办单位在重新派单前继续负责，由人工研判指定承办单位"
        self.hold(row, NeedsTriage(rest.candidates, (said, asked), read.out_of_scope), tx)

    def without_returned(self, row: Routing, question: Question, read: Read) -> Read:
        """The readings that do not lead back to an agency that returned it."""
        mapping = self.mapping()

        def leads_back(reading: Reading) -> bool:
            matter = mapping.matters.get(reading.ref)
            found = assign(question, matter, mapping, "") if matter else None
            return isinstance(found, Assigned) and found.lead in row.returned_by

        return replace(read, candidates=tuple(r for r in read.candidates if not leads_back(r)))

    def _name(self, code: str) -> str:
        agency = self.mapping().agencies.get(code)
        return agency.name if agency else code

    async def supplement(self, fact: ComplaintSupplemented, tx: Tx) -> None:
        """More text: a complaint that waits is decided on anew; one that is assigned is the agency's to read."""
        row = await tx.lock(Routing, fact.number)
        if row is None or row.state not in WAITING:
            return
        question = self.question_of(row)
        question = replace(question, text=f"{question.text}\n{fact.text}")
        ask(row, question)
        row.supplement = None
        await self._settle(row, question, tx)

    async def unanswered(self, timer: Due, tx: Tx) -> None:
        """The complainant gave nothing in time: it waits for the dispatcher again."""
        row = await tx.lock(Routing, timer.number)
        if row is None or row.state != "supplement" or timer.name != str(row.held_times):
            return
        candidates = tuple(Reading(**found) for found in row.candidates)
        self.hold(row, NeedsTriage(candidates, ("未在期限内补充材料，由人工研判",), row.out_of_scope), tx)

    async def drop(self, fact: ComplaintWithdrawn | CaseResolved, tx: Tx) -> None:
        """The complaint ended; a dispatcher need not look at it any more, and a new one is no duplicate of it."""
        row = await tx.lock(Routing, fact.number)
        if row is not None and row.state != "refused":
            row.state = "ended"
            await end_standing(row, tx)

    async def reopen(self, fact: CaseReopened, tx: Tx) -> None:
        """The case is handled again."""
        row = await tx.lock(Routing, fact.number)
        if row is not None and row.state == "ended":
            row.state = "assigned"


def unread(_title: str, _text: str) -> Read:
    """Without a reader a text says nothing, and a person decides."""
    return UNREAD
