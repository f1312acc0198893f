"""While one release replaces another the database is ahead of the older programs, and they go on serving."""

from pathlib import Path

import pytest
from sqlalchemy import text

import services.intake.tables
from shared import migrate
from shared.db import Database

MIGRATIONS = Path(services.intake.tables.__file__).parent / "migrations"


@pytest.mark.parametrize(
    ("revision", "ready"),
    [("0001", False), ("9999_of_the_next_release", True)],
    ids=["behind", "ahead"],
)
async def test_a_program_is_ready_on_a_newer_schema_and_not_on_an_older_one(
    tmp_path: Path, revision: str, ready: bool
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/intake.db")
    assert not await migrate.at_head(database, MIGRATIONS)
    await migrate.upgrade(database, MIGRATIONS, services.intake.tables.metadata)
    assert await migrate.at_head(database, MIGRATIONS)
    async with database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    assert await migrate.at_head(database, MIGRATIONS) == ready
    await database.close()
