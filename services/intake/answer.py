"""What intake answers, and how a complaint stands, as the API tells it and the pages show it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, cast

from typing_extensions import TypedDict

from services.intake import store
from services.intake.domain import Action, Review, Status, View, is_met, possible
from services.intake.domain.timeline import What
from services.intake.tables import Complaint as ComplaintRow
from services.intake.tables import Entry as EntryRow
from shared.events import Due
from shared.web.answers import one_of

#: The stages a complainant waits for; `route` is told only when it is missed.
_Stage = Literal["route", "accept", "reply", "resolve", "redo"]


class ComplaintLinks(TypedDict):
    """Where the complaint is found: in the API, and as a page."""

    self: str
    page: str


class FiledComplaint(TypedDict):
    """The receipt; the access code is told this once."""

    number: str
    access_code: str
    status: Literal["filed"]
    links: ComplaintLinks


class ComplaintDeadline(TypedDict):
    """A limit that the complainant waits for."""

    stage: Annotated[str, one_of(_Stage)]
    due_at: datetime
    met: bool
    missed: bool


class AskedOfComplainant(TypedDict):
    """What the complainant is to give, and until when."""

    reason: str
    due_at: datetime


class ComplaintRefusal(TypedDict):
    """Why the complaint is not taken up."""

    code: str
    reason: str
    duplicate_of: NotRequired[str]


class ComplaintEntry(TypedDict):
    """A line of what happened; what it tells beside that depends on `what`. A `late` one changed nothing any more."""

    at: datetime
    what: Annotated[str, one_of(What)]
    agency: NotRequired[str]
    reason: NotRequired[str]
    due_at: NotRequired[datetime]
    text: NotRequired[str]
    met: NotRequired[bool]
    grade: NotRequired[int]
    solved: NotRequired[bool]
    upheld: NotRequired[bool]
    why: NotRequired[Literal["rating", "review"]]
    stage: NotRequired[Annotated[str, one_of(_Stage)]]
    order: NotRequired[str]
    other: NotRequired[str]
    code: NotRequired[str]
    duplicate_of: NotRequired[str]
    late: NotRequired[bool]


class Complaint(TypedDict):
    """How a complaint stands: what is asked of the complainant, what is possible now, and what happened."""

    number: str
    status: Status
    filed_at: datetime
    region: str
    matter: str | None
    lead_agency: str | None
    co_agencies: list[str]
    deadlines: list[ComplaintDeadline]
    asked: AskedOfComplainant | None
    refusal: ComplaintRefusal | None
    supervised: bool
    reassigning: bool
    rated: int | None
    review: Review | None
    possible: list[Action]
    timeline: list[ComplaintEntry]


class ComplainantIdentity(TypedDict):
    """Who complained; nothing of it is known of earlier records."""

    enterprise: NotRequired[str]
    uscc: NotRequired[str]
    name: NotRequired[str]
    phone: NotRequired[str]
    email: NotRequired[str]


class ComplainantText(TypedDict):
    """What the complainant said after filing, in full."""

    at: datetime
    text: str


class ComplaintContent(TypedDict):
    """The texts in full, as the complainant wrote them."""

    title: str
    description: str
    supplements: list[ComplainantText]
    rating: NotRequired[list[ComplainantText]]
    review: NotRequired[list[ComplainantText]]
    withdrawal: NotRequired[list[ComplainantText]]


def described(complaint: ComplaintRow, entries: Sequence[EntryRow]) -> Complaint:
    """What the complainant sees: how it stands, what is asked and possible, and what happened."""
    view = store.view_of(complaint)
    missed = [_missed(entry) for entry in entries if entry.what == "missed"]
    refusals = [cast(ComplaintRefusal, entry.detail) for entry in entries if entry.what == "refused"]
    asked = view.asks[0] if view.status == "supplement_needed" else None
    return Complaint(
        number=complaint.number,
        status=view.status,
        filed_at=complaint.filed_at,
        region=complaint.region,
        matter=view.matter,
        lead_agency=view.lead_agency,
        co_agencies=list(view.co_agencies),
        deadlines=[_deadline(view, due, missed) for due in view.deadlines],
        asked=AskedOfComplainant(reason=asked.reason, due_at=asked.due_at) if asked else None,
        refusal=refusals[-1] if view.status == "refused" and refusals else None,
        supervised=any(entry.what == "supervised" for entry in entries),
        reassigning=view.step == "returned" and view.ended is None,
        rated=view.rated if view.status == "resolved" else None,
        review=view.review if view.status == "resolved" else None,
        possible=list(possible(view)),
        timeline=[ComplaintEntry(at=complaint.filed_at, what="filed"), *(_entry(entry) for entry in entries)],
    )


def _entry(row: EntryRow) -> ComplaintEntry:
    told: dict[str, Any] = {"at": row.at, "what": row.what, **row.detail}
    return cast(ComplaintEntry, told)


def _missed(entry: EntryRow) -> tuple[str, datetime]:
    return entry.detail["stage"], datetime.fromisoformat(entry.detail["due_at"])


def _deadline(view: View, due: Due, missed: Sequence[tuple[str, datetime]]) -> ComplaintDeadline:
    late = (due.stage, due.due_at) in missed
    return ComplaintDeadline(stage=due.stage, due_at=due.due_at, met=is_met(view, due.stage), missed=late)
