"""Every query of intake, and how a complaint's row holds its view."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.intake.domain import View
from services.intake.tables import Complaint, Entry, Said, Tries

_VIEW = TypeAdapter(View)
#: The columns of a complaint that are its view.
_COLUMNS = tuple(View.__dataclass_fields__)


async def complaint(session: AsyncSession, number: str) -> Complaint | None:
    return await session.get(Complaint, number)


async def tries(session: AsyncSession, number: str) -> Tries | None:
    return await session.get(Tries, number)


async def timeline(session: AsyncSession, number: str) -> Sequence[Entry]:
    """What happened, oldest first."""
    query = select(Entry).where(col(Entry.number) == number).order_by(col(Entry.at), col(Entry.id))
    return (await session.execute(query)).scalars().all()


async def said(session: AsyncSession, number: str) -> Sequence[Said]:
    """What the complainant said after filing, sealed, oldest first."""
    query = select(Said).where(col(Said.number) == number).order_by(col(Said.id))
    return (await session.execute(query)).scalars().all()


def view_of(row: Complaint) -> View:
    """The view in this row."""
    return _VIEW.validate_python({column: getattr(row, column) for column in _COLUMNS})


def columns_of(view: View) -> dict[str, Any]:
    """The view as the columns of a complaint, with the status that is read from it."""
    found: dict[str, Any] = _VIEW.dump_python(view, mode="json")
    return {**found, "status": view.status}


def put_view(row: Complaint, view: View) -> None:
    """Keep this view in the row."""
    for column, value in columns_of(view).items():
        setattr(row, column, value)
