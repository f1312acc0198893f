"""Cases by words: every pair of neighbouring characters of the words is in the title.

The cases are walked by number along the sparsest of the pairs, and the other pairs looked up for each: a page costs
what it shows and what it passes over, however many cases there are. An agency is one word more.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.tracker.domain.search import grams, led_by
from services.tracker.tables import Gram, Imported

#: How deep into the newest cases of a word is looked, to tell a sparse one from a common one.
DEPTH = 200


def said(q: str, agency: str | None) -> list[ColumnElement[bool]]:
    """As conditions on a row of `gram`: it is of the sparsest word, and its case has all the others."""
    words = grams(q) + ([led_by(agency)] if agency else [])
    # To PostgreSQL one condition: it would take the pairs for independent, and each for half as likely again.
    return [col(Gram.gram) == _sparsest(words), func.coalesce(and_(*map(_has, words)), false())]


def _has(word: str) -> ColumnElement[bool]:
    """The case has this word. The offset has it looked up for one case after the other, never read for all at once."""
    other = aliased(Gram)
    return select(literal(1)).where(other.gram == word, other.number == Gram.number).offset(0).exists()


def _sparsest(words: list[str]) -> Any:
    """The word whose newest cases reach back furthest, in the end one that has only few."""
    reach = []
    for word in words:
        newest = select(Gram.number).where(col(Gram.gram) == word).order_by(col(Gram.number).desc())
        place = newest.offset(DEPTH - 1).limit(1).correlate(None).scalar_subquery()
        reach.append(select(literal(word).label("gram"), func.coalesce(place, "").label("place")))
    every = union_all(*reach).subquery()
    return select(every.c.gram).order_by(every.c.place, every.c.gram).limit(1).scalar_subquery()


async def named(session: AsyncSession, word: str) -> list[str]:
    """Cases whose number this is, here or in earlier records; it may be that of no case."""
    query = select(Imported.number).where(col(Imported.word) == word)
    here = [word] if word.isdecimal() else []
    return [*here, *(await session.execute(query)).scalars()]
