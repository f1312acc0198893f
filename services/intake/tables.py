"""intake's tables; a row never leaves store.py and the handlers."""

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


class Complaint(Table, table=True):
    """A complaint as filed, and its present view for the complainant; `identity` and `content` are sealed JSON.

    `respondents` are the codes of the body complained about, who may never look; `status` is read from the view.
    """

    __tablename__ = "complaint"

    number: str = Field(primary_key=True)
    code_digest: str
    filed_at: datetime = Field(sa_type=UtcDateTime)
    owner: str | None = None
    region: str
    matter: str | None = None
    identity: bytes
    content: bytes
    respondents: list[str] = Field(default_factory=list, sa_type=JSON)
    status: str = "filed"
    assignment: int = 0
    lead_agency: str | None = None
    co_agencies: list[str] = Field(default_factory=list, sa_type=JSON)
    deadlines: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    held: bool = False
    step: str | None = None
    ended: str | None = None
    asks: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    rated: int | None = None
    review: str | None = None


class Entry(Table, table=True):
    """One line of what the complainant sees happening."""

    __tablename__ = "entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    what: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Said(Table, table=True):
    """What the complainant said after filing, in full and sealed; `event_id` is the fact that told it masked."""

    __tablename__ = "said"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    event_id: str
    text: bytes


class Tries(Table, table=True):
    """Wrong access codes for one complaint since `since`."""

    __tablename__ = "tries"

    number: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
    wrong: int = 0


class Look(Table, table=True):
    """Somebody read a complainant's identity or unmasked text."""

    __tablename__ = "look"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    number: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    what: str
