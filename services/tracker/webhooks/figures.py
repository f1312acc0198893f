"""The webhooks' part of /metrics: what waits, how long, and which addresses fail."""

from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from services.tracker.webhooks import store
from shared.runtime import Service


async def collect(service: Service[Any], registry: CollectorRegistry) -> None:
    """From the rows that are open, however long the log is."""
    async with service.database.reading() as session:
        waiting, oldest, failing, disabled = await store.standing(session)
    waited = max(0.0, (service.clock.now() - oldest).total_seconds()) if oldest else 0.0
    for name, meaning, value in (
        ("deliveries_waiting", "Webhook deliveries that have not got through yet.", waiting),
        ("oldest_waiting_seconds", "How long the oldest of them waits.", waited),
        ("endpoints_failing", "Enabled webhook addresses whose last attempt failed.", failing),
        ("endpoints_disabled", "Webhook addresses disabled because they failed for days or answered 410.", disabled),
    ):
        Gauge(f"yousu_webhook_{name}", meaning, registry=registry).set(value)
