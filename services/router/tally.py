"""How decisions fared, by what they are told apart by: a tally, and the decisions that it does not hold yet.

A decision is written as it always was. Now and then one replica adds what is new to the tally and marks it, in one
transaction; who reads adds the rest in the same statement. A reading costs what there are readers, versions, agencies
and clauses, however many decisions there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, Select, Table, and_, case, cast, func, select, text, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from services.router.tables import UNTALLIED, DecisionRecord, Tally
from shared.chores import Chore
from shared.db import Database
from shared.runtime import Service

TALLY: Table = Tally.__table__  # type: ignore[attr-defined]
DECISION: Table = DecisionRecord.__table__  # type: ignore[attr-defined]
By = Literal["clause", "lead_agency", "reader", "rules_version"]
KEY = [column.name for column in TALLY.primary_key.columns]
COUNTS = [column.name for column in TALLY.columns if column.name not in KEY]
TALLY_SECONDS = 5.0
#: Decisions in one transaction, so that tallying never holds up the work.
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Decisions of one group: how many, how many returned; of dispatchers' ones, how many agreed with the machine."""

    group: str | None
    assigned: int
    returned: int
    decided_by_person: int
    proposed: int
    agreed: int


async def accuracy(session: AsyncSession, by: By) -> Sequence[Accuracy]:
    """Counts by one of the tally's keys, most decisions first."""
    parts = union_all(select(TALLY), _new()).subquery()
    group, assigned, *rest = (parts.c[by], *(_total(parts.c[name]) for name in COUNTS))
    query = select(func.nullif(group, ""), assigned, *rest).group_by(group).order_by(assigned.desc(), group)
    return [Accuracy(*row) for row in await session.execute(query)]


async def tally(database: Database) -> int:
    """Add a chunk of what is new to the tally, and mark it; how many decisions."""
    async with database.writing() as session:
        oldest = select(DECISION.c.id).where(text(UNTALLIED)).order_by(DECISION.c.id).limit(CHUNK)
        # Locked, so that a return that comes meanwhile waits for the mark and is new again after it.
        ids = list(await session.scalars(oldest.with_for_update()))
        if ids:
            mine = DECISION.c.id.in_(ids)
            await _add(session, _new(mine))
            marked = {"tallied": case((DECISION.c.returned_code.is_(None), 1), else_=2)}
            await session.execute(update(DECISION).where(mine).values(marked))
        return len(ids)


async def _add(session: AsyncSession, rows: Select[Any]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(TALLY).from_select([*KEY, *COUNTS], rows)
    more = {name: TALLY.c[name] + insert.excluded[name] for name in COUNTS}
    await session.execute(insert.on_conflict_do_update(index_elements=KEY, set_=more))


def _new(*among: Any) -> Select[Any]:
    """What the tally does not hold of these decisions, as rows of it."""
    keys = [func.coalesce(DECISION.c[name], "").label(name) for name in KEY]
    fresh, returned = DECISION.c.tallied == 0, DECISION.c.returned_code.is_not(None)
    person = and_(fresh, DECISION.c.decided_by == "dispatcher")
    counted = {
        "assigned": fresh,
        "returned": returned,
        "by_person": person,
        "proposed": and_(person, DECISION.c.proposed.is_not(None)),
        "agreed": and_(person, DECISION.c.proposed == DECISION.c.lead_agency),
    }
    counts = [_total(case((counted[name], 1), else_=0)).label(name) for name in COUNTS]
    return select(*keys, *counts).where(text(UNTALLIED), *among).group_by(*keys)


def _total(column: Any) -> Any:
    """The sum as the whole number it is."""
    return cast(func.sum(column), BigInteger)


async def tally_all(service: Service[Any]) -> None:
    """Everything that is new."""
    while await tally(service.database):
        pass


TALLYING = Chore(TALLY_SECONDS, tally_all)
