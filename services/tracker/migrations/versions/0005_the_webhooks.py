"""The webhooks: addresses of agencies, and the log of what was sent there."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import shared.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def words(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def counts(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def moments(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, shared.tables.UtcDateTime(timezone=True), nullable=nullable) for name in names]


def index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "webhook_delivery", columns, postgresql_where=where, sqlite_where=where)


def upgrade() -> None:
    op.create_table(
        "webhook",
        *words("id", "agency", "url"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        *words("disabled_why", nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former", sa.LargeBinary(), nullable=True),
        *moments("former_until", "failing_since", nullable=True),
        *moments("created_at"),
        *words("created_by"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_agency", "webhook", ["agency", "created_at", "id"])
    op.create_table(
        "webhook_delivery",
        *words("id", "webhook", "event", "type"),
        *words("number", nullable=True),
        *words("body"),
        *moments("created_at", "open_since"),
        *words("state"),
        *counts("attempts", "failures"),
        *moments("try_at", "tried_at", "delivered_at", nullable=True),
        *counts("status", nullable=True),
        *words("error", "answer", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    index("ix_webhook_delivery_due", ["webhook", "try_at"], "state IN ('ready', 'sending')")
    index("ix_webhook_delivery_open", ["open_since"], "state IN ('ready', 'sending', 'waiting')")
    op.create_index("ix_webhook_delivery_log", "webhook_delivery", ["webhook", "created_at", "id"])
    op.create_index("ix_webhook_delivery_age", "webhook_delivery", ["created_at"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
