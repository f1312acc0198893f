"""router's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, MetaData, text
from sqlmodel import Field, SQLModel

from shared.tables import BigId, Kernel, UtcDateTime

metadata = MetaData()
kernel = Kernel(metadata)
# One text for an index and its queries, so that the one answers the others.
#: Complaints that wait for a person.
WAITING = "state IN ('held', 'supplement')"
#: Decisions of which the tally does not hold all yet.
UNTALLIED = "(tallied = 0 OR (tallied = 1 AND returned_code IS NOT NULL))"


def _only(condition: str) -> dict[str, Any]:
    """An index of the rows for which this holds, on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Table(SQLModel):
    """Base of this service's tables, in metadata of its own."""

    metadata = metadata


class Routing(Table, table=True):
    """One complaint as the router knows it; `question` is the masked fact it decides on.

    `state`: held, supplement (held, the complainant is asked), assigned, refused, ended. `refusal` is a dispatcher's,
    waiting for a supervisor; `returned_by` the agencies that said it is not their duty; `paused_days` working days the
    complainant was given.
    """

    __tablename__ = "routing"
    __table_args__ = (Index("ix_routing_waiting", "held_at", "number", **_only(WAITING)),)

    number: str = Field(primary_key=True)
    question: dict[str, Any] = Field(sa_type=JSON)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    assignment: int = 0
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    out_of_scope: float = 0.0
    reader: str | None = None
    enterprise: str = ""
    returned_by: list[str] = Field(default_factory=list, sa_type=JSON)
    refusal: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    supplement: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    paused_days: int = 0
    held_times: int = 0
    standing: str | None = None


class Standing(Table, table=True):
    """The same enterprise, matter and respondent: the complaint still open (null when none is), and how many came."""

    __tablename__ = "standing"

    key: str = Field(primary_key=True)
    number: str | None = None
    times: int = 0


class DecisionRecord(Table, table=True):
    """One decision, for ever: who was named, by which clause of which version, decided by whom, and why.

    `candidates` are the matters found in the text, best first, with their chances, `reader` what read it where it
    decided or was shown; `proposed` is the lead it would have named, beside a dispatcher's; `returned_code` is set
    when the agency gave it back. `tallied` is what of it the tally holds: 0 nothing, 1 the decision, 2 its return too.
    """

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_untallied", "id", **_only(UNTALLIED)),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    assignment: int
    at: datetime = Field(sa_type=UtcDateTime)
    lead_agency: str
    co_agencies: list[str] = Field(default_factory=list, sa_type=JSON)
    participants: list[str] = Field(default_factory=list, sa_type=JSON)
    matter: str | None = None
    clause: str
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    rules_version: str
    decided_by: str
    note: str | None = None
    reader: str | None = None
    proposed: str | None = None
    returned_code: str | None = None
    tallied: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class Tally(Table, table=True):
    """Decisions counted, by all that they are told apart by; "" where nothing read the text.

    Of those `assigned`, so many were `returned`; so many `by_person`, of these `proposed` beside a lead that the reader
    would have named, and `agreed` with it.
    """

    __tablename__ = "tally"

    reader: str = Field(primary_key=True)
    rules_version: str = Field(primary_key=True)
    lead_agency: str = Field(primary_key=True)
    clause: str = Field(primary_key=True)
    assigned: int = Field(sa_type=BigInteger)
    returned: int = Field(sa_type=BigInteger)
    by_person: int = Field(sa_type=BigInteger)
    proposed: int = Field(sa_type=BigInteger)
    agreed: int = Field(sa_type=BigInteger)
