"""Parked facts: kept with their error, in order per complaint, until somebody puts them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from shared.clock import Clock
from shared.db import Database
from shared.errors import Permanent
from shared.tables import Kernel
from shared.tx import Unit


class Behind(Permanent):
    """An earlier fact of the same complaint is parked."""

    def __init__(self) -> None:
        super().__init__("behind a parked fact of the same complaint")


@dataclass(frozen=True, slots=True)
class ParkedFact:
    """One parked fact as an operator sees it."""

    id: int
    number: str
    body: bytes
    trace: str | None
    error: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Parking:
    """The parked facts of one service."""

    database: Database
    kernel: Kernel
    clock: Clock

    async def park(self, number: str, body: bytes, trace: str | None, error: str) -> None:
        """Keep this fact; the same bytes are kept once. Anybody may have written it, so its texts are made storable."""
        parked, number = self.kernel.parked, _storable(number)
        told = {"trace": trace and _storable(trace), "error": _storable(error[:2000]), "parked_at": self.clock.now()}
        values = {"number": number, "body": body, **told}
        async with self.database.writing() as session:
            here = (parked.c.number == number) & (parked.c.body == body)
            if await session.scalar(select(parked.c.id).where(here)) is None:
                await session.execute(parked.insert().values(event_id="", **values))

    async def held(self, unit: Unit, numbers: set[str]) -> set[str]:
        """Those of these complaints that have a parked fact."""
        parked = self.kernel.parked
        return set(await unit.session.scalars(select(parked.c.number).where(parked.c.number.in_(numbers))))

    async def list(self, number: str | None = None, limit: int | None = 200) -> list[ParkedFact]:
        """Parked facts in order of parking, of one complaint or of all."""
        parked: Any = self.kernel.parked
        columns = (parked.c.id, parked.c.number, parked.c.body, parked.c.trace, parked.c.error, parked.c.parked_at)
        query = select(*columns).order_by(parked.c.id).limit(limit)
        if number is not None:
            query = query.where(parked.c.number == number)
        async with self.database.reading() as session:
            return [ParkedFact(*row) for row in await session.execute(query)]

    async def take_out(self, unit: Unit, id_: int) -> None:
        """Remove it, in the transaction of its effect."""
        await unit.session.execute(delete(self.kernel.parked).where(self.kernel.parked.c.id == id_))

    async def count(self) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(self.kernel.parked)) or 0


def _storable(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
