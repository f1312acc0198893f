"""Reading cases for a file: in pages by number, each a short read of its own, so that a million need no more memory."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import func, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.domain.arrears import Totals
from services.tracker.exports.columns import Line
from services.tracker.store.cases import Filters
from services.tracker.store.counted import Behind, chosen
from services.tracker.tables import Arrears, Assignment, Case, Deadline, Order, Rating
from shared.db import Database

#: Cases read at once.
PAGE = 1_000
_OF_CASE: tuple[Any, ...] = (
    Case.number,
    Case.title,
    Case.state,
    Case.case_class,
    Case.matter,
    Case.region,
    Case.lead_agency,
    Case.co_agencies,
    Case.amount,
    Case.assignment,
    Case.filed_at,
    Case.assigned_at,
    Case.accepted_at,
    Case.resolved_at,
    Case.card,
)
_TOLD_STAGES = ("reply", "resolve")


async def pages(database: Database, behind: Behind, filters: Filters) -> AsyncIterator[list[Line]]:
    """The cases behind this number that the filters leave, by number, a page at a time."""
    after = ""
    while True:
        async with database.reading() as session:
            found = await _page(session, behind, filters, after)
        if found:
            yield found
        if len(found) < PAGE:
            return
        after = found[-1].case.number


async def _page(session: AsyncSession, behind: Behind, filters: Filters, after: str) -> list[Line]:
    walked = await chosen(session, behind, filters)
    later = walked.query.where(walked.number > after if after else true())
    query = later.with_only_columns(*_OF_CASE).order_by(walked.number).limit(PAGE)
    cases = (await session.execute(query)).all()
    numbers = [case.number for case in cases]
    if not numbers:
        return []
    limits = await _limits(session, {case.number: case.assignment for case in cases})
    returns = await _counted(session, Assignment, numbers, col(Assignment.returned_at).is_not(None))
    orders = await _counted(session, Order, numbers)
    ratings = await _ratings(session, numbers)
    sums = await _sums(session, numbers)
    return [
        Line(
            case,
            limits.get(case.number, {}),
            returns[case.number],
            ratings.get(case.number),
            _owed(case, sums.get(case.number, ())),
            orders[case.number],
        )
        for case in cases
    ]


async def _limits(session: AsyncSession, assignments: dict[str, int]) -> dict[str, dict[str, Any]]:
    """By case and stage, the limits of its present assignment."""
    columns: Any = (
        Deadline.number,
        Deadline.assignment,
        Deadline.stage,
        Deadline.due_at,
        Deadline.met_at,
        Deadline.card,
    )
    wanted = (col(Deadline.number).in_(assignments), col(Deadline.stage).in_(_TOLD_STAGES))
    found: dict[str, dict[str, Any]] = {}
    for row in await session.execute(select(*columns).where(*wanted)):
        if row.assignment == assignments[row.number]:
            found.setdefault(row.number, {})[row.stage] = row
    return found


async def _counted(session: AsyncSession, model: Any, numbers: Sequence[str], *where: Any) -> Counter[str]:
    query = select(model.number, func.count()).where(model.number.in_(numbers), *where).group_by(model.number)
    return Counter({number: count for number, count in await session.execute(query)})


async def _ratings(session: AsyncSession, numbers: Sequence[str]) -> dict[str, Any]:
    """The last rating of each case."""
    query = select(Rating.number, Rating.grade, Rating.solved).where(col(Rating.number).in_(numbers))
    return {row.number: row for row in await session.execute(query.order_by(col(Rating.round)))}


async def _sums(session: AsyncSession, numbers: Sequence[str]) -> dict[str, list[Any]]:
    """The records of what is owed, oldest first."""
    columns: Any = (Arrears.number, Arrears.claimed, Arrears.verified, Arrears.repaid, Arrears.under_agreement)
    oldest_first = (col(Arrears.stood_at), col(Arrears.at), col(Arrears.id))
    query = select(*columns).where(col(Arrears.number).in_(numbers)).order_by(*oldest_first)
    found: dict[str, list[Any]] = {}
    for row in await session.execute(query):
        found.setdefault(row.number, []).append(row)
    return found


def _owed(case: Any, records: Sequence[Any]) -> Totals | None:
    """What the indicators count of it: nothing for a case that is not about a sum owed."""
    if case.case_class != "arrears" and not records:
        return None
    found = Totals(claimed=case.amount)
    for row in records:
        found = found.merged(Totals(row.claimed, row.verified, row.repaid, row.under_agreement))
    return found
