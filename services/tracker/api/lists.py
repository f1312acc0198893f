"""What the tracker answers when it is asked for many, or takes a claim or a request."""

from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from services.tracker.api.answers import CaseBrief, CaseDeadline, CaseReview, ExtensionRequest, SupervisionOrder


class CasePage(TypedDict):
    cases: list[CaseBrief]
    next: str | None


class CaseClaimed(CaseBrief):
    """A case under a lease: `fence` goes with every step, until `lease_until`."""

    fence: int
    lease_until: datetime | None


class ClaimedCases(TypedDict):
    cases: list[CaseClaimed]


class RenewedClaim(TypedDict):
    number: str
    fence: int
    lease_until: datetime | None


class OpinionDue(CaseDeadline):
    number: str


class OpinionPage(TypedDict):
    opinions: list[OpinionDue]
    next: str | None


class OrderPage(TypedDict):
    orders: list[SupervisionOrder]
    next: str | None


class ExtensionRequestPage(TypedDict):
    requests: list[ExtensionRequest]
    next: str | None


class ExtensionAsked(TypedDict):
    """The request as it waits for a supervisor."""

    id: str
    number: str
    state: Literal["pending"]
    days: int
    reason: str


class ReviewPage(TypedDict):
    reviews: list[CaseReview]
    next: str | None


class LateAgency(TypedDict):
    """An agency with cases that stay late."""

    agency: str
    name: str
    late_cases: int
    longest_late_days: int


class Bulletin(TypedDict):
    at: datetime
    agencies: list[LateAgency]


class DuePreview(TypedDict):
    """When a limit falls due; `provisional` while the year's holidays are not published."""

    due_at: datetime
    provisional: bool
