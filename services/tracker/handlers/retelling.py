"""A case of earlier records, told as the facts that would have been told then."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from services.tracker.domain.clock import (
    PAUSED,
    WINDOWS,
    Limit,
    Stage,
    bulletin_at,
    pause_days,
    pause_end,
    started,
    timed,
)
from services.tracker.domain.history import Past
from services.tracker.domain.supervision import request_id
from services.tracker.handlers.kit import LATE, shown
from services.tracker.policy import CasePolicy, policy_on
from shared.calendar import Calendar
from shared.events import (
    ArrearsRecorded,
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseRated,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintRefused,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlinesMoved,
    DeadlineWarned,
    ExtensionAsked,
    ExtensionDecided,
    Fact,
    RouteStarted,
    Term,
)
from shared.masking import mask

#: Who did what earlier records do not say who did.
BY = "import"
_WHY = "历史办件导入"
_NO_REPLY = "（历史办件，答复内容未导入）"


class Retelling:
    """One case; its clock runs along, so that what was missed then is told in its place."""

    def __init__(self, number: str, past: Past, calendar: Calendar, now: datetime) -> None:
        self.number, self.past, self.calendar, self.now = number, past, calendar, now
        self.facts: list[Fact] = []
        self._assignment = 0
        self._running: dict[str, Term] = {}
        self._missed: set[str] = set()
        self._pause: tuple[datetime, datetime] | None = None

    def told(self) -> tuple[Fact, ...]:
        """All that happened until now, in order."""
        self._filed()
        self._assigned()
        for at, step in sorted(self._steps(), key=lambda one: one[0]):
            step(at)
        self._until(self.now, last=True)
        return tuple(self.facts)

    def _tell(self, kind: type[Fact], at: datetime, **told: Any) -> None:
        self._until(at)
        self.facts.append(kind(number=self.number, at=at, **told))

    def _of_case(self, kind: type[Fact], at: datetime, **told: Any) -> None:
        self._tell(kind, at, assignment=self._assignment, **told)

    @property
    def _policy(self) -> CasePolicy:
        return policy_on(self.past.assigned_at or self.past.filed_at).for_class(self.past.case_class)

    def _filed(self) -> None:
        past, at = self.past, self.past.filed_at
        said = {"title": mask(past.title), "text": mask(past.description), "region": past.region}
        named = {"matter": past.matter, "enterprise": "", "amount": past.claimed}
        self._tell(ComplaintFiled, at, **said, **named, foreign_invested=past.case_class == "foreign_invested")
        policy = policy_on(at)
        route = started("0.route", "route", at, Limit(*policy.route), policy.warn_working_days, self.calendar)
        self._tell(RouteStarted, at, clock=(route,))
        self._running["0.route"] = route

    def _assigned(self) -> None:
        past = self.past
        if past.returned_by and past.returned_from and past.returned_at:
            self._assign(past.returned_by, past.returned_from, ())
            told = {"code": past.return_code, "reason": mask(past.return_reason or _WHY), "by": BY}
            self._of_case(CaseReturned, past.returned_at, agency=past.returned_by, **told)
            self._done("accept", "return")
        if past.lead_agency and past.assigned_at:
            self._assign(past.lead_agency, past.assigned_at, past.co_agencies)

    def _assign(self, agency: str, at: datetime, co_agencies: tuple[str, ...]) -> None:
        past, self._assignment = self.past, self._assignment + 1
        named = {"matter": past.matter, "lead_agency": agency, "co_agencies": co_agencies, "region": past.region}
        said = {"case_class": past.case_class, "filed_at": past.filed_at, "title": mask(past.title)}
        why = {"reasons": (_WHY,), "clause": _WHY, "rules_version": "import", "decided_by": "dispatcher"}
        designated = self._assignment > 1
        self._of_case(ComplaintAssigned, at, **named, **said, **why, amount=past.claimed, designated=designated)
        policy = policy_on(at).for_class(past.case_class)
        clock = tuple(self._clock(agency, at, co_agencies, policy))
        told = {"deadlines": shown(clock), "clock": clock, "policy": policy.frozen()}
        self._of_case(CaseOpened, at, **told)
        self._running = {term.name: term for term in clock}

    def _clock(self, agency: str, at: datetime, cos: tuple[str, ...], policy: CasePolicy) -> Iterator[Term]:
        """The deadlines of an assignment; nothing is known of the opinions of a case that is over."""
        limits, warn, n = policy.limits, policy.warn_working_days, self._assignment
        stages: tuple[tuple[Stage, Limit], ...] = (
            ("accept", Limit(*limits.accept)),
            ("return", Limit(*limits.return_)),
            ("reply", Limit(*limits.reply)),
            ("resolve", Limit(*limits.resolve, limits.resolve_cap_days)),
        )
        for stage, limit in stages:
            yield started(f"{n}.{stage}", stage, at, limit, warn, self.calendar, agency)
        for co in () if self.past.ended else cos:
            yield started(f"{n}.opinion.{co}", "opinion", at, Limit(*limits.opinion), warn, self.calendar, co)

    def _steps(self) -> Iterator[tuple[datetime, Callable[[datetime], None]]]:
        """What happened in the case, each with its time; those of one time in this order."""
        steps = (
            (self.past.accepted_at, self._accepted),
            (self.past.suspended_at, self._suspended),
            (self.past.resumed_at, self._resumed),
            (self.past.extended_at, self._extended),
            (self.past.replied_at, self._replied),
            (self._recorded_at(), self._recorded),
            (self.past.resolved_at, self._resolved),
            (self.past.rated_at, self._rated),
            (self.past.refused_at, self._refused),
            (self.past.withdrawn_at, self._withdrawn),
        )
        yield from ((at, step) for at, step in steps if at is not None)

    def _recorded_at(self) -> datetime | None:
        """Nobody records a sum before the case is accepted."""
        stood, accepted = self.past.stood_at, self.past.accepted_at
        return max(stood, accepted) if stood and accepted else None

    @property
    def _agency(self) -> str:
        return self.past.lead_agency or ""

    def _accepted(self, at: datetime) -> None:
        self._of_case(CaseAccepted, at, agency=self._agency, by=BY)
        self._done("accept")

    def _suspended(self, at: datetime) -> None:
        until = pause_end(at, self._policy.pause_cap_working_days, self.calendar)
        self._of_case(CaseSuspended, at, why="supplement", reason=_WHY, until=until, by=BY)
        self._pause = (at, until)

    def _resumed(self, at: datetime) -> None:
        """A pause counts up to its longest end, no further."""
        if self._pause is None:
            return
        begun, until = self._pause
        days = pause_days(begun, min(at, until), self.calendar)
        clock = self._move([term for term in self._running.values() if term.stage in PAUSED], pauses=days)
        told = {"reason": _WHY, "days": days, "clock": clock, "deadlines": shown(clock), "by": BY}
        self._of_case(CaseResumed, at, **told)
        self._pause = None

    def _extended(self, at: datetime) -> None:
        days, request = self.past.extension_days or 0, request_id(self.number, 1)
        asked = {"request": request, "agency": self._agency, "days": days, "reason": _WHY, "by": BY}
        self._of_case(ExtensionAsked, at, **asked)
        self._of_case(ExtensionDecided, at, request=request, approved=True, by=BY)
        clock = self._move([term for term in self._running.values() if term.stage == "resolve"], extensions=days)
        moved = {"why": "extension", "reason": _WHY, "days": days, "clock": clock, "deadlines": shown(clock)}
        self._of_case(DeadlinesMoved, at, **moved, by=BY)

    def _move(self, terms: list[Term], pauses: int = 0, extensions: int = 0) -> tuple[Term, ...]:
        warn, moved = self._policy.warn_working_days, []
        for term in terms:
            more = {"pauses": term.pauses + pauses, "extensions": term.extensions + extensions}
            moved.append(timed(term.model_copy(update=more), warn, self.calendar))
        self._running |= {term.name: term for term in moved}
        return tuple(moved)

    def _replied(self, at: datetime) -> None:
        past = self.past
        told = {"text": mask(past.reply) if past.reply else _NO_REPLY, "met": past.met, "by": BY}
        self._of_case(CaseReplied, at, agency=self._agency, contacted_at=past.contacted_at, **told)
        self._done("reply")

    def _recorded(self, at: datetime) -> None:
        past = self.past
        totals = {name: getattr(past, name) for name in ("claimed", "verified", "repaid", "under_agreement")}
        known = {"stood_at": past.stood_at, "evidence": mask(past.evidence or _WHY), "by": BY}
        self._of_case(ArrearsRecorded, at, agency=self._agency, **totals, **known)

    def _resolved(self, at: datetime) -> None:
        self._of_case(CaseResolved, at, agency=self._agency, by=BY)
        self._running.clear()

    def _rated(self, at: datetime) -> None:
        self._of_case(CaseRated, at, grade=self.past.grade, solved=self.past.solved)

    def _refused(self, at: datetime) -> None:
        reason = mask(self.past.refusal_reason or _WHY)
        self._tell(ComplaintRefused, at, code=self.past.refusal_code, reason=reason)
        self._closed("refused", at)

    def _withdrawn(self, at: datetime) -> None:
        self._tell(ComplaintWithdrawn, at)
        self._closed("withdrawn", at)

    def _closed(self, why: str, at: datetime) -> None:
        self._of_case(CaseClosed, at, why=why, closed_at=at)
        self._running.clear()

    def _done(self, *stages: Stage) -> None:
        for stage in stages:
            self._running.pop(f"{self._assignment}.{stage}", None)

    def _until(self, moment: datetime, *, last: bool = False) -> None:
        """The cards that fell until then: red for every missed deadline, yellow for what is near now."""
        cards = [*self._reds(moment), *(self._yellows(moment) if last else ())]
        self.facts += sorted(cards, key=lambda card: card.at)

    def _reds(self, moment: datetime) -> Iterator[Fact]:
        for term in self._not_missed():
            if term.due_at + LATE <= self._stood(term, moment):
                self._missed.add(term.name)
                late = bulletin_at(term.due_at, self._policy.bulletin_working_days, self.calendar)
                told = _told(self.number, term) | {"bulletin_at": late if term.agency else None}
                yield DeadlineMissed(at=term.due_at + LATE, **told)

    def _yellows(self, moment: datetime) -> Iterator[Fact]:
        for term in self._not_missed():
            if term.warn_at is not None and term.warn_at <= self._stood(term, moment):
                yield DeadlineWarned(at=term.warn_at, **_told(self.number, term))

    def _stood(self, term: Term, moment: datetime) -> datetime:
        """The moment as this deadline's clock has it."""
        return self._pause[0] if self._pause and term.stage in PAUSED else moment

    def _not_missed(self) -> list[Term]:
        """Duties that run and were not missed."""
        running = [term for term in self._running.values() if term.name not in self._missed]
        return [term for term in running if term.stage not in WINDOWS]


def _told(number: str, term: Term) -> dict[str, Any]:
    assignment = int(term.name.split(".")[0])
    where = {"number": number, "assignment": assignment, "name": term.name}
    return {**where, "stage": term.stage, "due_at": term.due_at, "agency": term.agency}
