"""Whom a fact concerns, and what an agency is told of it: that it happened, to which complaint, and no text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from shared.events import (
    AgencyNamed,
    CaseAccepted,
    CaseClassed,
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
    DeadlineMissed,
    DeadlinesMoved,
    DeadlineWarned,
    ExtensionDecided,
    Fact,
    OpinionGiven,
    ReviewDecided,
    ReviewOpened,
    SupervisionReplied,
)

#: What an agency is to the case when it is told: `former` led or helped until it was assigned anew.
Role = Literal["lead", "co", "former"]
#: Who is told: the lead, the lead and its co-agencies, these and those before them, or the agency that the fact names.
Audience = Literal["lead", "all", "moved", "named"]
AUDIENCE: Mapping[type[Fact], Audience] = {
    CaseOpened: "moved",
    CaseAccepted: "all",
    CaseReturned: "all",
    CaseClassed: "lead",
    CaseSuspended: "all",
    CaseResumed: "all",
    ExtensionDecided: "lead",
    DeadlinesMoved: "all",
    OpinionGiven: "lead",
    CaseReplied: "all",
    CaseResolved: "all",
    CaseClosed: "all",
    CaseRated: "lead",
    ReviewOpened: "lead",
    ReviewDecided: "lead",
    CaseReopened: "all",
    DeadlineWarned: "named",
    DeadlineMissed: "named",
    AgencyNamed: "named",
    CaseSupervised: "named",
    SupervisionReplied: "named",
}
#: Names of facts that can be pushed, in the order of a case's life.
PUSHED: tuple[str, ...] = tuple(fact.__name__ for fact in AUDIENCE)
#: What travels of a fact besides its number: no names, no texts; whoever wants more reads the case with its token.
_TOLD = {
    *("assignment", "case_class", "stage", "due_at", "order", "request", "why", "code", "days", "until"),
    *("approved", "upheld", "grade", "solved"),
}
PING = "ping"


@dataclass(frozen=True, slots=True)
class Parties:
    """The agencies of a case as it stands after the fact; `former` are those of the assignment before."""

    lead: str | None = None
    co: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    def role(self, agency: str) -> Role:
        return "lead" if agency == self.lead else "co" if agency in self.co else "former"


def concerned(fact: Fact, parties: Parties) -> dict[str, Role]:
    """The agencies to be told, and as what; an agency is told once, however it is concerned."""
    match AUDIENCE.get(type(fact)):
        case "lead":
            agencies = [parties.lead]
        case "all":
            agencies = [parties.lead, *parties.co]
        case "moved":
            agencies = [parties.lead, *parties.co, *parties.former]
        case "named":
            agencies = [getattr(fact, "agency", None) or None]
        case None:
            agencies = []
    return {agency: parties.role(agency) for agency in agencies if agency}


def body(fact: Fact, agency: str, role: Role) -> str:
    """The message of this fact to this agency."""
    about = {"number": fact.number, "event": str(fact.event_id), "agency": agency, "role": role}
    more = fact.model_dump(mode="json", include=_TOLD, exclude_none=True)
    return _message(type(fact).__name__, fact.at, {**about, **more})


def ping(event: str, agency: str, at: Any) -> str:
    """A message that says nothing but that it arrives."""
    return _message(PING, at, {"event": event, "agency": agency})


def _message(kind: str, at: Any, data: dict[str, Any]) -> str:
    return to_json({"type": kind, "timestamp": at, "data": data}).decode()
