"""What a fact says to the complainant, as one line of what happened."""

from typing import Any, Literal

from shared.events import (
    CaseAccepted,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSupervised,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlinesMoved,
    Fact,
    ReviewAsked,
    ReviewDecided,
    SupplementAsked,
)

What = Literal[
    "filed",
    "held",
    "supplement_asked",
    "supplemented",
    "linked",
    "refused",
    "assigned",
    "accepted",
    "returned",
    "suspended",
    "resumed",
    "deadlines_moved",
    "replied",
    "resolved",
    "rated",
    "review_asked",
    "review_decided",
    "reopened",
    "missed",
    "supervised",
    "withdrawn",
]
Line = tuple[What, dict[str, Any]]
#: The deadlines that the complainant waits for; others are between the agencies.
_AWAITED = frozenset({"route", "accept", "reply", "resolve", "redo"})


def told(fact: Fact) -> Line | None:
    """What happened and what is told of it; None for what is shown without a line of its own.

    Why an agency returned the complaint and why a supervisor ordered is between them and is not told.
    """
    match fact:
        case ComplaintHeld():
            return "held", {}
        case SupplementAsked():
            return "supplement_asked", {"reason": fact.reason, "due_at": fact.due_at.isoformat()}
        case ComplaintLinked():
            return "linked", {"other": fact.other}
        case ComplaintRefused():
            other = {"duplicate_of": fact.duplicate_of} if fact.duplicate_of else {}
            return "refused", {"code": fact.code, "reason": fact.reason, **other}
        case ComplaintAssigned():
            return "assigned", {"agency": fact.lead_agency}
        case _:
            return _handled(fact) or _said(fact)


def _handled(fact: Fact) -> Line | None:
    match fact:
        case CaseAccepted():
            return "accepted", {"agency": fact.agency}
        case CaseReturned():
            return "returned", {"agency": fact.agency}
        case CaseSuspended():
            stands = {"reason": fact.reason, "due_at": fact.until.isoformat()}
            return ("supplement_asked", stands) if fact.why == "supplement" else ("suspended", stands)
        case CaseResumed():
            return "resumed", {"reason": fact.reason}
        case DeadlinesMoved():
            return "deadlines_moved", {"reason": fact.reason}
        case CaseReplied():
            return "replied", {"agency": fact.agency, "text": fact.text, "met": fact.met}
        case CaseResolved():
            return "resolved", {"agency": fact.agency}
        case ReviewDecided():
            return "review_decided", {"upheld": fact.upheld, "reason": fact.reason}
        case CaseReopened():
            return "reopened", {"why": fact.why}
        case DeadlineMissed() if fact.stage in _AWAITED:
            return "missed", {"stage": fact.stage, "due_at": fact.due_at.isoformat()}
        case CaseSupervised():
            return "supervised", {"order": fact.order, "due_at": fact.due_at.isoformat()}
        case _:
            return None


def _said(fact: Fact) -> Line | None:
    match fact:
        case ComplaintSupplemented():
            return "supplemented", {"text": fact.text}
        case ComplaintRated():
            comment = {"text": fact.comment} if fact.comment else {}
            return "rated", {"grade": fact.grade, "solved": fact.solved, **comment}
        case ReviewAsked():
            return "review_asked", {"reason": fact.reason}
        case ComplaintWithdrawn():
            return "withdrawn", {}
        case _:
            return None
