"""The cases behind a number: the same conditions by which `numbers.contributions` counts a case, asked of the rows.

A test holds, for every measure and random lives, that these are the cases that stand in its cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, or_, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.tracker.domain.states import ENDED, OPEN
from services.tracker.domain.supervision import BAD_GRADE
from services.tracker.numbers.contributions import STANDING
from services.tracker.numbers.measures import CARD_NAMES, DUTIES, MEASURES, ROUTING
from services.tracker.numbers.rows import DUPLICATE
from services.tracker.store import owed
from services.tracker.store.cases import Filters, Walk, walk
from services.tracker.tables import Assignment, Case, Deadline, Order, Rating, Reply
from shared.clock import SHANGHAI
from shared.tables import UtcDateTime

Condition = ColumnElement[bool]
#: What is told besides the measures themselves, with what it is the difference of.
REMAINDERS: dict[str, tuple[str, str, str]] = {
    "kept": ("未被退回的派单", "assigned", "returned"),
    "accepted_open": ("受理件中未办结", "accepted", "accepted_resolved"),
    **{f"missed_{stage}": (f"未按期{label}", f"due_{stage}", f"in_time_{stage}") for stage, label in DUTIES.items()},
}
#: What is told as the sum of several measures.
TOGETHER: dict[str, tuple[str, tuple[str, ...]]] = {
    "arrears_settled": ("已归还和达成协议金额", ("arrears_repaid", "arrears_under_agreement")),
}
#: What is told beside the numbers, and is none of them.
BESIDE: dict[str, str] = {"now_named": "列入通报的办件"}
#: Everything whose cases can be asked for, with its 名称.
LABELS: dict[str, str] = (
    {name: measure.label for name, measure in MEASURES.items()}
    | {name: label for name, (label, _, _) in REMAINDERS.items()}
    | {name: label for name, (label, _) in TOGETHER.items()}
    | BESIDE
)
_STATES_NOT_VALID = tuple(sorted(ENDED - {"resolved"}))


def value(name: str, numbers: Mapping[str, int]) -> int | None:
    """What this comes to in these numbers, money in 分; a case may add more than once. None if none tells it."""
    if name in BESIDE:
        return None
    _, over, less = REMAINDERS.get(name, ("", name, None))
    return sum(numbers.get(part, 0) for part in _parts(over)) - (numbers.get(less, 0) if less else 0)


def sums(name: str | None) -> tuple[str, ...]:
    """The measures of money that this is the sum of; none where cases are counted."""
    return tuple(part for part in _parts(name or "") if part in owed.SUMS)


def _parts(name: str) -> tuple[str, ...]:
    return TOGETHER[name][1] if name in TOGETHER else (name,)


@dataclass(frozen=True, slots=True)
class Behind:
    """Which number: `measure` None for every complaint; "" asks for what names no agency, city or matter.

    `start` and `end` are civil days, both included; what is so now belongs to no day.
    """

    measure: str | None = None
    start: date | None = None
    end: date | None = None
    agency: str | None = None
    region: str | None = None
    matter: str | None = None

    def conditions(self) -> list[Condition]:
        """As conditions on the case's row."""
        return [] if self.measure is None and self == Behind() else [_FOUND[self.measure](self)]

    def days(self, moment: Any) -> Condition:
        """The moment lies on one of these days."""
        found: Condition = col(moment).is_not(None)
        if self.start is not None:
            found &= moment >= _moment(self.start)
        if self.end is not None:
            found &= moment < _moment(self.end + timedelta(days=1))
        return found

    def place(self, agency: Any, region: Any, matter: Any) -> Condition:
        """These columns name this agency, city and matter."""
        found: Condition = true()
        if self.agency is not None:
            found &= _names(agency, self.agency)
        if self.region is not None:
            found &= _in_city(region, self.region)
        if self.matter is not None:
            found &= _names(matter, self.matter)
        return found

    @property
    def own(self) -> Condition:
        """The case's own place: under the agency that leads it now."""
        return self.place(Case.lead_agency, Case.region, Case.matter)


def _names(column: Any, code: str) -> Any:
    """It is this code; "" for none."""
    return func.coalesce(column, "") == "" if code == "" else column == code


def _moment(day: date) -> Any:
    return literal(datetime.combine(day, time(), SHANGHAI), UtcDateTime)


def _in_city(region: Any, city: str) -> Condition:
    """The division belongs to this city, as `city_code` says; "" for the province."""
    if city == "":
        return col(region).like("%0000")
    if city[2:4] == "90":
        return col(region) == city
    return col(region).like(f"{city[:4]}%") & col(region).not_like("%0000")


def _valid() -> Condition:
    return col(Case.state).is_(None) | col(Case.state).not_in(_STATES_NOT_VALID)


def _in(*states: str) -> Condition:
    return col(Case.state).in_(states)


def _filed(*more: Callable[[], Condition]) -> Callable[[Behind], Condition]:
    """Counted on the day of the filing."""
    return lambda asked: and_(asked.days(Case.filed_at), asked.own, *(one() for one in more))


def _ended(*, duplicate: bool) -> Callable[[Behind], Condition]:
    same = func.coalesce(Case.refusal, "") == DUPLICATE
    said = same if duplicate else ~same
    return lambda asked: and_(_in("refused"), said, asked.days(Case.closed_at), asked.own)


def _assigned(*more: Condition) -> Callable[[Behind], Condition]:
    """Counted on the day of the assignment, under the agency assigned."""

    def found(asked: Behind) -> Condition:
        mine = asked.place(Assignment.lead_agency, Assignment.region, Assignment.matter)
        return exists().where(col(Assignment.number) == Case.number, asked.days(Assignment.at), mine, *more)

    return found


def _limit(asked: Behind, *more: Condition) -> Condition:
    """There is such a deadline, under the agency whose duty it is, where its assignment was."""
    agency = func.coalesce(Deadline.agency, Case.lead_agency)
    deadline = and_(col(Deadline.number) == Case.number, *more)
    if asked.region is None and asked.matter is None:
        return exists().where(deadline, asked.place(agency, None, None))
    mine = aliased(Assignment)
    there = and_(col(mine.number) == Deadline.number, col(mine.assignment) == Deadline.assignment)
    assigned = exists().where(deadline, there, asked.place(agency, mine.region, mine.matter))
    unassigned = asked.place(agency, Case.region, Case.matter)
    return or_(assigned, exists().where(deadline, unassigned, ~exists().where(there)))


def _due(stage: str, *more: Condition) -> Callable[[Behind], Condition]:
    """Counted on the day on which the limit lies."""
    due, met, ended, paused = Deadline.due_at, col(Deadline.met_at), col(Deadline.ended_at), col(Case.paused_at)
    runs = or_(paused.is_(None), literal(stage not in STANDING), col(due) < paused)
    is_due = or_(met.is_not(None), and_(met.is_(None), ended > due), and_(met.is_(None), ended.is_(None), runs))
    return lambda asked: _limit(asked, col(Deadline.stage) == stage, asked.days(due), is_due, *more)


def _contacted() -> Condition:
    """Spoken with by the first limit for a reply of the assignment under which it was."""
    first = (
        select(func.min(Deadline.due_at))
        .where(
            col(Deadline.number) == Reply.number,
            col(Deadline.assignment) == Reply.assignment,
            Deadline.stage == "reply",
        )
        .correlate(Reply)
        .scalar_subquery()
    )
    return exists().where(col(Reply.number) == Case.number, col(Reply.contacted_at) <= first)


def _solved() -> Condition:
    """The last rating says so."""
    later = aliased(Rating)
    none_later = ~exists().where(col(later.number) == Rating.number, col(later.round) > Rating.round)
    mine = (col(Rating.number) == Case.number, col(Rating.solved).is_(True))
    return exists().where(*mine, none_later)


def _rated(*more: Condition) -> Callable[[Behind], Condition]:
    """Counted on the day of the rating, under the agency that was rated."""

    def found(asked: Behind) -> Condition:
        agency = (
            select(Assignment.lead_agency)
            .where(col(Assignment.number) == Rating.number, col(Assignment.assignment) == Rating.assignment)
            .correlate(Rating)
            .scalar_subquery()
        )
        place = asked.place(func.coalesce(agency, Case.lead_agency), Case.region, Case.matter)
        return exists().where(col(Rating.number) == Case.number, asked.days(Rating.at), place, *more)

    return found


def _resolved() -> Condition:
    return _in("resolved")


def _open_limit() -> tuple[Condition, Condition]:
    return col(Deadline.met_at).is_(None), col(Deadline.ended_at).is_(None)


def _late(asked: Behind) -> Condition:
    """The lead agency has missed a limit and still has to act."""
    red = (col(Deadline.number) == Case.number, col(Deadline.card) == "red", col(Deadline.agency) == Case.lead_agency)
    return and_(_in(*OPEN), asked.own, exists().where(*red, *_open_limit()))


def _ordered(asked: Behind) -> Condition:
    order = (col(Order.number) == Case.number, col(Order.replied_at).is_(None), col(Order.ended_at).is_(None))
    return exists().where(*order, asked.place(Order.agency, Case.region, Case.matter))


def _with_card(card: str) -> Callable[[Behind], Condition]:
    return lambda asked: _limit(asked, col(Deadline.card) == card, *_open_limit())


def _standing(state: str) -> Callable[[Behind], Condition]:
    return lambda asked: and_(col(Case.state).is_(None) if state == ROUTING else _in(state), asked.own)


def _accepted(*states: Condition) -> Callable[[Behind], Condition]:
    return lambda asked: and_(asked.days(Case.accepted_at), _valid(), asked.own, *states)


def _all(asked: Behind) -> Condition:
    dated = asked.start is not None or asked.end is not None
    return and_(asked.days(Case.filed_at) if dated else true(), asked.own)


_MET = (col(Deadline.met_at).is_not(None), col(Deadline.met_at) <= Deadline.due_at)
_NOT_MET = or_(col(Deadline.met_at).is_(None), col(Deadline.met_at) > Deadline.due_at)
_FOUND: dict[str | None, Callable[[Behind], Condition]] = {
    None: _all,
    "filed": _filed(),
    "valid": _filed(_valid),
    "assigned": _assigned(),
    "returned": _assigned(col(Assignment.returned_at).is_not(None)),
    "kept": _assigned(col(Assignment.returned_at).is_(None)),
    "accepted": _accepted(),
    "accepted_resolved": _accepted(_in("resolved")),
    "accepted_open": _accepted(col(Case.state).is_(None) | col(Case.state).not_in(("resolved",))),
    "resolved": lambda asked: and_(_in("resolved"), asked.days(Case.resolved_at), asked.own),
    "refused": _ended(duplicate=False),
    "withdrawn": lambda asked: and_(_in("withdrawn"), asked.days(Case.closed_at), asked.own),
    "duplicate": _ended(duplicate=True),
    "contacted_in_time": _filed(_valid, _contacted),
    "solved": _filed(_valid, _solved),
    "rated": _rated(),
    "satisfied": _rated(col(Rating.grade) > BAD_GRADE),
    "poor": _rated(col(Rating.grade) <= BAD_GRADE),
    **{f"due_{stage}": _due(stage) for stage in DUTIES},
    **{f"in_time_{stage}": _due(stage, *_MET) for stage in DUTIES},
    **{f"missed_{stage}": _due(stage, _NOT_MET) for stage in DUTIES},
    "arrears_cases": _filed(_valid, owed.owed),
    "arrears_resolved": _filed(_valid, owed.owed, _resolved),
    **{name: _filed(_valid, owed.owed, partial(owed.some, name)) for name in owed.SUMS},
    **{
        f"{name}_cases": _filed(_valid, owed.owed, partial(owed.some, name))
        for name in owed.SUMS
        if f"{name}_cases" in MEASURES
    },
    **{name: _filed(_valid, owed.owed, partial(owed.some, *parts)) for name, (_, parts) in TOGETHER.items()},
    **{f"now_{card}_cards": _with_card(card) for card in CARD_NAMES},
    "now_late": _late,
    "now_orders": _ordered,
    "now_named": lambda asked: _limit(asked, col(Deadline.named_at).is_not(None), *_open_limit()),
    **{name: _standing(name.removeprefix("now_")) for name, one in MEASURES.items() if one.family == "cases"},
}


async def chosen(session: AsyncSession, behind: Behind, filters: Filters) -> Walk:
    """The cases behind the number that these filters leave, unordered."""
    if behind.measure is None and behind.agency:
        filters = replace(filters, agency=behind.agency)
    return await walk(session, filters, *behind.conditions())


async def count(session: AsyncSession, behind: Behind, filters: Filters, most: int | None = None) -> int:
    """How many there are; one more than `most` when there are more than that."""
    query = (await chosen(session, behind, filters)).query.with_only_columns(col(Case.number))
    some = query if most is None else query.limit(most + 1)
    return int(await session.scalar(select(func.count()).select_from(some.subquery())) or 0)


async def page(
    session: AsyncSession, behind: Behind, filters: Filters, before: str | None, limit: int
) -> Sequence[Case]:
    """They, newest number first."""
    walked = await chosen(session, behind, filters)
    query = walked.query.where(walked.number < before if before else true())
    rows = await session.execute(query.order_by(walked.number.desc()).limit(limit))
    return cast("Sequence[Case]", rows.scalars().all())


async def open_orders(session: AsyncSession, behind: Behind, limit: int) -> Sequence[Order]:
    """Supervision orders without a reply, the oldest first."""
    place = behind.place(Order.agency, Case.region, Case.matter)
    still = (col(Order.replied_at).is_(None), col(Order.ended_at).is_(None))
    query = select(Order).join(Case, col(Case.number) == Order.number).where(*still, place)
    rows = await session.execute(query.order_by(col(Order.given_at), col(Order.id)).limit(limit))
    return rows.scalars().all()


async def latest(session: AsyncSession, behind: Behind, limit: int) -> Sequence[tuple[Case, datetime]]:
    """Open cases whose lead agency has missed a limit, the longest late first, each with the limit it missed first."""
    red = (col(Deadline.card) == "red", *_open_limit(), col(Deadline.number) == Case.number)
    missed = func.min(Deadline.due_at).label("missed")
    query = (
        select(Case.number, missed)
        .join(Deadline, and_(*red, col(Deadline.agency) == Case.lead_agency))
        .where(_in(*OPEN), behind.own)
        .group_by(Case.number)
        .order_by(missed, col(Case.number))
        .limit(limit)
    )
    found = {number: due for number, due in await session.execute(query)}
    rows = (await session.execute(select(Case).where(col(Case.number).in_(found) if found else false()))).scalars()
    return sorted(((row, found[row.number]) for row in rows), key=lambda pair: (pair[1], pair[0].number))
