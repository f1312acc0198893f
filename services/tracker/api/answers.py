"""What the tracker answers about a case: in a list, and in full with all that belongs to it."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from typing_extensions import TypeAliasType, TypedDict

from services.tracker.domain import Action, State
from services.tracker.domain.clock import Stage
from services.tracker.domain.supervision import Card, Why
from services.tracker.domain.timeline import What
from services.tracker.policy import CaseClass
from shared.calendar import Unit
from shared.web.answers import one_of

# Named, so that a client made from the document has each of them once.
CaseState = TypeAliasType("CaseState", Annotated[str, one_of(State)])
CaseStage = TypeAliasType("CaseStage", Annotated[str, one_of(Stage)])
CaseCard = TypeAliasType("CaseCard", Annotated[str, one_of(Card)])
CaseAction = TypeAliasType("CaseAction", Action)
ClassOfCase = TypeAliasType("ClassOfCase", Annotated[str, one_of(CaseClass)])
LineWhat = Literal["start", "class", "pause", "resume", "extension", "calendar"]
RequestState = Literal["pending", "approved", "refused", "lapsed"]
ReviewState = Literal["pending", "upheld", "overturned", "lapsed"]
# `class` and `from` are words of Python, so these fields stand apart.
_Classed = TypedDict("_Classed", {"class": ClassOfCase})
_ClassedLine = TypedDict("_ClassedLine", {"class": NotRequired[ClassOfCase]})
_From = TypedDict("_From", {"from": CaseState | None})


class CaseDeadline(TypedDict):
    """A deadline; `agency` is whose it is, `ended_at` since when it no longer applies."""

    stage: CaseStage
    due_at: datetime
    met_at: datetime | None
    card: CaseCard | None
    agency: str | None
    name: str
    ended_at: datetime | None


class CaseBrief(_Classed):
    """A case in a list, with the deadlines of its present assignment; null is what is not known while it is routed."""

    number: str
    state: CaseState | None
    version: int
    title: str
    matter: str | None
    region: str
    amount: str | None
    lead_agency: str | None
    co_agencies: list[str]
    participants: list[str]
    assignment: int
    designated: bool
    filed_at: datetime | None
    assigned_at: datetime | None
    urgent_at: datetime | None
    paused_until: datetime | None
    card: CaseCard | None
    deadlines: list[CaseDeadline]


class ClockLine(TypedDict):
    """A line of the ledger, and what it says in plain terms."""

    limit: int | None
    at: datetime
    what: Annotated[str, one_of(LineWhat)]
    name: str | None
    stage: CaseStage | None
    agency: str | None
    unit: Annotated[str, one_of(Unit)] | None
    days: int
    due_at: datetime
    reason: str | None
    words: str


class CaseEntry(_From, _ClassedLine):
    """A line of the timeline: who did what, from which state; what it tells beside that depends on `what`."""

    at: datetime
    what: Annotated[str, one_of(What)]
    who: str
    agency: NotRequired[str]
    assignment: NotRequired[int]
    text: NotRequired[str]
    reason: NotRequired[str]
    reasons: NotRequired[list[str]]
    why: NotRequired[str]
    code: NotRequired[str]
    stage: NotRequired[CaseStage]
    days: NotRequired[int]
    due_at: NotRequired[datetime]
    until: NotRequired[datetime]
    contacted_at: NotRequired[datetime]
    met: NotRequired[bool]
    missing_opinions: NotRequired[list[str]]
    request: NotRequired[str]
    approved: NotRequired[bool]
    order: NotRequired[str]
    grade: NotRequired[int]
    solved: NotRequired[bool]
    comment: NotRequired[str]
    upheld: NotRequired[bool]
    other: NotRequired[str]
    duplicate_of: NotRequired[str]
    claimed: NotRequired[str]
    verified: NotRequired[str]
    repaid: NotRequired[str]
    under_agreement: NotRequired[str]
    evidence: NotRequired[str]
    origin: NotRequired[str]
    source: NotRequired[str]


class CaseRemark(TypedDict):
    """An opinion or an internal note; its text stays where it was written, so that a rebuilt database has none."""

    id: str
    assignment: int
    at: datetime
    agency: str
    by: str
    text: str | None


class CaseReply(TypedDict):
    """A public answer of the lead agency."""

    id: str
    assignment: int
    at: datetime
    agency: str
    by: str
    text: str
    met: bool
    contacted_at: datetime | None


class SupervisionOrder(TypedDict):
    """A supervision order with its deadline; closed by the reply, or ended with the case."""

    order: str
    number: str
    assignment: int
    agency: str
    why: Annotated[str, one_of(Why)]
    reason: str
    stage: CaseStage | None
    given_at: datetime
    given_by: str
    replied_at: datetime | None
    replied_by: str | None
    reply: str | None
    ended_at: datetime | None
    due_at: datetime | None
    card: CaseCard | None


class ExtensionRequest(TypedDict):
    """A request for more working days, and what a supervisor decided."""

    id: str
    number: str
    assignment: int
    agency: str
    days: int
    reason: str
    state: Annotated[str, one_of(RequestState)]
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None
    decision: str | None


class CaseReview(TypedDict):
    """A contested result, and what a supervisor decided; `round` counts the reopenings before it."""

    number: str
    round: int
    reason: str
    state: Annotated[str, one_of(ReviewState)]
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision: str | None


class CaseOrigin(TypedDict):
    """Where a case of earlier records comes from."""

    number: str
    source: str
    imported_at: datetime


class Sums(TypedDict):
    """Totals of a sum owed in yuan, null where not known."""

    claimed: str | None
    verified: str | None
    repaid: str | None
    under_agreement: str | None


class ArrearsRecord(Sums):
    """What an agency recorded, as it stood `at`."""

    at: datetime
    agency: str
    by: str
    evidence: str


class Arrears(Sums):
    """The totals as they stand, and every record behind them."""

    records: list[ArrearsRecord]


class Case(CaseBrief):
    """One case with all that belongs to it; `possible` is what the caller may do now."""

    reasons: list[str]
    clock: list[ClockLine]
    timeline: list[CaseEntry]
    opinions: list[CaseRemark]
    notes: list[CaseRemark]
    replies: list[CaseReply]
    orders: list[SupervisionOrder]
    extension_requests: list[ExtensionRequest]
    reviews: list[CaseReview]
    origin: list[CaseOrigin]
    arrears: Arrears | None
    possible: list[CaseAction]


class CaseResolved(Case):
    """The case, and the co-agencies that gave no opinion."""

    missing_opinions: list[str]


class CaseSupervised(Case):
    """The case, and the number of the order that was given."""

    order: str
