"""tracker's tables. Rows change in `apply` alone, by facts; leases and kept texts are the exceptions."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Index, MetaData, text
from sqlmodel import Field, Numeric, SQLModel

from shared.tables import BigId, Kernel, UtcDateTime

metadata = MetaData()
kernel = Kernel(metadata)
_YUAN = Numeric(18, 2)
#: Cases that their agency has not taken up: one text for an index and its queries.
UNACCEPTED = "state = 'to_accept'"


def _only(condition: str) -> dict[str, Any]:
    """An index of the rows for which this holds, on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Table(SQLModel):
    """Base of this service's tables, in metadata of its own."""

    metadata = metadata


class Case(Table, table=True):
    """One complaint, from its filing on; it is a case from its first assignment on, `state` is null before.

    `urgent_at` is the next open deadline, or the end of a pause; null when nothing is left to do. `card` is the worst
    one of the present assignment. `policy` is the clock's policy frozen at the assignment. `round` counts reopenings,
    `orders` and `requests` number what is numbered within the case, `paused_days` are working days used up by pauses
    over all assignments, `refusal` is the code of a refusal.
    """

    __tablename__ = "case_"
    __table_args__ = (
        Index("ix_case_queue", "lead_agency", "urgent_at", "number", **_only("urgent_at IS NOT NULL")),
        Index("ix_case_assigned", "assigned_at", "number"),
        Index("ix_case_agency", "lead_agency", "assigned_at", "number"),
        Index("ix_case_state", "state", "assigned_at", "number"),
        Index("ix_case_unaccepted", "lead_agency", "assigned_at", **_only(UNACCEPTED)),
        Index("ix_case_card", "card", "assigned_at", "number", **_only("card IS NOT NULL")),
    )

    number: str = Field(primary_key=True)
    state: str | None = None
    assignment: int = 0
    version: int = 1
    lead_agency: str | None = None
    co_agencies: list[str] = Field(default_factory=list, sa_type=JSON)
    participants: list[str] = Field(default_factory=list, sa_type=JSON)
    matter: str | None = None
    case_class: str = "general"
    title: str = ""
    region: str = "410000"
    amount: Decimal | None = Field(default=None, sa_type=_YUAN)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    filed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refusal: str | None = None
    urgent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    card: str | None = None
    designated: bool = False
    enterprise: str | None = None
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    round: int = 0
    orders: int = 0
    requests: int = 0
    redone: bool = False
    pause_why: str | None = None
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pauses: int = 0
    paused_days: int = 0
    holder: str | None = None
    fence: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Assignment(Table, table=True):
    """One decision of the router as it was told: the case follows it once it is opened. `returned_*` if given back."""

    __tablename__ = "assignment"

    number: str = Field(primary_key=True)
    assignment: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    lead_agency: str
    co_agencies: list[str] = Field(default_factory=list, sa_type=JSON)
    participants: list[str] = Field(default_factory=list, sa_type=JSON)
    matter: str | None = None
    case_class: str
    title: str
    region: str
    amount: Decimal | None = Field(default=None, sa_type=_YUAN)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str
    designated: bool = False
    key_supervision: list[str] = Field(default_factory=list, sa_type=JSON)
    enterprise: str | None = None
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    returned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    returned_code: str | None = None


class Deadline(Table, table=True):
    """One stage of one assignment (0: routing): met at `met_at`, or ended at `ended_at` without being met.

    It runs from `start_at` for `limit` of `unit`, moved by `pauses` and `extensions` in working days, no further than
    `cap` calendar days. `moves` counts the times it changed: a timer that carries an older count is void. `agency` is
    whose it is; none for routing and review. `card` yellow or red, `named_at` when it went into the bulletin. `return`
    is a window, not a duty: it gives no card.
    """

    __tablename__ = "deadline"
    __table_args__ = (
        Index("ix_deadline_agency", "agency", "due_at", "number", **_only("met_at IS NULL AND ended_at IS NULL")),
        Index("ix_deadline_calendar", "calendar", **_only("met_at IS NULL AND ended_at IS NULL")),
        Index("ix_deadline_named", "named_at", **_only("named_at IS NOT NULL AND met_at IS NULL AND ended_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    name: str
    assignment: int
    stage: str
    agency: str | None = None
    start_at: datetime = Field(sa_type=UtcDateTime)
    limit_: int
    unit: str
    pauses: int = 0
    extensions: int = 0
    cap: int | None = None
    due_at: datetime = Field(sa_type=UtcDateTime)
    warn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    calendar: str = ""
    moves: int = 0
    met_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    card: str | None = None
    named_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ClockLine(Table, table=True):
    """One line of the ledger from which every due time can be computed by hand.

    `what`: start, class (both with `limit_` and `unit`), pause (with `due_at` its longest end, no deadline), resume and
    extension (with `days`), calendar. `due_at` is the due time after the line.
    """

    __tablename__ = "clock_line"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    what: str
    name: str | None = None
    stage: str | None = None
    agency: str | None = None
    limit_: int | None = None
    unit: str | None = None
    cap: int | None = None
    days: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    reason: str | None = None


class Entry(Table, table=True):
    """One line of a case's timeline: who did what, when, from which state.

    `assignment` and `from_state` are 0 and null where another service tells what happened to the complaint.
    """

    __tablename__ = "entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    assignment: int
    at: datetime = Field(sa_type=UtcDateTime)
    what: str
    who: str
    from_state: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Reply(Table, table=True):
    """A public answer of the lead agency; `id` is the fact's, `version` the case's that it made."""

    __tablename__ = "reply"

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    version: int
    assignment: int
    round: int
    at: datetime = Field(sa_type=UtcDateTime)
    agency: str
    by: str
    text: str
    met: bool
    contacted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Remark(Table, table=True):
    """A co-agency's opinion or the lead's internal note, `kind`; its text is kept apart and never travels."""

    __tablename__ = "remark"

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    version: int
    assignment: int
    kind: str
    at: datetime = Field(sa_type=UtcDateTime)
    agency: str
    by: str


class Kept(Table, table=True):
    """The text of a remark; it is in no fact, so a rebuilt database has none."""

    __tablename__ = "kept"

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    text: str


class ExtensionRequest(Table, table=True):
    """A request for more time: pending, approved, refused, or lapsed because the case went on without it."""

    __tablename__ = "extension_request"
    __table_args__ = (Index("ix_extension_pending", "asked_at", "id", **_only("state = 'pending'")),)

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    assignment: int
    agency: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: str
    days: int
    reason: str
    state: str = "pending"
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    decision: str | None = None


class Order(Table, table=True):
    """A supervision order 督办: its deadline is the one called `deadline`; closed by the agency's reply, or ended."""

    __tablename__ = "order_"
    __table_args__ = (
        Index("ix_order_open", "given_at", "id", **_only("replied_at IS NULL AND ended_at IS NULL")),
        Index("ix_order_agency", "agency", "given_at", "id"),
    )

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    assignment: int
    agency: str
    why: str
    reason: str
    stage: str | None = None
    deadline: str
    given_at: datetime = Field(sa_type=UtcDateTime)
    given_by: str
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replied_by: str | None = None
    reply: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Rating(Table, table=True):
    """The rating that counts for one resolution."""

    __tablename__ = "rating"

    number: str = Field(primary_key=True)
    round: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    assignment: int
    at: datetime = Field(sa_type=UtcDateTime)
    grade: int
    solved: bool


class Review(Table, table=True):
    """A review 复核 of one resolution: pending, upheld, overturned, or lapsed because the case was reopened."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_pending", "asked_at", "number", **_only("state = 'pending'")),)

    number: str = Field(primary_key=True)
    round: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    assignment: int
    asked_at: datetime = Field(sa_type=UtcDateTime)
    reason: str
    state: str = "pending"
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    decision: str | None = None


class Arrears(Table, table=True):
    """Totals of a sum owed as they stood at a moment, in yuan; a case's newest record stands, `id` is the fact's."""

    __tablename__ = "arrears"

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    version: int
    assignment: int
    at: datetime = Field(sa_type=UtcDateTime)
    stood_at: datetime = Field(sa_type=UtcDateTime)
    agency: str
    by: str
    claimed: Decimal | None = Field(default=None, sa_type=_YUAN)
    verified: Decimal | None = Field(default=None, sa_type=_YUAN)
    repaid: Decimal | None = Field(default=None, sa_type=_YUAN)
    under_agreement: Decimal | None = Field(default=None, sa_type=_YUAN)
    evidence: str


class Gram(Table, table=True):
    """What a case is found by, on both databases: two neighbouring characters of its title, an agency that led it."""

    __tablename__ = "gram"
    __table_args__ = {"sqlite_with_rowid": False}

    gram: str = Field(primary_key=True)
    number: str = Field(primary_key=True)


class Imported(Table, table=True):
    """Where a case of earlier records comes from: `origin`, its number there, `digest` of all that they say of it.

    `key` is source and origin, so that a case is brought in once; `word` is the origin as a search finds it.
    """

    __tablename__ = "imported"

    key: str = Field(primary_key=True)
    number: str = Field(index=True)
    source: str
    origin: str
    word: str = Field(index=True)
    digest: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
