"""The whole clock: ledger, pauses, extensions, opinions, supervision, ratings, reviews, arrears, search."""

import sqlalchemy as sa
from alembic import op

import shared.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = "met_at IS NULL AND ended_at IS NULL"
NAMED = f"named_at IS NOT NULL AND {OPEN}"
#: The limits of the policy that cases opened before had; working days but for arrears.
LIMIT = """CASE stage WHEN 'accept' THEN 1 WHEN 'reply' THEN 3 ELSE
    (SELECT CASE case_class WHEN 'simple' THEN 5 WHEN 'arrears' THEN 30 WHEN 'foreign_invested' THEN 60 ELSE 15 END
     FROM case_ WHERE case_.number = deadline.number) END"""
UNIT = """CASE WHEN stage = 'resolve' AND EXISTS (SELECT 1 FROM case_ WHERE case_.number = deadline.number
    AND case_class = 'arrears') THEN 'calendar_day' ELSE 'working_day' END"""
START = "coalesce((SELECT assigned_at FROM case_ WHERE case_.number = deadline.number), due_at)"
AGENCY = "(SELECT lead_agency FROM case_ WHERE case_.number = deadline.number)"


def index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=False, postgresql_where=condition, sqlite_where=condition)


def upgrade() -> None:
    op.create_table(
        "arrears",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stood_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("claimed", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("verified", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("repaid", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("under_agreement", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_arrears_number"), "arrears", ["number"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("assignment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lead_agency", sa.Text(), nullable=False),
        sa.Column("co_agencies", sa.JSON(), nullable=False),
        sa.Column("participants", sa.JSON(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=True),
        sa.Column("case_class", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("filed_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("designated", sa.Boolean(), nullable=False),
        sa.Column("key_supervision", sa.JSON(), nullable=False),
        sa.Column("enterprise", sa.Text(), nullable=True),
        sa.Column("opened_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("returned_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("returned_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", "assignment"),
    )
    op.create_table(
        "clock_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("limit_", sa.Integer(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("due_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_clock_line_number"), "clock_line", ["number"], unique=False)
    op.create_table(
        "extension_request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("asked_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_extension_pending",
        "extension_request",
        ["asked_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index(op.f("ix_extension_request_number"), "extension_request", ["number"], unique=False)
    op.create_table(
        "gram",
        sa.Column("gram", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("gram", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "kept",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_kept_number"), "kept", ["number"], unique=False)
    op.create_table(
        "order_",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("deadline", sa.Text(), nullable=False),
        sa.Column("given_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("replied_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("replied_by", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("ended_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_order__number"), "order_", ["number"], unique=False)
    op.create_index("ix_order_agency", "order_", ["agency", "given_at", "id"], unique=False)
    op.create_index(
        "ix_order_open",
        "order_",
        ["given_at", "id"],
        unique=False,
        postgresql_where=sa.text("replied_at IS NULL AND ended_at IS NULL"),
        sqlite_where=sa.text("replied_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "rating",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", "round"),
    )
    op.create_table(
        "remark",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_remark_number"), "remark", ["number"], unique=False)
    op.create_table(
        "reply",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("contacted_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reply_number"), "reply", ["number"], unique=False)
    op.create_table(
        "review",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("asked_at", shared.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", shared.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", "round"),
    )
    op.create_index(
        "ix_review_pending",
        "review",
        ["asked_at", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    with op.batch_alter_table("case_") as batch:
        batch.add_column(sa.Column("accepted_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("resolved_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("closed_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("card", sa.Text(), nullable=True))
        batch.add_column(sa.Column("designated", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("enterprise", sa.Text(), nullable=True))
        batch.add_column(sa.Column("policy", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
        batch.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("orders", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("requests", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("redone", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("pause_why", sa.Text(), nullable=True))
        batch.add_column(sa.Column("paused_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("paused_until", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("paused_days", sa.Integer(), nullable=False, server_default="0"))
        batch.alter_column("state", existing_type=sa.Text(), nullable=True)
    op.drop_index("ix_case_lease", table_name="case_")
    op.drop_index("ix_case_queue", table_name="case_")
    index("ix_case_queue", "case_", ["lead_agency", "urgent_at", "number"], "urgent_at IS NOT NULL")
    index("ix_case_assigned", "case_", ["assigned_at", "number"])
    index("ix_case_agency", "case_", ["lead_agency", "assigned_at", "number"])
    index("ix_case_state", "case_", ["state", "assigned_at", "number"])
    index("ix_case_card", "case_", ["card", "assigned_at", "number"], "card IS NOT NULL")
    with op.batch_alter_table("deadline") as batch:
        batch.add_column(sa.Column("name", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("agency", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column(
                "start_at",
                shared.tables.UtcDateTime(timezone=True),
                nullable=False,
                server_default="2022-09-19 00:00:00+00:00",
            )
        )
        batch.add_column(sa.Column("limit_", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("unit", sa.Text(), nullable=False, server_default="working_day"))
        batch.add_column(sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("extensions", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("cap", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("warn_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("calendar", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("moves", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("ended_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("named_at", shared.tables.UtcDateTime(timezone=True), nullable=True))
    index("ix_deadline_agency", "deadline", ["agency", "due_at", "number"], OPEN)
    index("ix_deadline_calendar", "deadline", ["calendar"], OPEN)
    index("ix_deadline_named", "deadline", ["named_at"], NAMED)
    keep_what_is_there()


def keep_what_is_there() -> None:
    """Cases opened before have no ledger, but their deadlines can be computed again."""
    op.execute(
        f"UPDATE deadline SET name = assignment || '.' || stage, start_at = {START}, agency = {AGENCY},"  # noqa: S608
        f" limit_ = {LIMIT}, unit = {UNIT}"
    )
    op.execute("UPDATE timer SET id = id || '.0' WHERE kind IN ('deadline', 'deadline-warning')")


def downgrade() -> None:
    op.execute("DELETE FROM timer WHERE kind NOT IN ('deadline', 'deadline-warning')")
    op.execute("DELETE FROM case_ WHERE state IS NULL")
    for name in ("ix_deadline_named", "ix_deadline_calendar", "ix_deadline_agency"):
        op.drop_index(name, table_name="deadline")
    with op.batch_alter_table("deadline") as batch:
        for column in (
            "name",
            "agency",
            "start_at",
            "limit_",
            "unit",
            "pauses",
            "extensions",
            "cap",
            "warn_at",
            "calendar",
            "moves",
            "ended_at",
            "named_at",
        ):
            batch.drop_column(column)
    for name in ("ix_case_card", "ix_case_state", "ix_case_agency", "ix_case_assigned", "ix_case_queue"):
        op.drop_index(name, table_name="case_")
    with op.batch_alter_table("case_") as batch:
        batch.alter_column("state", existing_type=sa.Text(), nullable=False)
        for column in (
            "accepted_at",
            "resolved_at",
            "closed_at",
            "card",
            "designated",
            "enterprise",
            "policy",
            "round",
            "orders",
            "requests",
            "redone",
            "pause_why",
            "paused_at",
            "paused_until",
            "pauses",
            "paused_days",
        ):
            batch.drop_column(column)
    op.create_index("ix_case_queue", "case_", ["lead_agency", "urgent_at", "number"])
    op.create_index("ix_case_lease", "case_", ["lead_agency", "lease_until"])
    for table in (
        "arrears",
        "assignment",
        "clock_line",
        "extension_request",
        "gram",
        "kept",
        "order_",
        "rating",
        "remark",
        "reply",
        "review",
    ):
        op.drop_table(table)
