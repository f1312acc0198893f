"""What was read in a text, what the desk is waiting for, who returned a case, and what counts as the same complaint."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("routing") as routing:
        routing.add_column(sa.Column("out_of_scope", sa.Float(), nullable=False, server_default="0"))
        routing.add_column(sa.Column("reader", sa.Text(), nullable=True))
        routing.add_column(sa.Column("enterprise", sa.Text(), nullable=False, server_default=""))
        routing.add_column(sa.Column("returned_by", sa.JSON(), nullable=False, server_default="[]"))
        routing.add_column(sa.Column("refusal", sa.JSON(), nullable=True))
        routing.add_column(sa.Column("supplement", sa.JSON(), nullable=True))
        routing.add_column(sa.Column("paused_days", sa.Integer(), nullable=False, server_default="0"))
        routing.add_column(sa.Column("held_times", sa.Integer(), nullable=False, server_default="0"))
        routing.add_column(sa.Column("standing", sa.Text(), nullable=True))
    # The limit of a complaint held before was named after its assignment; it still has to find its complaint.
    op.execute("UPDATE routing SET held_times = assignment")
    with op.batch_alter_table("decision") as decision:
        decision.add_column(sa.Column("candidates", sa.JSON(), nullable=False, server_default="[]"))
        decision.add_column(sa.Column("reader", sa.Text(), nullable=True))
        decision.add_column(sa.Column("proposed", sa.Text(), nullable=True))
        decision.add_column(sa.Column("returned_code", sa.Text(), nullable=True))
    op.create_table(
        "standing",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def downgrade() -> None:
    op.drop_table("standing")
    with op.batch_alter_table("decision") as decision:
        for name in ("candidates", "reader", "proposed", "returned_code"):
            decision.drop_column(name)
    with op.batch_alter_table("routing") as routing:
        for name in (
            "out_of_scope",
            "reader",
            "enterprise",
            "returned_by",
            "refusal",
            "supplement",
            "paused_days",
            "held_times",
            "standing",
        ):
            routing.drop_column(name)
