"""Sums owed, as the newest records of a case give them: as conditions on its row, and case by case in yuan."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import ColumnElement, exists, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.tracker.tables import Arrears, Case

Condition = ColumnElement[bool]


def newest(column: Any) -> Any:
    """A total as the newest record that names it gives it."""
    of_case = select(column).where(col(Arrears.number) == Case.number, col(column).is_not(None))
    order = (col(Arrears.stood_at).desc(), col(Arrears.at).desc(), col(Arrears.id).desc())
    return of_case.order_by(*order).limit(1).correlate(Case).scalar_subquery()


#: What a case adds to these measures, None for nothing; as long as no record says what is claimed, the complaint does.
SUMS: Mapping[str, Any] = {
    "arrears_claimed": func.coalesce(newest(Arrears.claimed), Case.amount),
    "arrears_verified": newest(Arrears.verified),
    "arrears_repaid": newest(Arrears.repaid),
    "arrears_under_agreement": newest(Arrears.under_agreement),
}


def owed() -> Condition:
    """The case is about a sum owed."""
    return (col(Case.case_class) == "arrears") | exists().where(col(Arrears.number) == Case.number)


def some(*measures: str) -> Condition:
    """The case adds to at least one of these measures."""
    return or_(*(func.coalesce(SUMS[name], 0) > 0 for name in measures))


async def of_each(session: AsyncSession, measures: Sequence[str], numbers: Sequence[str]) -> dict[str, Decimal]:
    """What each of these cases adds to these measures together, in yuan."""
    columns = [func.coalesce(SUMS[name], 0) for name in measures]
    rows = await session.execute(select(col(Case.number), *columns).where(col(Case.number).in_(numbers)))
    return {number: Decimal(sum(each)) for number, *each in cast("Any", rows)}
