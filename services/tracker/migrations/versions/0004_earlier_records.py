"""Where the cases of earlier records come from."""

import sqlalchemy as sa
from alembic import op

import shared.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("key", "number", "source", "origin", "word", "digest")
        ),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_imported_number", "imported", ["number"])
    op.create_index("ix_imported_word", "imported", ["word"])


def downgrade() -> None:
    op.drop_table("imported")
