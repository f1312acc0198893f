"""Cases: lists with filters, and one with all that belongs to it."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.tracker.api.answers import Case
from services.tracker.api.callers import Cursor, Here, Limit, Official, page
from services.tracker.api.lists import CasePage
from services.tracker.api.shapes import brief, whole
from services.tracker.domain import State
from services.tracker.domain.search import plain
from services.tracker.domain.supervision import Card
from services.tracker.handlers import Tracker, visible
from services.tracker.policy import CaseClass
from services.tracker.store import cases
from shared.auth import Principal
from shared.errors import FieldError, Invalid, NotFound
from shared.runtime import Service
from shared.web.answers import Answering
from shared.web.numbers import Number
from shared.web.paging import place

routes = APIRouter(prefix="/api/v1", tags=["cases"], route_class=Answering)


@routes.get("/cases")
async def find(
    here: Here,
    caller: Official,
    agency: str | None = None,
    state: State | None = None,
    card: Card | None = None,
    matter: str | None = None,
    region: str | None = None,
    case_class: Annotated[CaseClass | None, Query(alias="class")] = None,
    late: bool | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> CasePage:
    """Cases, latest assigned first; an agency sees those it leads.

    `q`: words of the title, newest number first, or the number.
    """
    if q is not None and len(plain(q)) < 2:
        raise Invalid([FieldError("q", "至少两个字")])
    mine = caller.agency if caller.role == "agency" else agency
    filters = cases.Filters(mine, state, matter, region, card, case_class, late, here.clock.now(), q and plain(q))
    async with here.database.reading() as session:
        rows = await cases.cases(session, filters, place(after), limit + 1)
        deadlines = await cases.deadlines_of(session, [row.number for row in rows])
    seen, following = page(rows, limit, lambda row: (row.assigned_at, row.number))
    return CasePage(cases=[brief(row, deadlines.get(row.number, [])) for row in seen], next=following)


@routes.get("/cases/{number}")
async def case(number: Number, here: Here, caller: Official) -> Case:
    """One case with deadlines, clock, timeline, opinions, replies, orders, requests, arrears, and what is possible."""
    return await shown(number, here, caller)


async def shown(number: str, here: Service[Tracker], caller: Principal) -> Case:
    """The case as this caller sees it; NotFound when it may not."""
    async with here.database.reading() as session:
        row = await cases.case(session, number)
        if row is None or not visible(row, caller):
            raise NotFound("没有这个办件", kind="no-such-case")
        return await whole(session, row, caller)
