"""The router's own part of /metrics, read from its rows."""

from prometheus_client import CollectorRegistry, Gauge

from services.router import store
from services.router.api import Parts
from services.router.tally import accuracy
from shared.reference import rules
from shared.runtime import Service


async def collect(service: Service[Parts], registry: CollectorRegistry) -> None:
    """The desk's backlog and age; decisions, returns and corrections by reader; refused versions of the mapping."""
    async with service.database.reading() as session:
        waiting = await store.counts(session)
        since = await store.held_longest(session)
        readers = await accuracy(session, "reader")
    backlog = Gauge("yousu_triage_waiting", "Complaints at the triage desk, by state.", ["state"], registry=registry)
    for state in ("held", "supplement"):
        backlog.labels(state).set(waiting.get(state, 0))
    oldest = Gauge("yousu_triage_oldest_seconds", "How long the longest held complaint waits.", registry=registry)
    oldest.set((service.clock.now() - since).total_seconds() if since else 0)
    kinds = ["reader"]
    decided = Gauge("yousu_routing_decisions", "Decisions, by what read the text.", kinds, registry=registry)
    returned = Gauge("yousu_routing_returned", "Of these, returned by the agency.", kinds, registry=registry)
    proposed = Gauge("yousu_routing_proposed", "Dispatchers' decisions beside a proposal.", kinds, registry=registry)
    agreed = Gauge("yousu_routing_agreed", "Of these, with the proposed lead.", kinds, registry=registry)
    for row in readers:
        for gauge, value in (
            (decided, row.assigned),
            (returned, row.returned),
            (proposed, row.proposed),
            (agreed, row.agreed),
        ):
            gauge.labels(row.group or "none").set(value)
    refused = Gauge("yousu_rules_refused", "Versions of the mapping that contradict themselves.", registry=registry)
    refused.set(len(rules().told()["refused"]))
