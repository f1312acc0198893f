"""The migration job: schemas of all three services, then the topic."""

from typing import Any

from services.yousu.embedded import BUILDS
from shared import migrate
from shared.bus.kafka import KafkaBus
from shared.composition import surroundings
from shared.runtime import Service
from shared.settings import Settings


async def migrate_all(settings: Settings) -> None:
    """Every database at its newest revision, and the topic there."""
    around = surroundings(settings, lambda _loop: None)
    services: list[Service[Any]] = [build(around) for build in BUILDS]
    for service in services:
        await migrate.upgrade(service.database, service.spec.migrations, service.spec.metadata)
        await service.database.close()
    if isinstance(around.bus, KafkaBus):
        await around.bus.ensure_topic()
