"""One application around one service or several; its lifespan starts and stops them in order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig

from shared.auth import Verifier
from shared.bus import Bus
from shared.runtime import Service
from shared.settings import Settings
from shared.web import documents, operations, problems
from shared.web.middleware import Edge
from shared.web.storable import storable

#: The framework's own telemetry would tell bodies and need switches of its own; shared.trace is what is told.
UNTOLD: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def application(services: Sequence[Service[Any]], bus: Bus, verifier: Verifier, settings: Settings) -> FastAPI:
    """The HTTP side of these services, which live as long as it does."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            await bus.start()
            running.push_async_callback(bus.close)
            for service in services:
                running.push_async_callback(service.stop)
                await service.start()
            yield

    app = FastAPI(
        title="有诉即办 Yousu",
        lifespan=lifespan,
        openapi_url=None,
        telemetry=UNTOLD,
        dependencies=[Depends(storable)],
    )
    app.state.services = {service.name: service for service in services}
    app.state.verifier = verifier
    app.add_middleware(Edge, max_body_bytes=settings.max_body_bytes)
    problems.install(app)
    app.include_router(operations.routes)
    app.include_router(documents.routes)
    for service in services:
        for routes in service.spec.routes:
            app.include_router(routes)
    return app
