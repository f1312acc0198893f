"""The command line; `yousu --help` lists it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.yousu.calendar import app as calendar
from services.yousu.catching_up import catch_up_all
from services.yousu.documents import app as docs
from services.yousu.export import app as export
from services.yousu.history.command import bring_in
from services.yousu.replay import replay
from services.yousu.route import app as route
from shared import logs
from shared.auth import ROLES, Role
from shared.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="有诉即办: run the system, and speak to it.")
out = Console()
app.add_typer(route, name="route")
app.add_typer(docs, name="docs")
app.add_typer(calendar, name="calendar")
app.add_typer(export, name="export")
app.command()(replay)
app.command("catch-up")(catch_up_all)
app.command("import")(bring_in)
Origin = Annotated[str, typer.Option(help="the one origin of the system", envvar="YOUSU_ORIGIN")]


@app.callback()
def quiet() -> None:
    """有诉即办: run the system, and speak to it."""
    # What a command prints is its answer, often read by another program; logs go beside it.
    logs.configure("yousu", "WARNING", readable=sys.stderr.isatty())


def origin_or_default(origin: str) -> str:
    return origin or f"http://127.0.0.1:{Settings().port}"


@app.command()
def serve() -> None:
    """Serve all three services in this process (the embedded way)."""
    from services.yousu.embedded import serve_embedded

    serve_embedded(Settings())


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="enterprise, agency, dispatcher, supervisor or admin")],
    agency: Annotated[str | None, typer.Option(help="the agency's code, for role agency")] = None,
    subject: Annotated[str | None, typer.Option(help="who the token speaks for")] = None,
    hours: Annotated[float, typer.Option(help="how long it is valid")] = 12,
) -> None:
    """Print a bearer token of the embedded issuer."""
    from shared.composition import issuer
    from shared.reference import current

    if role not in ROLES:
        raise typer.BadParameter(f"one of {', '.join(ROLES)}", param_hint="role")
    if (role == "agency") != (agency is not None):
        raise typer.BadParameter("goes with role agency, and only with it", param_hint="--agency")
    if agency is not None and agency not in current().agencies:
        raise typer.BadParameter(f"no such agency: {agency}; the codes are at /api/v1/agencies", param_hint="--agency")
    found: Role = role
    typer.echo(issuer(Settings()).token(found, agency=agency, subject=subject, hours=hours))


@app.command()
def migrate() -> None:
    """Bring every service's database to the newest schema, and make the topic (the distributed way's job)."""
    from services.yousu.migration import migrate_all

    asyncio.run(migrate_all(Settings()))


@app.command()
def file(
    complaints: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a .csv or .jsonl file")],
    origin: Origin = "",
) -> None:
    """File complaints in bulk; run it again after an interruption and it goes on where it stopped."""
    from services.yousu.bulk import Unanswered, file_all
    from shared.client import Client

    async def all_rows() -> int:
        async with Client(origin_or_default(origin)) as client:
            return await file_all(complaints, client, out)

    try:
        refused = asyncio.run(all_rows())
    except Unanswered as stopped:
        out.print(str(stopped))
        raise typer.Exit(2) from stopped
    raise typer.Exit(1 if refused else 0)


@app.command()
def demo(origin: Origin = "") -> None:
    """File a realistic day and say where to look."""
    from services.yousu.demo.day import run_demo

    raise typer.Exit(asyncio.run(run_demo(origin_or_default(origin), Settings(), out)))


@app.command()
def parked(
    action: Annotated[str, typer.Argument(help="list, show or put-back")] = "list",
    service: Annotated[str, typer.Option(help="intake, router or tracker; all when left out")] = "",
    number: Annotated[str, typer.Option(help="the complaint")] = "",
    origin: Origin = "",
) -> None:
    """List, read and put back facts that could not be handled."""
    from services.yousu.parked import run_parked

    if action not in ("list", "show", "put-back"):
        raise typer.BadParameter("list, show or put-back", param_hint="action")
    if action != "list" and not number:
        raise typer.BadParameter("needed to show or put back", param_hint="--number")
    raise typer.Exit(asyncio.run(run_parked(action, service, number, origin_or_default(origin), Settings(), out)))


@app.command()
def recount(
    repair: Annotated[bool, typer.Option(help="put the totals right, from the cases")] = False,
) -> None:
    """Count all cases again, hold the numbers against them and print each difference."""
    from services.yousu.recount import run_recount

    raise typer.Exit(asyncio.run(run_recount(Settings(), repair, out)))


@app.command()
def distributed() -> None:
    """Run Kafka, PostgreSQL, every service as its own process and the gateway, until interrupted."""
    from services.yousu.distributed.supervisor import run_distributed

    raise typer.Exit(run_distributed(Settings(), int(os.environ.get("YOUSU_REPLICAS", "1"))))
