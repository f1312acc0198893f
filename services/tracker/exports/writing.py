"""The two files in the two formats: text that streams, or a book in a temporary file; and how far it has come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import IO, Literal

from services.tracker.exports import bulletin, cases, delimited
from services.tracker.exports.bulletin import GROUPS, Month
from services.tracker.exports.columns import CASES
from services.tracker.exports.workbook import SHEET_ROWS, Workbook
from services.tracker.store.cases import Filters
from services.tracker.store.counted import Behind
from shared.db import Database

Format = Literal["csv", "xlsx"]
#: Is told how many more rows are written.
Progress = Callable[[int], None]


def _ignore(_rows: int) -> None:
    return None


async def cases_as_csv(
    database: Database, behind: Behind, filters: Filters, progress: Progress = _ignore
) -> AsyncIterator[str]:
    """The cases, a page of lines at a time."""
    yield delimited.head(CASES)
    async for page in cases.pages(database, behind, filters):
        yield delimited.body(CASES, page)
        progress(len(page))


async def cases_as_xlsx(
    database: Database,
    behind: Behind,
    filters: Filters,
    file: IO[bytes],
    progress: Progress = _ignore,
    *,
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """The cases as a book; the writing is left to a thread, so that nobody else waits for it."""
    book = Workbook(file, sheet_rows=sheet_rows)
    book.sheet("办件", CASES)
    async for page in cases.pages(database, behind, filters):
        await asyncio.to_thread(book.write, page)
        progress(len(page))
    await asyncio.to_thread(book.close)


async def bulletin_as_csv(
    database: Database, month: Month, agency: str | None, progress: Progress = _ignore
) -> AsyncIterator[str]:
    """The bulletin as one table; the first column says by what a row is told."""
    # One heading for the three groups: what is told by is the first column's business.
    columns = bulletin.columns("agency")
    yield delimited.head([bulletin.NAME, *columns[1:]], "分组")
    for group, name in GROUPS.items():
        async with database.reading() as session:
            part = await bulletin.part(session, group, month, agency)
        yield delimited.body(columns, part.rows, f"按{name}")
        progress(len(part.rows))


async def bulletin_as_xlsx(
    database: Database, month: Month, agency: str | None, file: IO[bytes], progress: Progress = _ignore
) -> None:
    """The bulletin as a book of a sheet a group."""
    book = Workbook(file)
    for group, name in GROUPS.items():
        async with database.reading() as session:
            part = await bulletin.part(session, group, month, agency)
        book.sheet(f"按{name}", bulletin.columns(group))
        book.write(part.rows)
        progress(len(part.rows))
    await asyncio.to_thread(book.close)
