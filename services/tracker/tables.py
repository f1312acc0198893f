"""tracker's tables."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Index, MetaData
from sqlmodel import Field, Numeric, SQLModel

from shared.tables import BigId, Kernel, UtcDateTime

metadata = MetaData()
kernel = Kernel(metadata)


class Table(SQLModel):
    """Base of this service's tables, in metadata of its own."""

    metadata = metadata


class Case(Table, table=True):
    """One complaint being handled; `urgent_at` is the next open deadline, null when nothing is left to do."""

    __tablename__ = "case_"
    __table_args__ = (
        Index("ix_case_queue", "lead_agency", "urgent_at", "number"),
        Index("ix_case_lease", "lead_agency", "lease_until"),
    )

    number: str = Field(primary_key=True)
    state: str
    assignment: int = 0
    version: int = 1
    lead_agency: str | None = None
    co_agencies: list[str] = Field(default_factory=list, sa_type=JSON)
    participants: list[str] = Field(default_factory=list, sa_type=JSON)
    matter: str | None = None
    case_class: str = "general"
    title: str = ""
    region: str = "410000"
    amount: Decimal | None = Field(default=None, sa_type=Numeric(18, 2))
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    filed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    urgent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    holder: str | None = None
    fence: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Deadline(Table, table=True):
    """One stage of one assignment of a case; `card` yellow or red."""

    __tablename__ = "deadline"

    id: str = Field(primary_key=True)
    number: str = Field(index=True)
    assignment: int
    stage: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    met_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    card: str | None = None


class Entry(Table, table=True):
    """One line of a case's timeline: who did what, when, from which state."""

    __tablename__ = "entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    assignment: int
    at: datetime = Field(sa_type=UtcDateTime)
    what: str
    who: str
    from_state: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
