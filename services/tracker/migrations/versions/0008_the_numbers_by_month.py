"""The numbers by month, and of all together: what a long question is read from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Every complaint has one region, so those add up to the whole.
WHOLE = "SELECT 'all', '', {keys}, sum(value) FROM {name} WHERE dimension = 'region' GROUP BY {keys}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Nobody folds meanwhile.
        op.execute("LOCK TABLE number_through IN EXCLUSIVE MODE")
    op.create_table(
        "number_month",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("dimension", "code", "month", "measure")),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "code", "month", "measure"),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_number_side_day", "number_side")
    for name, keys in (("number_side", "day, measure"), ("number_running", "measure")):
        op.execute(f"INSERT INTO {name} {WHOLE.format(keys=keys, name=name)}")
    op.execute(
        "INSERT INTO number_month SELECT dimension, code, substr(day, 1, 7), measure, sum(value)"
        " FROM number_side GROUP BY 1, 2, 3, 4"
    )
    op.create_index("ix_number_side_day", "number_side", ["dimension", "day"])
    op.create_index("ix_number_month_month", "number_month", ["dimension", "month"])


def downgrade() -> None:
    op.drop_table("number_month")
    for name in ("number_side", "number_running"):
        op.execute(f"DELETE FROM {name} WHERE dimension = 'all'")  # noqa: S608
    op.drop_index("ix_number_side_day", "number_side")
    op.create_index("ix_number_side_day", "number_side", ["day"])
