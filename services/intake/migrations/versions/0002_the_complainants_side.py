"""What the complainant says after filing, and the view in its parts."""

import sqlalchemy as sa
from alembic import op

import shared.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = ("respondents", "held", "step", "ended", "asks", "rated", "review")


def upgrade() -> None:
    op.create_table(
        "said",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_said_number"), "said", ["number"], unique=False)
    op.add_column("complaint", sa.Column("respondents", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("complaint", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("complaint", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("ended", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("asks", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("complaint", sa.Column("rated", sa.Integer(), nullable=True))
    op.add_column("complaint", sa.Column("review", sa.Text(), nullable=True))
    _read_the_status()


def _read_the_status() -> None:
    """Until now the view was one word; it says how far the agency, the desk and the complainant are."""
    told = "'assigned', 'handling', 'replied', 'resolved'"
    op.execute(sa.text(f"UPDATE complaint SET step = status WHERE status IN ({told})"))  # noqa: S608
    op.execute("UPDATE complaint SET step = 'assigned' WHERE step IS NULL AND assignment > 0")
    op.execute(sa.text("UPDATE complaint SET held = :held WHERE status = 'triage'").bindparams(held=True))
    op.execute("UPDATE complaint SET ended = status WHERE status IN ('withdrawn', 'refused')")


def downgrade() -> None:
    for column in reversed(_ADDED):
        op.drop_column("complaint", column)
    op.drop_index(op.f("ix_said_number"), table_name="said")
    op.drop_table("said")
