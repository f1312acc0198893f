"""A database with rows in it, brought back to an earlier revision and up again."""

from typing import Any

from alembic import command
from sqlalchemy import Connection

from shared import migrate
from shared.runtime import Service


async def upgraded_again(service: Service[Any], revision: str) -> None:
    """As though the service had been on this revision until now."""

    def run(connection: Connection) -> None:
        spec = service.spec
        config = migrate._config(spec.migrations, connection=connection, metadata=spec.metadata)
        command.downgrade(config, revision)
        command.upgrade(config, "head")

    async with service.database.writing() as session:
        await (await session.connection()).run_sync(run)
