"""Writing a file of cases or of the bulletin: with a progress bar whose end is known, into place when it is whole."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.tracker.exports import writing
from services.tracker.exports.bulletin import GROUPS, Month
from services.tracker.settings import TrackerSettings
from services.tracker.store import counted
from services.tracker.store.cases import Filters
from services.tracker.store.counted import Behind
from shared.db import Database
from shared.settings import Settings

out = Console()
Advance = Callable[[int], None]


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    found = Database(TrackerSettings().database_url or Settings().sqlite_url("tracker"))
    try:
        yield found
    finally:
        await found.close()


async def export_cases(behind: Behind, filters: Filters, file: Path, kind: writing.Format) -> None:
    """These cases into this file."""
    async with _database() as database:
        async with database.reading() as session:
            total = await counted.count(session, behind, filters)
        with _whole(file) as target, _progress("导出办件", total) as advance:
            if kind == "csv":
                await _poured(writing.cases_as_csv(database, behind, filters, advance), target)
            else:
                await writing.cases_as_xlsx(database, behind, filters, target, advance)
    out.print(f"{file}: {total} 件", highlight=False, markup=False, soft_wrap=True)


async def export_bulletin(month: Month, agency: str | None, file: Path, kind: writing.Format) -> None:
    """The bulletin of this month into this file."""
    async with _database() as database:
        with _whole(file) as target, _progress("导出月报表", len(GROUPS)) as advance:
            if kind == "csv":
                await _poured(writing.bulletin_as_csv(database, month, agency, lambda _rows: advance(1)), target)
            else:
                await writing.bulletin_as_xlsx(database, month, agency, target, lambda _rows: advance(1))
    out.print(f"{file}: {month.label}", highlight=False, markup=False, soft_wrap=True)


async def _poured(lines: AsyncIterator[str], target: IO[bytes]) -> None:
    async for some in lines:
        target.write(some.encode())


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """A new file beside this one, which takes its place when it is whole; an interruption leaves the older one."""
    fresh = file.with_name(f".{file.name}.part")
    try:
        with fresh.open("w+b") as target:
            yield target
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _progress(words: str, total: int) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out) as progress:
        bar = progress.add_task(words, total=total)
        yield lambda rows: progress.advance(bar, rows)
