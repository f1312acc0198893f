"""router's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, MetaData
from sqlmodel import Field, SQLModel

from shared.tables import BigId, Kernel, UtcDateTime

metadata = MetaData()
kernel = Kernel(metadata)


class Table(SQLModel):
    """Base of this service's tables, in metadata of its own."""

    metadata = metadata


class Routing(Table, table=True):
    """One complaint as the router knows it: `question` is the masked fact it decides on, `state` held or assigned."""

    __tablename__ = "routing"

    number: str = Field(primary_key=True)
    question: dict[str, Any] = Field(sa_type=JSON)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    assignment: int = 0
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)


class DecisionRecord(Table, table=True):
    """One decision, for ever: who was named, by which clause of which version, decided by whom, and why."""

    __tablename__ = "decision"

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
    rules_version: str
    decided_by: str
    note: str | None = None
