"""What a complainant sees of a complaint, and how a fact changes it.

Two services speak of a complaint at once: the router until an agency is named and again after a return, the tracker of
the case in between. Each is heard in its own order, the two against each other in any. So what each says is kept apart
and the status is read from both: where the view ends does not depend on who was heard first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintHeld,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    DeadlinesMoved,
    Due,
    Fact,
    ReviewAsked,
    ReviewDecided,
    SupplementAsked,
)

Status = Literal[
    "filed", "triage", "assigned", "handling", "supplement_needed", "replied", "resolved", "refused", "withdrawn"
]
#: How far the agency of the present assignment is.
Step = Literal["assigned", "returned", "handling", "replied", "resolved"]
Asker = Literal["desk", "agency"]
Review = Literal["asked", "upheld", "reopened"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What the complainant is to give, and until when; by the triage desk or the agency that handles the case."""

    by: Asker
    reason: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """What the complainant sees; `held` is the triage desk's word, `step` the agency's, both of this `assignment`.

    `rated` (the grade) and `review` are of the latest resolution.
    """

    assignment: int = 0
    matter: str | None = None
    lead_agency: str | None = None
    co_agencies: tuple[str, ...] = ()
    deadlines: tuple[Due, ...] = ()
    held: bool = False
    step: Step | None = None
    ended: Literal["withdrawn", "refused"] | None = None
    asks: tuple[Ask, ...] = ()
    rated: int | None = None
    review: Review | None = None

    @property
    def status(self) -> Status:
        """A resolution wins over a withdrawal or refusal that it crossed on the way."""
        if self.step == "resolved":
            return "resolved"
        if self.ended:
            return self.ended
        if self.asks:
            return "supplement_needed"
        if self.step is None:
            return "triage" if self.held else "filed"
        return "triage" if self.step == "returned" else self.step


def is_late(view: View, fact: Fact) -> bool:
    """Whether the fact speaks of another assignment than the present one.

    A resolution that crossed a new assignment on the way still counts: the tracker will not open that one any more.
    """
    if isinstance(fact, ComplaintAssigned):
        return fact.assignment <= view.assignment
    if isinstance(fact, CaseResolved) and fact.assignment < view.assignment:
        return bool(view.deadlines)
    return getattr(fact, "assignment", view.assignment) != view.assignment


def follow(view: View, fact: Fact) -> View:
    """The view after this fact; the same view when the fact is late, a repeat, or would take it back."""
    if is_late(view, fact):
        return view
    step = view.step
    match fact:
        case ComplaintHeld() if step != "resolved":
            return replace(view, held=True, asks=_without(view, "desk"))
        case SupplementAsked() if step != "resolved":
            return replace(view, held=True, asks=_asked(view, Ask("desk", fact.reason, fact.due_at)))
        case ComplaintAssigned() if step != "resolved":
            return _assigned(view, fact)
        case ComplaintRefused() if step != "resolved" and view.ended is None:
            return replace(view, ended="refused")
        case ComplaintWithdrawn() if step != "resolved" and view.ended is None:
            return replace(view, ended="withdrawn")
        case ComplaintSupplemented():
            return replace(view, asks=())
        case ComplaintRated() if step == "resolved":
            return replace(view, rated=fact.grade)
        case ReviewAsked() if step == "resolved":
            return replace(view, review="asked")
        case _:
            return _handled(view, fact)


def _handled(view: View, fact: Fact) -> View:
    """The view after a fact of the case."""
    step = view.step
    match fact:
        case CaseOpened():
            return replace(view, deadlines=fact.deadlines)
        case CaseAccepted() if step in ("assigned", "returned"):
            return replace(view, step="handling")
        case CaseReturned() if step in ("assigned", "handling"):
            return replace(view, step="returned", asks=_without(view, "agency"))
        case CaseSuspended() if step in ("assigned", "handling", "replied"):
            asks = _asked(view, Ask("agency", fact.reason, fact.until)) if fact.why == "supplement" else view.asks
            return replace(view, step="handling", asks=asks)
        case CaseResumed():
            return replace(view, asks=_without(view, "agency"), deadlines=_moved(view.deadlines, fact.deadlines))
        case DeadlinesMoved():
            return replace(view, deadlines=_moved(view.deadlines, fact.deadlines))
        case CaseReplied() if step in ("assigned", "returned", "handling"):
            return replace(view, step="replied")
        case CaseClosed() if step != "resolved":
            return replace(view, ended=fact.why)
        case CaseResolved() if step not in ("resolved", None):
            return _resolved(view, fact)
        case CaseReopened() if step == "resolved":
            return replace(view, step="handling", asks=(), deadlines=fact.deadlines)
        case ReviewDecided() if view.review is not None:
            return replace(view, review="upheld" if fact.upheld else "reopened")
        case _:
            return view


def _assigned(view: View, fact: ComplaintAssigned) -> View:
    """A new assignment starts the case's side of the view again."""
    return replace(
        view,
        assignment=fact.assignment,
        matter=fact.matter,
        lead_agency=fact.lead_agency,
        co_agencies=fact.co_agencies,
        deadlines=(),
        held=False,
        step="assigned",
        asks=(),
    )


def _resolved(view: View, fact: CaseResolved) -> View:
    """The agency that resolved it is the one shown; a rating and a review may be given anew."""
    return replace(
        view,
        assignment=fact.assignment,
        lead_agency=fact.agency,
        co_agencies=view.co_agencies if fact.assignment == view.assignment else (),
        held=False,
        step="resolved",
        ended=None,
        asks=(),
        rated=None,
        review=None,
    )


def _without(view: View, by: Asker) -> tuple[Ask, ...]:
    return tuple(ask for ask in view.asks if ask.by != by)


def _asked(view: View, ask: Ask) -> tuple[Ask, ...]:
    """What is asked, the latest of each asker; in one order, whoever asked first."""
    return tuple(sorted((*_without(view, ask.by), ask), key=lambda one: one.by))


def _moved(before: Iterable[Due], told: Iterable[Due]) -> tuple[Due, ...]:
    """The deadlines with those told in the place of their stage; a stage not shown before comes last."""
    latest = {due.stage: due for due in before}
    return tuple((latest | {due.stage: due for due in told}).values())


def is_met(view: View, stage: str) -> bool:
    """Whether what this deadline waits for was done, as far as the complainant can see."""
    done: dict[str, tuple[Step, ...]] = {
        "accept": ("handling", "replied", "resolved"),
        "reply": ("replied", "resolved"),
    }
    return view.step in done.get(stage, ("resolved",))
