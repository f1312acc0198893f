"""/healthz, /readyz, /metrics, and what an operator does with parked facts."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from typing_extensions import TypedDict

from shared.errors import NotFound, Transient
from shared.parking import ParkedFact as Kept
from shared.runtime import Service
from shared.unpark import put_back
from shared.web.answers import Answering
from shared.web.callers import Caller

routes = APIRouter(tags=["operations"], route_class=Answering)
#: How long a scrape waits for the broker: it must end in time to tell, without it, that facts wait in the outbox.
LAG_SECONDS = 1.0


class Health(TypedDict):
    """Whether the process lives; `dead_loops` are those that ended, as service.loop."""

    status: Literal["ok", "dead"]
    dead_loops: list[str]


class Readiness(TypedDict):
    """Whether work can be taken; what was looked at, by service. Text informs, `false` is why it cannot."""

    status: Literal["ready", "not ready"]
    checks: dict[str, dict[str, bool | str]]


class ParkedFact(TypedDict):
    """A fact that could not be handled, as it stands on the wire, and why."""

    id: int
    number: str
    error: str
    parked_at: datetime
    fact: str


class ParkedFacts(TypedDict):
    service: str
    parked: list[ParkedFact]


class PutBackFacts(TypedDict):
    """How many parked facts of the complaint had their effect; `error` of the one that failed again."""

    service: str
    number: str
    done: int
    error: str | None


async def _services(request: Request) -> dict[str, Service[Any]]:
    found: dict[str, Service[Any]] = request.app.state.services
    return found


Services = Annotated[dict[str, Service[Any]], Depends(_services)]


@routes.get("/healthz", responses={503: {"model": Health}})
async def healthz(services: Services, response: Response) -> Health:
    """The process lives and all its loops run."""
    dead = [f"{s.name}.{loop}" for s in services.values() for loop in s.dead_loops()]
    response.status_code = 503 if dead else 200
    return Health(status="dead" if dead else "ok", dead_loops=dead)


@routes.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(services: Services, response: Response) -> Readiness:
    """The services can take work: database reached, schema current, loops running; the bus is told, not required."""
    checks = {name: await service.checks() for name, service in services.items()}
    ready = all(value is not False for found in checks.values() for value in found.values())
    response.status_code = 200 if ready else 503
    return Readiness(status="ready" if ready else "not ready", checks=checks)


@routes.get("/metrics", response_class=PlainTextResponse)
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
async def parked(service: str, services: Services, principal: Caller, number: str | None = None) -> ParkedFacts:
    """The parked facts of a service, oldest first."""
    principal.must_be("admin")
    found = await _named(services, service).parking.list(number)
    return ParkedFacts(service=service, parked=[_parked(one) for one in found])


def _parked(one: Kept) -> ParkedFact:
    fact = one.body.decode(errors="replace")
    return ParkedFact(id=one.id, number=one.number, error=one.error, parked_at=one.parked_at, fact=fact)


@routes.post("/api/v1/parked/{service}/{number}")
async def unpark(service: str, number: str, services: Services, principal: Caller) -> PutBackFacts:
    """Put the parked facts of this complaint back, in order."""
    principal.must_be("admin")
    result = await put_back(_named(services, service).consumer, number)
    return PutBackFacts(service=service, number=number, done=result.done, error=result.error)
