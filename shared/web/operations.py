"""/healthz, /readyz, /metrics, and what an operator does with parked facts."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from shared.errors import NotFound, Transient
from shared.runtime import Service
from shared.unpark import put_back
from shared.web.callers import Caller

routes = APIRouter(tags=["operations"])
#: How long a scrape waits for the broker: it must end in time to tell, without it, that facts wait in the outbox.
LAG_SECONDS = 1.0


async def _services(request: Request) -> dict[str, Service[Any]]:
    found: dict[str, Service[Any]] = request.app.state.services
    return found


Services = Annotated[dict[str, Service[Any]], Depends(_services)]


@routes.get("/healthz")
async def healthz(services: Services) -> Response:
    """The process lives and all its loops run."""
    dead = [f"{s.name}.{loop}" for s in services.values() for loop in s.dead_loops()]
    return JSONResponse({"status": "dead" if dead else "ok", "dead_loops": dead}, 503 if dead else 200)


@routes.get("/readyz")
async def readyz(services: Services) -> Response:
    """The services can take work: database reached, schema current, loops running; the bus is told, not required."""
    checks = {name: await service.checks() for name, service in services.items()}
    ready = all(value is not False for found in checks.values() for value in found.values())
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@routes.get("/metrics")
async def metrics(services: Services) -> Response:
    """Ages and counts in the Prometheus text format, read from the rows at each scrape."""
    registry = CollectorRegistry()
    await _kernel_gauges(registry, list(services.values()))
    for service in services.values():
        if service.spec.collect is not None:
            await service.spec.collect(service, registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _kernel_gauges(registry: CollectorRegistry, services: list[Service[Any]]) -> None:
    def gauge(name: str, text: str) -> Gauge:
        return Gauge(name, text, ["service"], registry=registry)

    outbox = gauge("yousu_outbox_oldest_seconds", "Age of the oldest fact that was not sent yet.")
    timers = gauge("yousu_timers_oldest_seconds", "How late the oldest deadline is that has come and not fired.")
    parked = gauge("yousu_parked_facts", "Facts that could not be handled and wait for an operator.")
    failed = gauge("yousu_parked_timers", "Deadlines whose handler failed for good.")
    lag = gauge("yousu_consumer_lag_records", "Facts appended to this replica's partitions and not yet read.")
    leading = gauge("yousu_relay_leading", "1 when this replica relays the outbox of its service.")
    for service in services:
        name = service.name
        outbox.labels(name).set(await service.relay.oldest_seconds())
        timers.labels(name).set(await service.timers.oldest_seconds())
        parked.labels(name).set(await service.parking.count())
        failed.labels(name).set(await service.timers.parked_count())
        leading.labels(name).set(service.relay.leading)
        if (behind := await _behind(service)) is not None:
            lag.labels(name).set(behind)


async def _behind(service: Service[Any]) -> int | None:
    """How many facts this replica has not read yet; None while the broker does not say."""
    if service.consumer.subscription is None:
        return None
    with suppress(Transient, TimeoutError):
        async with asyncio.timeout(LAG_SECONDS):
            return await service.consumer.subscription.lag()
    return None


def _named(services: dict[str, Service[Any]], name: str) -> Service[Any]:
    if name not in services:
        raise NotFound(f"这里没有服务 {name}", kind="no-such-service")
    return services[name]


@routes.get("/api/v1/parked/{service}")
async def parked(service: str, services: Services, principal: Caller, number: str | None = None) -> dict[str, Any]:
    """The parked facts of a service, oldest first."""
    principal.must_be("admin")
    found = await _named(services, service).parking.list(number)
    keys = ("id", "number", "error", "parked_at")
    facts = [{key: getattr(p, key) for key in keys} | {"fact": p.body.decode(errors="replace")} for p in found]
    return {"service": service, "parked": facts}


@routes.post("/api/v1/parked/{service}/{number}")
async def unpark(service: str, number: str, services: Services, principal: Caller) -> dict[str, Any]:
    """Put the parked facts of this complaint back, in order."""
    principal.must_be("admin")
    result = await put_back(_named(services, service).consumer, number)
    return {"service": service, "number": number, "done": result.done, "error": result.error}
