"""`yousu replay`: the tracker's database, made again from the stream."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from shared.settings import Settings

out = Console()


def replay(
    database: Annotated[str, typer.Option(help="the fresh database, postgresql+asyncpg://… or sqlite+aiosqlite:///…")],
    from_offset: Annotated[int, typer.Option(min=0, help="where to begin in each partition")] = 0,
) -> None:
    """Rebuild the tracker's cases, clocks, queue and orders from the stream into a fresh database.

    An interrupted replay is run again and leaves out what is applied. Nothing is decided, told or sent.
    """
    from services.tracker.replay import Live

    try:
        facts, parked = asyncio.run(_replay(database, from_offset))
    except Live as live:
        raise typer.BadParameter(f"{live} is in use by a tracker; name a fresh one", param_hint="--database") from live
    out.print(f"{facts} facts read, {parked} could not be applied")
    raise typer.Exit(1 if parked else 0)


async def _replay(database: str, offset: int) -> tuple[int, int]:
    from services.tracker.app import rebuilding
    from services.tracker.replay import rebuild
    from shared.composition import surroundings

    around = surroundings(Settings(), lambda _loop: None)
    await around.bus.start()
    tracker = rebuilding(around, database)
    try:
        with Progress(SpinnerColumn(), TextColumn("{task.completed} facts"), console=out, transient=True) as bar:
            task = bar.add_task("", total=None)
            facts = await rebuild(tracker, around.bus, offset=offset, progress=lambda n: bar.update(task, completed=n))
        return facts, await tracker.parking.count()
    finally:
        await tracker.database.close()
        await around.bus.close()
