"""`yousu catch-up`: databases that were put back to an older copy, brought up to the stream."""

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from shared import migrate
from shared.catching_up import Caught, Unsaid, catch_up
from shared.composition import surroundings
from shared.runtime import Service
from shared.settings import Settings

SERVICES = ("intake", "router", "tracker")
out = Console()


class Running(Exception):
    """A service works on the database."""


def catch_up_all(
    service: Annotated[list[str] | None, typer.Option(help="intake, router or tracker; all when left out")] = None,
) -> None:
    """Bring restored databases up to the stream, while their services are stopped.

    What was told since the copy was made has its effect and is not told again; what nobody handled is handled. An
    interrupted run is run again. Exit code 1 when facts could not be applied, 2 when it could not begin.
    """
    wanted = tuple(service or SERVICES)
    if unknown := [name for name in wanted if name not in SERVICES]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(SERVICES)}", param_hint="--service")
    try:
        with _nobody_serves(Settings()):
            parked = asyncio.run(_all(Settings(), wanted))
    except Running as running:
        out.print(f"{running}: stop it first, all its replicas", markup=False)
        raise typer.Exit(2) from running
    except Unsaid as unsaid:
        told = "its database does not say where in the stream it stands; an older release wrote it"
        out.print(f"{unsaid}: {told}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from unsaid
    raise typer.Exit(1 if parked else 0)


@contextmanager
def _nobody_serves(settings: Settings) -> Iterator[None]:
    """The data folder for this command alone; Running while a process serves it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "embedded.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Running(f"a process serves {settings.data_dir.absolute()}") from error
        yield


async def _all(settings: Settings, wanted: tuple[str, ...]) -> int:
    from services.yousu.embedded import BUILDS

    around = surroundings(settings, lambda _loop: None)
    await around.bus.start()
    parked = 0
    try:
        for service in [build(around) for build in BUILDS]:
            try:
                if service.name in wanted:
                    parked += (await _one(service)).parked
            finally:
                await service.database.close()
    finally:
        await around.bus.close()
    return parked


async def _one(service: Service[Any]) -> Caught:
    await migrate.upgrade(service.database, service.spec.migrations, service.spec.metadata)
    async with service.relay.leadership() as session:
        if session is None:
            raise Running(service.name)
        columns = (SpinnerColumn(), TextColumn("{task.completed} facts"))
        with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
            task = bar.add_task("", total=None)
            caught = await catch_up(service, lambda facts: bar.update(task, completed=facts))
    _tell(service.name, caught)
    return caught


def _tell(name: str, caught: Caught) -> None:
    done = f"{caught.applied} applied, {caught.handled} handled now, {caught.parked} could not be applied"
    out.print(f"{name}: {caught.read} facts read, {done}", highlight=False)
    if caught.shorter:
        told = f"the stream is {caught.shorter} facts shorter than this database knows; it goes on from its end"
        out.print(f"{name}: {told}", highlight=False, soft_wrap=True)
    if name == "intake" and (lost := caught.own.get("ComplaintFiled")):
        out.print(f"intake: who filed these {len(lost)} is not known any more:", highlight=False)
        for number in lost:
            out.print(f"  {number}", highlight=False)
