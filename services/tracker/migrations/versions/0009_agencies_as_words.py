"""A case is found by each agency that has led it, as by a word of its title."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO gram (gram, number)"
        " SELECT '@' || lead_agency, number FROM assignment WHERE opened_at IS NOT NULL"
        " UNION SELECT '@' || lead_agency, number FROM case_ WHERE lead_agency IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DELETE FROM gram WHERE gram LIKE '@%'")
