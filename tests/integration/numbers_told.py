"""Complaints as facts tell them, put into a tracker as a replay would; and its numbers, read in every way."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from services.tracker.consumer import REPLAYING
from services.tracker.domain.clock import Limit, Stage, started
from services.tracker.numbers.recount import Difference, recount
from services.tracker.numbers.store import Numbers, Question, numbers
from shared.batch import Batch, Done, Work
from shared.calendar import SHIPPED, load_calendar
from shared.events import (
    AgencyNamed,
    ArrearsRecorded,
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseRated,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSupervised,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintRefused,
    DeadlineMissed,
    Fact,
    RouteStarted,
    SupervisionReplied,
    Term,
)
from shared.runtime import Service

CALENDAR = load_calendar(SHIPPED).without_end()
#: The limits of a general case, in working days.
LIMITS: dict[Stage, int] = {"accept": 1, "return": 2, "reply": 3, "resolve": 15}
#: How many facts go into one transaction.
TOGETHER = 500


def term(name: str, stage: Stage, start: datetime, days: int, agency: str | None = None) -> Term:
    return started(name, stage, start, Limit(days, "working_day"), 1, CALENDAR, agency)


@dataclass
class Told:
    """One complaint; each method tells what happened next, and when."""

    number: str
    agency: str = "hn-gxt"
    region: str = "410102"
    matter: str | None = "6.problem.4"
    case_class: Literal["foreign_invested", "arrears", "general", "simple"] = "general"
    amount: Decimal | None = None
    title: str = "账款"
    facts: list[Fact] = field(default_factory=list)
    filed_at: datetime | None = None
    assignment: int = 0
    orders: int = 0
    clock: dict[str, Term] = field(default_factory=dict)

    def _case(self, kind: type[Fact], at: datetime, **more: Any) -> "Told":
        return self._tell(kind, at, assignment=self.assignment, **more)

    def _tell(self, kind: type[Fact], at: datetime, **more: Any) -> "Told":
        self.facts.append(kind(number=self.number, at=at, **more))
        return self

    def _run(self, *terms: Term) -> tuple[Term, ...]:
        self.clock |= {one.stage: one for one in terms}
        return terms

    def filed(self, at: datetime) -> "Told":
        self.filed_at = at
        said: dict[str, Any] = {
            "title": self.title,
            "text": "未付",
            "region": self.region,
            "matter": self.matter,
            "amount": self.amount,
        }
        self._tell(ComplaintFiled, at, enterprise="e", **said)
        return self._tell(RouteStarted, at, clock=self._run(term("0.route", "route", at, 1)))

    def assigned(self, at: datetime, agency: str | None = None) -> "Told":
        self.assignment, self.agency = self.assignment + 1, agency or self.agency
        told: dict[str, Any] = {
            "lead_agency": self.agency,
            "matter": self.matter,
            "case_class": self.case_class,
            "title": self.title,
        }
        told |= {"filed_at": self.filed_at or at, "region": self.region, "amount": self.amount, "reasons": ("事项",)}
        self._case(ComplaintAssigned, at, **told, clause="test", rules_version="1", decided_by="rules")
        terms = [term(f"{self.assignment}.{s}", s, at, days, self.agency) for s, days in LIMITS.items()]
        return self._case(CaseOpened, at, deadlines=(), clock=self._run(*terms))

    def accepted(self, at: datetime) -> "Told":
        return self._case(CaseAccepted, at, agency=self.agency)

    def returned(self, at: datetime) -> "Told":
        return self._case(CaseReturned, at, agency=self.agency, code="NOT_OUR_DUTY", reason="不属于职责")

    def replied(self, at: datetime, contacted_at: datetime | None = None) -> "Told":
        return self._case(CaseReplied, at, agency=self.agency, text="已办", met=True, contacted_at=contacted_at)

    def owes(self, at: datetime, **yuan: Decimal) -> "Told":
        return self._case(ArrearsRecorded, at, agency=self.agency, stood_at=at, evidence="台账", **yuan)

    def resolved(self, at: datetime) -> "Told":
        return self._case(CaseResolved, at, agency=self.agency)

    def rated(self, at: datetime, grade: int, solved: bool = True) -> "Told":
        return self._case(CaseRated, at, grade=grade, solved=solved)

    def reopened(self, at: datetime) -> "Told":
        clock = self._run(term(f"{self.assignment}.redo.{len(self.facts)}", "redo", at, 7, self.agency))
        return self._case(CaseReopened, at, why="rating", deadlines=(), clock=clock)

    def suspended(self, at: datetime) -> "Told":
        return self._case(CaseSuspended, at, why="expert", reason="鉴定", until=at + timedelta(days=9))

    def resumed(self, at: datetime, days: int) -> "Told":
        open_ones = [self.clock[stage] for stage in ("reply", "resolve") if stage in self.clock]
        moved = [one.model_copy(update={"due_at": one.due_at + timedelta(days=days)}) for one in open_ones]
        return self._case(CaseResumed, at, reason="鉴定完毕", deadlines=(), days=days, clock=self._run(*moved))

    def missed(self, at: datetime, stage: str) -> "Told":
        one = self.clock[stage]
        return self._case(DeadlineMissed, at, stage=stage, due_at=one.due_at, name=one.name, agency=one.agency)

    def named(self, at: datetime, stage: str) -> "Told":
        one = self.clock[stage]
        return self._case(AgencyNamed, at, stage=stage, due_at=one.due_at, name=one.name, agency=one.agency)

    def supervised(self, at: datetime) -> "Told":
        self.orders += 1
        clock = (term(f"{self.assignment}.supervision.{self.orders}", "supervision", at, 5, self.agency),)
        told = {"order": f"DB{self.number}-{self.orders}", "why": "supervisor", "reason": "催办"}
        return self._case(CaseSupervised, at, **told, due_at=clock[0].due_at, agency=self.agency, clock=clock)

    def answered(self, at: datetime) -> "Told":
        return self._tell(
            SupervisionReplied, at, order=f"DB{self.number}-{self.orders}", agency=self.agency, text="已办"
        )

    def withdrawn(self, at: datetime) -> "Told":
        return self._case(CaseClosed, at, why="withdrawn", closed_at=at)

    def refused(self, at: datetime, code: str = "OUT_OF_SCOPE") -> "Told":
        self._tell(ComplaintRefused, at, code=code, reason="说明")
        return self._case(CaseClosed, at, why="refused", closed_at=at)


#: What may follow what, in a complaint's life told at random.
NEXT: dict[str, tuple[str, ...]] = {
    "filed": ("assigned", "assigned", "assigned", "refused", "withdrawn", "duplicate"),
    "assigned": ("accepted", "accepted", "accepted", "returned", "withdrawn", "missed", "supervised"),
    "accepted": ("replied", "replied", "suspended", "owes", "supervised", "withdrawn", "missed"),
    "returned": ("assigned", "assigned", "accepted", "refused"),
    "suspended": ("resumed", "resumed", "withdrawn"),
    "resumed": ("replied", "owes"),
    "owes": ("replied", "owes"),
    "missed": ("accepted",),
    "supervised": ("answered", "accepted"),
    "answered": ("accepted",),
    "replied": ("resolved", "resolved", "replied"),
    "resolved": ("rated", "rated"),
    "rated": ("reopened",),
    "reopened": ("replied",),
}
AGENCIES = ("hn-gxt", "hn-czt", "hn-zrzy", "410100-yshj")
REGIONS = ("410102", "410327", "419001", "410000")
MATTERS = ("6.problem.4", "6.problem.3", "1.opinion.1", None)


def at_random(number: str, chance: random.Random, start: datetime) -> Told:
    """A complaint's life as it may be, begun within a month of `start` and broken off anywhere."""
    classed: Any = chance.choice(("general", "arrears"))
    where: dict[str, Any] = {
        "agency": chance.choice(AGENCIES),
        "region": chance.choice(REGIONS),
        "matter": chance.choice(MATTERS),
    }
    told = Told(number, **where, case_class=classed, amount=Decimal(chance.randrange(10**8)) / 100)
    at = start + timedelta(hours=chance.randrange(24 * 30))
    told.filed(at)
    step = "filed"
    while step in NEXT and chance.random() < 0.9:
        step = chance.choice(NEXT[step])
        at += timedelta(hours=chance.randrange(1, 60))
        _happens(told, step, at, chance)
    return told


def _happens(told: Told, step: str, at: datetime, chance: random.Random) -> None:
    match step:
        case "assigned":
            told.assigned(at, chance.choice(AGENCIES))
        case "replied":
            told.replied(at, at - timedelta(hours=1) if chance.random() < 0.5 else None)
        case "owes":
            verified = Decimal(chance.randrange(10**6, 10**7) * 4) / 100
            told.owes(at, verified=verified, repaid=verified / 4, under_agreement=verified / 2)
        case "rated":
            told.rated(at, chance.randint(1, 5), chance.random() < 0.5)
        case "resumed":
            told.resumed(at, chance.randint(0, 5))
        case "missed":
            told.missed(at, "accept")
        case "duplicate":
            told.refused(at, "DUPLICATE")
        case _:
            getattr(told, step)(at)


def interleaved(lives: Sequence[Told], chance: random.Random) -> list[Fact]:
    """The facts of these complaints in any order across them, in their order within each."""
    turns = [place for place, life in enumerate(lives) for _ in life.facts]
    chance.shuffle(turns)
    waiting = [iter(life.facts) for life in lives]
    return [next(waiting[place]) for place in turns]


def works(facts: Iterable[Fact]) -> list[Work]:
    return [Work(fact.number, partial(REPLAYING[type(fact)], fact), str(fact.event_id)) for fact in facts]


async def tell(service: Service[Any], facts: Sequence[Fact], together: int = TOGETHER) -> None:
    """These facts have their effect, so many in a transaction."""
    batch = Batch(service.database, service.spec.kernel, service.clock, ordered=True)
    for start in range(0, len(facts), together):
        outcomes = await batch.run(works(facts[start : start + together]))
        assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes


async def fold_all(service: Service[Any]) -> None:
    await service.chores.once("numbers", service)


async def asked(service: Service[Any], question: Question | None = None) -> dict[str, Numbers]:
    """The numbers by group, without what comes to nothing."""
    async with service.database.reading() as session:
        found = await numbers(session, question or Question())
    held = {key: {name: value for name, value in told.items() if value} for key, told in found.items()}
    return {key: told for key, told in held.items() if told}


async def differences(service: Service[Any], *, repair: bool = False) -> list[Difference]:
    """What a recount finds."""
    found: list[Difference] = []
    assert await recount(service.database, repair=repair, tell=found.append) == len(found)
    return found
