"""What the router answers: the mapping, a preview, the triage desk, decisions and how they fared."""

from datetime import date, datetime
from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from services.router import tally
from services.router.desk import RefusalCode
from services.router.handlers import By
from shared.web.answers import one_of

State = Literal["held", "supplement", "assigned", "refused", "ended"]


class AgencyName(TypedDict):
    """An agency by code and name."""

    code: str
    name: str


class Matter(TypedDict):
    """One statement of 附件 1: who leads, the first of `leads`, and who is named with it."""

    ref: str
    item: int
    column: Literal["problem", "opinion"]
    sequence: int
    section: int
    title: str
    leads: list[AgencyName]
    participants: list[AgencyName]
    local: bool


class MatterTable(TypedDict):
    version: str
    matters: list[Matter]


class Successor(TypedDict):
    """Who took over an agency's work; `since` null while the day is not settled."""

    code: str
    name: str
    since: date | None


class Agency(TypedDict):
    code: str
    name: str
    level: str
    region: str
    aliases: list[str]
    successors: list[Successor]


class AgencyDirectory(TypedDict):
    version: str
    agencies: list[Agency]


class Candidate(TypedDict):
    """A matter found in the text, with its chance in 0..1."""

    ref: str
    score: float


class RoutingPreview(TypedDict):
    """What the router would decide."""

    matter: str | None
    lead_agency: str | None
    co_agencies: list[str]
    participants: list[str]
    candidates: list[Candidate]
    out_of_scope: float
    reasons: list[str]
    rules_version: str
    reader: str
    outcome: Literal["assigned", "triage", "out_of_scope"]


class ProposedRefusal(TypedDict):
    """A refusal that waits for a supervisor, or that holds; a duplicate is refused by the rules, without `by`."""

    code: Annotated[str, one_of(RefusalCode)]
    reason: str
    by: NotRequired[str]
    at: NotRequired[datetime]


class AskedSupplement(TypedDict):
    """What the complainant was asked for, and until when."""

    reason: str
    due_at: datetime


class HeldComplaint(TypedDict):
    """A complaint at the desk: its masked text, the candidates and why it is here."""

    number: str
    state: Annotated[str, one_of(State)]
    candidates: list[Candidate]
    out_of_scope: float
    reasons: list[str]
    held_at: datetime | None
    refusal: ProposedRefusal | None
    supplement: AskedSupplement | None
    reader: str | None
    title: str
    text: str
    region: str | None
    matter: str | None
    respondent: str | None
    respondent_agency: str | None
    amount: str | None
    foreign_invested: bool


class TriagePage(TypedDict):
    items: list[HeldComplaint]
    next: str | None


class HeldComplaintDetail(HeldComplaint):
    returned_by: list[str]


class TriageOutcome(TypedDict):
    """How the complaint stands after a decision; who handles it, once it is assigned."""

    number: str
    state: Annotated[str, one_of(State)] | None
    refusal: ProposedRefusal | None
    lead_agency: NotRequired[str]
    co_agencies: NotRequired[list[str]]
    reasons: NotRequired[list[str]]


class RoutingAccuracy(TypedDict):
    by: tally.By
    groups: list[tally.Accuracy]


class MappingVersion(TypedDict):
    version: str
    effective_from: date


class RefusedVersion(TypedDict):
    folder: str
    why: str


class MappingVersions(TypedDict):
    in_force: str
    versions: list[MappingVersion]
    refused: list[RefusedVersion]


class RoutingDecision(TypedDict):
    """One decision: who was named, by which clause of which version, decided by whom, and why."""

    assignment: int
    at: datetime
    lead_agency: str
    co_agencies: list[str]
    participants: list[str]
    matter: str | None
    clause: str
    reasons: list[str]
    candidates: list[Candidate]
    rules_version: str
    decided_by: Annotated[str, one_of(By)]
    note: str | None
    reader: str | None
    proposed: str | None
    returned_code: str | None


class RoutingDecisions(TypedDict):
    number: str
    decisions: list[RoutingDecision]
