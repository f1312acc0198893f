"""What the agencies do with a case: accept, return, opinions, replies, notes, resolution, class, arrears."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.tracker.apply.rows import open_deadlines, term_of
from services.tracker.domain import advance
from services.tracker.domain.arrears import Totals, fault
from services.tracker.domain.clock import timed
from services.tracker.handlers.kit import LATE, Kit, Step, about, lead_of, shown, state_of
from services.tracker.policy import policy_on
from services.tracker.tables import Arrears, Case, Deadline, Kept, Remark, Reply
from shared.clock import in_shanghai
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.events import (
    ArrearsRecorded,
    CaseAccepted,
    CaseClassed,
    CaseReplied,
    CaseResolved,
    CaseReturned,
    DeadlinesMoved,
    NoteTaken,
    OpinionGiven,
)
from shared.tx import Tx

ReturnCode = Literal["NOT_OUR_DUTY", "OTHER_REGION", "BELONGS_TO_LEAD", "SPLIT_NEEDED"]
#: Grounds on which an agency may give a case back.
RETURN_NAMES: dict[ReturnCode, str] = {
    "NOT_OUR_DUTY": "不属于本单位职责",
    "OTHER_REGION": "属于其他地区管辖",
    "BELONGS_TO_LEAD": "应由其他单位牵头",
    "SPLIT_NEEDED": "涉及多个单位，需拆分派单",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What an agency records of a sum owed: totals that are newly known, as they stood `stood_at`."""

    totals: Totals
    stood_at: datetime
    evidence: str


class Steps(Kit):
    """The steps of the lead agency and its co-agencies, and the class that a dispatcher sets."""

    async def accept(self, step: Step, tx: Tx) -> None:
        """The lead agency takes the case; so may one that returned it, responsible until the next assignment."""
        case = await self.own(step, tx)
        if advance(state_of(case), "accept") is None:
            return
        await self.catch_up(case, tx)
        await self.tell(CaseAccepted(**about(case, tx), agency=lead_of(case), by=step.who.subject), tx)

    async def give_back(self, step: Step, code: ReturnCode, reason: str, tx: Tx) -> None:
        """The case is not the agency's duty; once, inside the window, and not when it was designated."""
        case = await self.own(step, tx)
        if advance(state_of(case), "return") is None:
            return
        if case.designated:
            why = "；".join(case.reasons) or "退回后指定"
            raise Conflict(f"本单位是退回后指定的承办单位，不能再次退回：{why}", kind="designated-may-not-return")
        await self._refuse_late_return(case, tx)
        await self.catch_up(case, tx)
        told_by = {"agency": lead_of(case), "code": code, "reason": reason, "by": step.who.subject}
        await self.tell(CaseReturned(**about(case, tx), **told_by), tx)

    @staticmethod
    async def _refuse_late_return(case: Case, tx: Tx) -> None:
        for row in await tx.family(Deadline, case.number):
            if row.name != f"{case.assignment}.return":
                continue
            if row.met_at is not None:
                raise Conflict("本次派单已退回过一次，不能再次退回", kind="returned-before")
            if tx.now >= row.due_at + LATE:
                told = f"退回期限已于 {in_shanghai(row.due_at):%Y-%m-%d} 届满，不能退回"
                raise Conflict(told, kind="return-too-late", due_at=row.due_at.isoformat())

    async def reply(
        self, step: Step, text: str, met: bool, contacted_at: datetime | None, internal: bool, tx: Tx
    ) -> None:
        """The agency answers; an internal note stays here and moves nothing. The same answer again changes nothing."""
        case = await self.own(step, tx)
        if internal:
            await self._note(case, step, text, tx)
            return
        advance(state_of(case), "reply")
        if contacted_at is not None and contacted_at > tx.now:
            raise Invalid([FieldError("contacted_at", "不能晚于现在")])
        said = await self._last_reply(case, tx)
        if case.state == "replied" and said is not None and _same(said, text, met, contacted_at):
            return
        await self.catch_up(case, tx)
        told = {"text": text, "met": met, "contacted_at": contacted_at, "by": step.who.subject}
        await self.tell(CaseReplied(**about(case, tx), agency=lead_of(case), **told), tx)

    @staticmethod
    async def _last_reply(case: Case, tx: Tx) -> Reply | None:
        mine = [row for row in await tx.family(Reply, case.number) if row.assignment == case.assignment]
        return max((row for row in mine if row.round == case.round), key=lambda row: row.version, default=None)

    async def _note(self, case: Case, step: Step, text: str, tx: Tx) -> None:
        advance(state_of(case), "take_note")
        if await self._said(case, "note", lead_of(case), text, tx):
            return
        fact = NoteTaken(**about(case, tx), agency=lead_of(case), by=step.who.subject)
        await self._keep(fact, text, tx)

    async def give_opinion(self, step: Step, text: str, tx: Tx) -> None:
        """A co-agency tells the lead what it thinks; the same words again change nothing."""
        case = await self.case_for(step, tx)
        agency = step.who.agency
        if agency not in case.co_agencies:
            raise Forbidden("只有会办单位可以提出会办意见", kind="not-co-agency")
        advance(state_of(case), "give_opinion")
        if await self._said(case, "opinion", str(agency), text, tx):
            return
        await self.catch_up(case, tx)
        await self._keep(OpinionGiven(**about(case, tx), agency=str(agency), by=step.who.subject), text, tx)

    @staticmethod
    async def _said(case: Case, kind: str, agency: str, text: str, tx: Tx) -> bool:
        """Whether these were the agency's last words of this kind."""
        said = [row for row in await tx.family(Remark, case.number) if (row.kind, row.agency) == (kind, agency)]
        mine = [row for row in said if row.assignment == case.assignment]
        last = max(mine, key=lambda row: row.version, default=None)
        kept = {row.id: row.text for row in await tx.family(Kept, case.number)}
        return last is not None and kept.get(last.id) == text

    async def _keep(self, fact: NoteTaken | OpinionGiven, text: str, tx: Tx) -> None:
        """The remark is told, its text stays here under the fact's id."""
        await self.tell(fact, tx)
        tx.add(Kept(id=str(fact.event_id), number=fact.number, text=text))

    async def resolve(self, step: Step, tx: Tx) -> list[str]:
        """The lead signs off, with or without the opinions of its co-agencies; which ones are missing."""
        case = await self.own(step, tx)
        missing = await self.missing_opinions(case, tx)
        if advance(state_of(case), "resolve") is None:
            return missing
        await self.catch_up(case, tx)
        told = {"agency": lead_of(case), "missing_opinions": tuple(missing), "by": step.who.subject}
        await self.tell(CaseResolved(**about(case, tx), **told), tx)
        return missing

    @staticmethod
    async def missing_opinions(case: Case, tx: Tx) -> list[str]:
        """Co-agencies that gave no opinion under this assignment."""
        given = {
            row.agency
            for row in await tx.family(Remark, case.number)
            if row.kind == "opinion" and row.assignment == case.assignment
        }
        return [agency for agency in case.co_agencies if agency not in given]

    async def set_simple(self, step: Step, tx: Tx) -> None:
        """A dispatcher or supervisor finds the case simple: its resolution limit is the shorter one."""
        case = await self.supervised_by(step, tx, "dispatcher", "supervisor")
        advance(state_of(case), "set_class")
        if case.case_class == "simple":
            return
        await self.catch_up(case, tx)
        policy = policy_on(case.assigned_at or tx.now).for_class("simple")
        rows = [row for row in await open_deadlines(case, tx) if row.stage == "resolve"]
        limit = {"limit": policy.limits.resolve[0], "unit": policy.limits.resolve[1], "cap": None}
        clock = tuple(
            timed(term_of(row).model_copy(update=limit), policy.warn_working_days, self.calendar()) for row in rows
        )
        by = step.who.subject
        classed = {"case_class": "simple", "policy": policy.frozen(), "by": by}
        await self.tell(CaseClassed(**about(case, tx), **classed), tx)
        moved = {"why": "class", "reason": "定为简单件", "deadlines": shown(clock), "clock": clock, "by": by}
        await self.tell(DeadlinesMoved(**about(case, tx), **moved), tx)

    async def record_arrears(self, step: Step, record: Record, tx: Tx) -> None:
        """What is newly known of the sum owed; the same record again changes nothing."""
        case = await self.own(step, tx)
        if case.case_class != "arrears":
            raise Conflict("只有拖欠账款类办件登记账款", kind="not-arrears", **{"class": case.case_class})
        advance(state_of(case), "record_arrears")
        if record.stood_at > tx.now:
            raise Invalid([FieldError("at", "不能晚于现在")])
        known = await tx.family(Arrears, case.number)
        if any(_recorded(row, record) for row in known):
            return
        if (wrong := fault(totals_of(known).merged(record.totals))) is not None:
            raise Invalid([wrong], kind="arrears-contradict")
        told = {name: getattr(record.totals, name) for name in ("claimed", "verified", "repaid", "under_agreement")}
        whole = {"stood_at": record.stood_at, "evidence": record.evidence, "by": step.who.subject, **told}
        await self.tell(ArrearsRecorded(**about(case, tx), agency=lead_of(case), **whole), tx)


def totals_of(rows: list[Arrears]) -> Totals:
    """The totals as they stand: of each, the one that stood last."""
    found = Totals()
    for row in sorted(rows, key=lambda row: (row.stood_at, row.version)):
        found = found.merged(Totals(row.claimed, row.verified, row.repaid, row.under_agreement))
    return found


def _recorded(row: Arrears, record: Record) -> bool:
    same = Totals(row.claimed, row.verified, row.repaid, row.under_agreement) == record.totals
    return same and (row.stood_at, row.evidence) == (record.stood_at, record.evidence)


def _same(said: Reply, text: str, met: bool, contacted_at: datetime | None) -> bool:
    return (said.text, said.met, said.contacted_at) == (text, met, contacted_at)
