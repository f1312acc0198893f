"""Migrations make exactly the tables that the code speaks of, on both databases, and at once from two replicas."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, String

import services.intake.tables
import services.router.tables
import services.tracker.numbers.tables
import services.tracker.tables
import services.tracker.webhooks.tables
from shared import migrate
from shared.db import Database

SERVICES = {
    "intake": services.intake.tables.metadata,
    "router": services.router.tables.metadata,
    "tracker": services.tracker.tables.metadata,
}


def migrations_of(service: str) -> Path:
    return Path(services.intake.tables.__file__).parents[1] / service / "migrations"


def another_type(_context: Any, _row: Any, _column: Any, found: Any, wanted: Any) -> bool | None:
    """TEXT and VARCHAR without a length are one type to both databases; other types alembic compares itself."""
    text = (getattr(found, "impl", found), getattr(wanted, "impl", wanted))
    return False if all(isinstance(one, String) for one in text) else None


def differences(connection: Connection, metadata: MetaData) -> list[Any]:
    """What alembic would still change."""
    found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": another_type}), metadata)
    return [one for one in found if "alembic_version" not in str(one)]


async def left_to_change(url: str, service: str) -> list[Any]:
    database, metadata = Database(url), SERVICES[service]
    try:
        await asyncio.gather(*(migrate.upgrade(database, migrations_of(service), metadata) for _ in range(2)))
        assert await migrate.at_head(database, migrations_of(service))
        async with database.reading() as session:
            return await (await session.connection()).run_sync(differences, metadata)
    finally:
        await database.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_migrated_sqlite_is_what_the_tables_say(service: str, tmp_path: Path) -> None:
    assert await left_to_change(f"sqlite+aiosqlite:///{tmp_path}/s.db", service) == []


@pytest.mark.postgres
@pytest.mark.parametrize("service", SERVICES)
async def test_migrated_postgresql_is_what_the_tables_say(service: str, new_database: Callable[[], str]) -> None:
    assert await left_to_change(new_database(), service) == []
