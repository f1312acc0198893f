"""One case as the numbers see it: its rows, without what nobody counts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment; `returned` when its agency gave it back."""

    assignment: int
    at: datetime
    agency: str
    region: str
    matter: str | None = None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """One deadline: met at `met_at`, or ended at `ended_at` without being met; `agency` is whose duty it is."""

    assignment: int
    stage: str
    due_at: datetime
    agency: str | None = None
    met_at: datetime | None = None
    ended_at: datetime | None = None
    card: str | None = None

    @property
    def open(self) -> bool:
        return self.met_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Contact:
    """When the agency of this assignment spoke with the complainant."""

    assignment: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rated:
    """The rating of one resolution, `grade` 5 … 1; `round` counts the reopenings before it."""

    assignment: int
    round: int
    at: datetime
    grade: int
    solved: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """A sum owed, in 分."""

    claimed: int = 0
    verified: int = 0
    repaid: int = 0
    under_agreement: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A complaint with all that is counted of it; `state` is None while it is being routed.

    `paused_at` is set while the clock stands, `owed` when the complaint is about a sum owed, `open_orders` names the
    agencies that owe a reply to a supervision order.
    """

    region: str
    state: str | None = None
    lead_agency: str | None = None
    matter: str | None = None
    filed_at: datetime | None = None
    accepted_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    paused_at: datetime | None = None
    duplicate: bool = False
    assignments: tuple[Assigned, ...] = ()
    limits: tuple[Limit, ...] = ()
    contacts: tuple[Contact, ...] = ()
    ratings: tuple[Rated, ...] = ()
    owed: Owed | None = None
    open_orders: tuple[str, ...] = ()
