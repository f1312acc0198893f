"""What an installation's dispatchers decided, as labelled texts to learn from."""

import asyncio

from sqlmodel import col, select

from services.router.reading.corpus import Labelled
from services.router.tables import DecisionRecord, Routing
from shared.db import Database
from shared.reference import Mapping


def dispatched(url: str, mapping: Mapping) -> list[Labelled]:
    """Each complaint that a dispatcher gave a matter in force and no agency returned; refusals as out of scope."""
    return asyncio.run(_dispatched(url, mapping))


async def _dispatched(url: str, mapping: Mapping) -> list[Labelled]:
    database = Database(url)
    try:
        async with database.reading() as session:
            decided = select(Routing.question, DecisionRecord.matter).where(
                col(Routing.number) == col(DecisionRecord.number),
                col(Routing.assignment) == col(DecisionRecord.assignment),
                col(DecisionRecord.decided_by) == "dispatcher",
                col(DecisionRecord.returned_code).is_(None),
                col(DecisionRecord.matter).is_not(None),
            )
            found = [(question, matter) for question, matter in await session.execute(decided)]
            refused = select(Routing.question, Routing.refusal).where(col(Routing.state) == "refused")
            none = [(question, None) for question, why in await session.execute(refused) if _outside(why)]
    finally:
        await database.close()
    texts = [*found, *none]
    return [
        Labelled(question["title"], question["text"], question.get("region"), (matter,) if matter else (), "decided")
        for question, matter in texts
        if matter is None or matter in mapping.matters
    ]


def _outside(refusal: dict[str, str] | None) -> bool:
    return refusal is not None and refusal.get("code") in ("OUT_OF_SCOPE", "CIVIL_DISPUTE", "LEGAL_PROCEDURE")
