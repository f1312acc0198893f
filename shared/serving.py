"""Serving an application with uvicorn; a dead loop ends the process with a failure code."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI

from shared import logs
from shared.composition import Surroundings, surroundings
from shared.runtime import Service
from shared.settings import Settings
from shared.telemetry import telling
from shared.web.application import application


class Death:
    """Remembers which loop died and asks this process to stop."""

    def __init__(self) -> None:
        self.of: list[str] = []

    def __call__(self, loop: str) -> None:
        self.of.append(loop)
        os.kill(os.getpid(), signal.SIGTERM)


def build_application(
    builds: Sequence[Callable[[Surroundings], Service[Any]]], settings: Settings, death: Death
) -> FastAPI:
    """The services in the surroundings that the settings describe, as one application."""
    around = surroundings(settings, death)
    return application([build(around) for build in builds], around.bus, around.verifier, settings)


def serve(name: str, builds: Sequence[Callable[[Surroundings], Service[Any]]], settings: Settings) -> None:
    """Serve until told to stop; exit 1 when a loop died."""
    logs.configure(name, settings.log_level, readable=sys.stderr.isatty())
    death = Death()
    app = build_application(builds, settings, death)
    # uvicorn hands the signal on when it has stopped: it ends the process here, so that what is to be told still is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1 if death.of else 0))
    with telling(name, settings.otlp_endpoint):
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            server_header=False,
        )
    if death.of:
        sys.exit(1)


def serve_alone(name: str, build: Callable[[Surroundings], Service[Any]]) -> None:
    """One service as its own process."""
    serve(name, [build], Settings())
