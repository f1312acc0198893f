"""The numbers: deltas of the transactions, the totals they are folded into, and why a complaint was refused."""

import sqlalchemy as sa
from alembic import op

import shared.tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def totals(name: str, *key: str) -> None:
    op.create_table(
        name,
        *words(*key),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    op.add_column("case_", sa.Column("refusal", sa.Text(), nullable=True))
    op.create_table(
        "number_delta",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        *words("measure", "day", "agency", "region", "matter"),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    totals("number_cell", "agency", "day", "region", "matter", "measure")
    op.create_index("ix_number_cell_region", "number_cell", ["region", "day"])
    op.create_index("ix_number_cell_matter", "number_cell", ["matter", "day"])
    totals("number_side", "dimension", "code", "day", "measure")
    op.create_index("ix_number_side_day", "number_side", ["day"])
    totals("number_running", "dimension", "code", "measure")
    op.create_table(
        "number_through",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *words("day"),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    for name in ("number_through", "number_running", "number_side", "number_cell", "number_delta"):
        op.drop_table(name)
    with op.batch_alter_table("case_") as batch:
        batch.drop_column("refusal")
