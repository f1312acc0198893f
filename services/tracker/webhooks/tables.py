"""The tables of the webhooks: who wants to be told where, and every delivery with its last outcome.

They are no facts: a database rebuilt from the stream has none of them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, text
from sqlmodel import Field

from services.tracker.tables import Table
from shared.tables import UtcDateTime


def _only(condition: str) -> dict[str, Any]:
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Webhook(Table, table=True):
    """An agency's address; `facts` narrows what is told, none of them named means all.

    `secret` is sealed, and so is `former`, which signs too until `former_until`. `failing_since` is the first failure
    after the last success. `disabled_why`: asked, gone (410), failing (for days).
    """

    __tablename__ = "webhook"
    __table_args__ = (Index("ix_webhook_agency", "agency", "created_at", "id"),)

    id: str = Field(primary_key=True)
    agency: str
    url: str
    facts: list[str] = Field(default_factory=list, sa_type=JSON)
    enabled: bool = True
    disabled_why: str | None = None
    secret: bytes = Field(sa_type=LargeBinary)
    former: bytes | None = Field(default=None, sa_type=LargeBinary)
    former_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str


class Delivery(Table, table=True):
    """One fact on its way to one address.

    `state`: ready, sending (claimed), waiting (for its timer), delivered, given_up, or dropped since the address was
    disabled. `try_at` is since when it is ready, until when it is claimed, or when it is tried again. `attempts` counts
    claims and fences their outcomes; `failures` those since `open_since`, when it was written or asked for again.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_due", "webhook", "try_at", **_only("state IN ('ready', 'sending')")),
        Index("ix_webhook_delivery_open", "open_since", **_only("state IN ('ready', 'sending', 'waiting')")),
        Index("ix_webhook_delivery_log", "webhook", "created_at", "id"),
        Index("ix_webhook_delivery_age", "created_at"),
    )

    id: str = Field(primary_key=True)
    webhook: str
    event: str
    type: str
    number: str | None = None
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    open_since: datetime = Field(sa_type=UtcDateTime)
    state: str
    attempts: int
    failures: int
    try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: int | None = None
    error: str | None = None
    answer: str | None = None
