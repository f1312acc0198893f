"""Duplicates: the same enterprise on the same matter against the same respondent, while one is still open.

The row is locked by its key, so that of two such complaints at once the second finds the first.
"""

from dataclasses import dataclass

from services.router.domain import Question
from services.router.tables import Routing, Standing
from shared.reference.model import plain_name
from shared.tx import Tx


@dataclass(frozen=True, slots=True)
class Stood:
    """The open complaint that this one repeats, if any, and how many came on the same, this one included."""

    other: str | None
    times: int


async def stand(row: Routing, matter: str | None, question: Question, tx: Tx) -> Stood:
    """Take the complaint's place among those on the same; a complaint without a matter has none."""
    if (key := _take(row, matter, question)) is None:
        return Stood(None, 1)
    found = await tx.lock(Standing, key)
    if found is None:
        tx.add(Standing(key=key, number=row.number, times=1))
        return Stood(None, 1)
    found.times += 1
    other, found.number = found.number, found.number or row.number
    return Stood(other if other != row.number else None, found.times)


async def stand_again(row: Routing, matter: str | None, question: Question, tx: Tx, *, repeats: bool) -> None:
    """The same of a decision that was told: whether another was open then is known, when that one ended is not yet."""
    if (key := _take(row, matter, question)) is None:
        return
    found = await tx.lock(Standing, key)
    if found is None:
        found = Standing(key=key, number=None, times=0)
        tx.add(found)
    found.times += 1
    found.number = found.number if repeats else row.number


def _take(row: Routing, matter: str | None, question: Question) -> str | None:
    """The key of those on the same, kept with the complaint; None when it has no place, or has one already."""
    if matter is None or not row.enterprise or row.standing is not None:
        return None
    against = question.respondent_agency or plain_name(question.respondent or "")
    row.standing = f"{row.enterprise}|{matter}|{against}"[:200]
    return row.standing


async def end_standing(row: Routing, tx: Tx) -> None:
    """The complaint is no longer open."""
    if row.standing is None:
        return
    found = await tx.lock(Standing, row.standing)
    if found is not None and found.number == row.number:
        found.number = None
