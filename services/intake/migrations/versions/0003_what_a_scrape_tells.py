"""Deadlines that were given up are counted at each scrape; an index of them alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PARKED = sa.text("parked_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_timer_parked", "timer", ["parked_at"], postgresql_where=_PARKED, sqlite_where=_PARKED)


def downgrade() -> None:
    op.drop_index("ix_timer_parked", "timer")
