"""The tracker's own part of /metrics, read from its rows."""

from prometheus_client import CollectorRegistry, Gauge

from services.tracker import store
from services.tracker.handlers import Tracker
from shared.runtime import Service


async def collect(service: Service[Tracker], registry: CollectorRegistry) -> None:
    """Cases by lead agency and state; deadlines that came due and those met in time, by stage."""
    async with service.database.reading() as session:
        counted = await store.counts(session)
        stages = await store.deadline_counts(session, service.clock.now())
    cases = Gauge("yousu_cases", "Cases by lead agency and state.", ["agency", "state"], registry=registry)
    for agency, state, number in counted:
        cases.labels(agency, state).set(number)
    due = Gauge("yousu_deadlines_due", "Deadlines whose limit has passed, by stage.", ["stage"], registry=registry)
    met = Gauge("yousu_deadlines_met", "Of these, met in time.", ["stage"], registry=registry)
    for stage, came, kept in stages:
        due.labels(stage).set(came)
        met.labels(stage).set(kept)
