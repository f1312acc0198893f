"""Schema migrations, per service: at start in embedded mode, as a job otherwise."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from shared.db import Database

#: One migration at a time on a PostgreSQL database.
_LOCK = 727_001


def _config(folder: Path, **attributes: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


async def upgrade(database: Database, folder: Path, metadata: MetaData) -> None:
    """Bring the database to the newest revision."""

    def run(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(folder, connection=connection, metadata=metadata), "head")

    async with database.writing() as session:
        await (await session.connection()).run_sync(run)


async def at_head(database: Database, folder: Path) -> bool:
    """Whether the database has the newest revision, or one this program does not know yet.

    A release leaves its predecessor able to work, so that the pods of both serve while one replaces the other.
    """
    script = ScriptDirectory.from_config(_config(folder))
    heads, known = set(script.get_heads()), {revision.revision for revision in script.walk_revisions()}

    def current(connection: Connection) -> set[str]:
        return set(MigrationContext.configure(connection).get_current_heads())

    async with database.reading() as session:
        found = await (await session.connection()).run_sync(current)
    return found == heads or not found <= known


def run_environment() -> None:
    """What every service's migrations/env.py does, inside alembic."""
    from alembic import context

    attributes = context.config.attributes
    connection: Connection = attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=attributes["metadata"],
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()
