"""What the tracker does with an assignment, an agency's step, or a deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.tracker import store
from services.tracker.domain import ENDED, Action, State, advance
from services.tracker.policy import STAGES, Stage, policy_on
from services.tracker.settings import TrackerSettings
from services.tracker.tables import Case, Deadline, Entry
from shared.auth import Principal
from shared.calendar import Calendar
from shared.errors import Conflict, Forbidden, NotFound, Stale
from shared.events import (
    CaseAccepted,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    ComplaintAssigned,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlineWarned,
)
from shared.events import Due as DueTime
from shared.timers import Due
from shared.tx import Tx

WARN, MISS = "deadline-warning", "deadline"
#: Which stage of the clock an action meets.
_MEETS: dict[Action, Stage] = {"accept": "accept", "reply": "reply", "resolve": "resolve"}


@dataclass(frozen=True, slots=True)
class Step:
    """One action of an agency on its case; `version` from If-Match, `fence` from its claim, where given."""

    number: str
    who: Principal
    version: int | None = None
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class Tracker:
    """What the handlers of the tracker need beside the transaction."""

    calendar: Callable[[], Calendar]
    settings: TrackerSettings

    async def open(self, fact: ComplaintAssigned, tx: Tx) -> None:
        """The case enters the lead agency's queue with its deadlines; an older assignment changes nothing."""
        case = await tx.lock(Case, fact.number)
        if case is not None and (case.state in ENDED or fact.assignment <= case.assignment):
            self._note(case, "late-assignment", "router", tx, assignment=fact.assignment)
            return
        if case is None:
            case = Case(number=fact.number, state="to_accept", co_agencies=[], participants=[], reasons=[])
            tx.add(case)
        policy = policy_on(tx.now)
        due_times = policy.due_times(fact.case_class, fact.at, self.calendar())
        case.state, case.assignment, case.version = "to_accept", fact.assignment, case.version + 1
        case.lead_agency, case.matter, case.case_class = fact.lead_agency, fact.matter, fact.case_class
        case.co_agencies, case.participants = list(fact.co_agencies), list(fact.participants)
        case.title, case.region, case.amount = fact.title, fact.region, fact.amount
        case.reasons, case.filed_at, case.assigned_at = list(fact.reasons), fact.filed_at, fact.at
        case.urgent_at = due_times["accept"]
        case.holder, case.lease_until, case.fence = None, None, case.fence + 1
        for stage, due_at in due_times.items():
            self._start(case, stage, due_at, policy.warn_working_days, tx)
        self._note(case, "assigned", "router", tx, agency=fact.lead_agency)
        deadlines = tuple(DueTime(stage=stage, due_at=due_times[stage]) for stage in STAGES)
        tx.publish(CaseOpened(number=case.number, at=tx.now, assignment=case.assignment, deadlines=deadlines))

    def _start(self, case: Case, stage: Stage, due_at: datetime, warn_working_days: int, tx: Tx) -> None:
        name = f"{case.assignment}.{stage}"
        key = f"{case.number}:{name}"
        when = {"due_at": due_at, "met_at": None, "card": None}
        tx.insert(Deadline, id=key, number=case.number, assignment=case.assignment, stage=stage, **when)
        tx.schedule(MISS, case.number, due_at + timedelta(seconds=1), name=name)
        warn_at = self.calendar().subtract_working_days(due_at, warn_working_days)
        if warn_at > tx.now:
            tx.schedule(WARN, case.number, warn_at, name=name)

    async def withdraw(self, fact: ComplaintWithdrawn, tx: Tx) -> None:
        """The complainant took it back; one that crossed its resolution on the way stays resolved."""
        case = await tx.lock(Case, fact.number)
        if case is None:
            tx.add(Case(number=fact.number, state="withdrawn", co_agencies=[], participants=[], reasons=[]))
            return
        if case.state in ENDED:
            return
        self._note(case, "withdrawn", "complainant", tx)
        case.state, case.urgent_at = advance(_state(case), "withdraw") or case.state, None
        case.version += 1

    async def accept(self, step: Step, tx: Tx) -> None:
        """The lead agency takes the case."""
        case = await self._own(step, tx)
        if await self._move(case, "accept", step, tx):
            tx.publish(CaseAccepted(number=case.number, at=tx.now, assignment=case.assignment, agency=_lead(case)))

    async def reply(
        self, step: Step, text: str, met: bool, contacted_at: datetime | None, internal: bool, tx: Tx
    ) -> None:
        """The agency answers; an internal note stays here and moves nothing."""
        case = await self._own(step, tx)
        detail = {"text": text, "met": met, "contacted_at": contacted_at.isoformat() if contacted_at else None}
        if internal:
            if case.state in ENDED:
                raise Conflict("办件已经结束，不能再记内部意见", kind="illegal-transition", state=case.state)
            self._note(case, "note", step.who.subject, tx, **detail)
            return
        await self._move(case, "reply", step, tx, **detail)
        reply = {"assignment": case.assignment, "agency": _lead(case), "text": text, "met": met}
        tx.publish(CaseReplied(number=case.number, at=tx.now, **reply))

    async def resolve(self, step: Step, tx: Tx) -> None:
        """Handling ends."""
        case = await self._own(step, tx)
        if await self._move(case, "resolve", step, tx):
            case.holder, case.lease_until = None, None
            tx.publish(CaseResolved(number=case.number, at=tx.now, assignment=case.assignment, agency=_lead(case)))

    async def _own(self, step: Step, tx: Tx) -> Case:
        """The case, when it is this agency's and the step speaks of its present version and claim."""
        case = await tx.lock(Case, step.number)
        if case is None or not visible(case, step.who):
            raise NotFound("没有这个办件", kind="no-such-case")
        if step.who.role != "admin" and case.lead_agency != step.who.agency:
            raise Forbidden("只有牵头单位可以办理；会办单位可提出意见", kind="not-lead-agency")
        if step.version is not None and step.version != case.version:
            raise Stale(f"办件已是第 {case.version} 版，请重新读取", kind="stale", version=case.version)
        held = case.lease_until is not None and case.lease_until > tx.now
        if step.fence is not None and (step.fence != case.fence or not held):
            raise Conflict("领取已失效，该办件已由他人领取或已归还", kind="fence-lost", fence=case.fence)
        return case

    async def _move(self, case: Case, action: Action, step: Step, tx: Tx, **detail: Any) -> bool:
        """Advance the state and meet its deadline; False when it happened already."""
        after = advance(_state(case), action)
        if after is None:
            return False
        self._note(case, action, step.who.subject, tx, **detail)
        case.state, case.version = after, case.version + 1
        await self._meet(case, _MEETS[action], tx)
        return True

    async def _meet(self, case: Case, stage: Stage, tx: Tx) -> None:
        await tx.flush()
        open_at: list[datetime] = []
        for deadline in await store.deadlines(tx.session, case.number, case.assignment):
            if deadline.stage == stage and deadline.met_at is None:
                deadline.met_at = tx.now
            if deadline.met_at is None:
                open_at.append(deadline.due_at)
        case.urgent_at = None if case.state in ENDED else min(open_at, default=case.urgent_at)

    @staticmethod
    def _note(case: Case, what: str, who: str, tx: Tx, **detail: Any) -> None:
        when = {"number": case.number, "assignment": detail.pop("assignment", case.assignment), "at": tx.now}
        tx.insert(Entry, what=what, who=who, from_state=case.state, detail=detail, **when)

    async def warn(self, timer: Due, tx: Tx) -> None:
        """The yellow card: the deadline is near and not met."""
        if (found := await self._still_open(timer, tx)) is not None:
            case, deadline = found
            deadline.card = deadline.card or "yellow"
            fact = {"assignment": case.assignment, "stage": deadline.stage, "due_at": deadline.due_at}
            tx.publish(DeadlineWarned(number=case.number, at=tx.now, **fact))

    async def miss(self, timer: Due, tx: Tx) -> None:
        """The red card: the deadline passed unmet."""
        if (found := await self._still_open(timer, tx)) is not None:
            case, deadline = found
            deadline.card = "red"
            self._note(case, "missed", "clock", tx, stage=deadline.stage)
            fact = {"assignment": case.assignment, "stage": deadline.stage, "due_at": deadline.due_at}
            tx.publish(DeadlineMissed(number=case.number, at=tx.now, **fact))

    @staticmethod
    async def _still_open(timer: Due, tx: Tx) -> tuple[Case, Deadline] | None:
        case = await tx.lock(Case, timer.number)
        deadline = await tx.session.get(Deadline, f"{timer.number}:{timer.name}")
        if case is None or deadline is None or deadline.met_at is not None:
            return None
        if case.state in ENDED or deadline.assignment != case.assignment:
            return None
        return case, deadline


def visible(case: Case, who: Principal) -> bool:
    """Whether this caller may know of the case: its agencies, and who supervises."""
    if who.role == "agency":
        return who.agency == case.lead_agency or who.agency in (*case.co_agencies, *case.participants)
    return who.role in ("dispatcher", "supervisor", "admin")


def _state(case: Case) -> State:
    return case.state  # type: ignore[return-value]


def _lead(case: Case) -> str:
    return case.lead_agency or ""
