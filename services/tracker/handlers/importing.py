"""Cases of earlier records are brought in, each once: told as one fact that holds all that happened to it."""

from typing import Literal

from pydantic_core import from_json
from typing_extensions import TypedDict

from services.tracker.domain.history import Past, number_of
from services.tracker.handlers.kit import Kit
from services.tracker.handlers.retelling import Retelling
from services.tracker.tables import Case, Imported
from shared.errors import Conflict
from shared.events import CaseImported, encode
from shared.tx import Tx

#: Numbers made for a case before it counts as impossible: each meets another case once in a thousand million.
_ATTEMPTS = 8


class BroughtIn(TypedDict):
    """The number a case has here, and whether it is new."""

    number: str
    outcome: Literal["new", "known"]


class Importing(Kit):
    """Bringing in what earlier records tell: nothing is decided on the past, and its one fact tells all of it."""

    async def bring_in(self, past: Past, source: str, by: str, write: bool, tx: Tx) -> BroughtIn:
        """The case's number and whether it is new here; Conflict when its number is another's, or it changed since."""
        key = f"{source}/{past.number}"
        known = await tx.lock(Imported, key)
        if known is not None:
            if known.digest != past.digest:
                told = f"{past.number} 已导入（受理编号 {known.number}），内容与这里不同；更正请在办件上办理"
                raise Conflict(told, kind="imported-otherwise", number=known.number)
            return BroughtIn(number=known.number, outcome="known")
        number = await self._free(past, source, tx)
        if write:
            await self._tell_past(number, past, source, by, tx)
        return BroughtIn(number=number, outcome="new")

    @staticmethod
    async def _free(past: Past, source: str, tx: Tx) -> str:
        for attempt in range(_ATTEMPTS):
            number = number_of(past, source, attempt)
            if await tx.lock(Case, number) is None:
                return number
            if number == number_of(past, source, attempt + 1):
                break
        raise Conflict(f"受理编号 {number} 已是本系统的另一件投诉", kind="number-taken", number=number)

    async def _tell_past(self, number: str, past: Past, source: str, by: str, tx: Tx) -> None:
        facts = Retelling(number, past, self.calendar(), tx.now).told()
        whence = {"origin": past.number, "source": source, "digest": past.digest, "by": by}
        bodies = tuple(from_json(encode(fact)) for fact in facts)
        await self.tell(CaseImported(number=number, at=tx.now, **whence, facts=bodies), tx)
