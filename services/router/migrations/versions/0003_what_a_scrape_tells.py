"""What a scrape reads, at the same cost however much was decided: a tally, who waits at the desk, parked deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNTALLIED = sa.text("(tallied = 0 OR (tallied = 1 AND returned_code IS NOT NULL))")
_WAITING = sa.text("state IN ('held', 'supplement')")
_PARKED = sa.text("parked_at IS NOT NULL")


def upgrade() -> None:
    # What was decided before is not tallied yet, and neither is what a replica of the release before decides meanwhile.
    op.add_column("decision", sa.Column("tallied", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_routing_held_at", "routing")
    op.create_index(
        "ix_routing_waiting", "routing", ["held_at", "number"], postgresql_where=_WAITING, sqlite_where=_WAITING
    )
    op.create_index("ix_timer_parked", "timer", ["parked_at"], postgresql_where=_PARKED, sqlite_where=_PARKED)
    op.create_index("ix_decision_untallied", "decision", ["id"], postgresql_where=_UNTALLIED, sqlite_where=_UNTALLIED)
    key = ("reader", "rules_version", "lead_agency", "clause")
    counts = ("assigned", "returned", "by_person", "proposed", "agreed")
    op.create_table(
        "tally",
        *(sa.Column(name, sa.Text(), nullable=False) for name in key),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint(*key),
    )


def downgrade() -> None:
    op.drop_table("tally")
    op.drop_index("ix_decision_untallied", "decision")
    op.drop_index("ix_timer_parked", "timer")
    op.drop_index("ix_routing_waiting", "routing")
    op.create_index("ix_routing_held_at", "routing", ["held_at"])
    with op.batch_alter_table("decision") as decision:
        decision.drop_column("tallied")
