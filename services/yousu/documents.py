"""`yousu docs …`: writes the OpenAPI and AsyncAPI documents from the code of all three services."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared import logs
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.composition import Surroundings
    from shared.runtime import Service

app = typer.Typer(no_args_is_help=True, help="Write the documents of the API and of the fact stream.")
FOLDER = Path(__file__).parents[2] / "shared" / "web" / "contracts"


@app.callback()
def _group() -> None:
    """Write the documents of the API and of the fact stream."""


@app.command()
def write(into: Annotated[Path, typer.Option(help="folder of the two documents")] = FOLDER) -> None:
    """Write openapi.json and asyncapi.json anew."""
    logs.configure("docs", "WARNING")
    into.mkdir(parents=True, exist_ok=True)
    for name, document in generated().items():
        (into / name).write_text(as_text(document), encoding="utf-8")
        typer.echo(into / name)


def generated() -> dict[str, dict[str, Any]]:
    """Both documents, by file name."""
    from shared.web import operations
    from shared.web.documents_asyncapi import asyncapi
    from shared.web.documents_openapi import openapi

    with TemporaryDirectory() as folder:
        services = built(Path(folder))
    routers = [routes for service in services for routes in service.spec.routes]
    listeners = {service.name: service.spec.handlers.keys() for service in services}
    return {"openapi.json": openapi([*routers, operations.routes]), "asyncapi.json": asyncapi(listeners)}


def built(folder: Path) -> "list[Service[Any]]":
    """The three services as they are composed, but the router reads no texts: its routes do not depend on it."""
    from services.intake.app import build as build_intake
    from services.router.app import build_with
    from services.router.domain import UNREAD
    from services.router.settings import RouterSettings
    from services.tracker.app import build as build_tracker
    from shared.composition import surroundings

    def build_router(around: "Surroundings") -> "Service[Any]":
        return build_with(around, RouterSettings(), lambda _title, _text: UNREAD, UNREAD.reader)

    around = surroundings(Settings(data_dir=folder, kafka_servers=None, jwks=None), lambda _loop: None)
    builds: list[Callable[[Surroundings], Service[Any]]] = [build_intake, build_router, build_tracker]
    services = [build(around) for build in builds]
    asyncio.run(_closed(services))
    return services


async def _closed(services: "list[Service[Any]]") -> None:
    for service in services:
        await service.database.close()


def as_text(document: dict[str, Any]) -> str:
    """The document as the file holds it; the order is that of the code, and of the alphabet for paths and schemas."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
