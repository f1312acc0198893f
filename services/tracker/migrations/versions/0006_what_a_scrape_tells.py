"""Told at each scrape: deadlines that were given up, and since when each agency has not taken up a case."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PARKED = sa.text("parked_at IS NOT NULL")
_UNACCEPTED = sa.text("state = 'to_accept'")


def upgrade() -> None:
    op.create_index("ix_timer_parked", "timer", ["parked_at"], postgresql_where=_PARKED, sqlite_where=_PARKED)
    op.create_index(
        "ix_case_unaccepted",
        "case_",
        ["lead_agency", "assigned_at"],
        postgresql_where=_UNACCEPTED,
        sqlite_where=_UNACCEPTED,
    )


def downgrade() -> None:
    op.drop_index("ix_case_unaccepted", "case_")
    op.drop_index("ix_timer_parked", "timer")
