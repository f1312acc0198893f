"""What is supervised across cases: orders, requests for more time, reviews, the bulletin."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query

from services.tracker.api import answers as say
from services.tracker.api import requests as ask
from services.tracker.api import shapes
from services.tracker.api.callers import Cursor, Here, Limit, Official, Supervisor, page, version_of
from services.tracker.api.cases import shown
from services.tracker.api.lists import Bulletin, ExtensionRequestPage, LateAgency, OrderPage, ReviewPage
from services.tracker.domain.supervision import number_in
from services.tracker.handlers import Step
from services.tracker.store import supervision
from shared.errors import Forbidden, NotFound
from shared.reference import current
from shared.web.answers import Answering
from shared.web.paging import place

routes = APIRouter(prefix="/api/v1", tags=["supervision"], route_class=Answering)
IfMatch = Annotated[str | None, Header()]


@routes.get("/supervision-orders")
async def orders(
    here: Here,
    caller: Official,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    agency: str | None = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> OrderPage:
    """Supervision orders, newest first; an agency sees its own."""
    mine = caller.agency if caller.role == "agency" else agency
    async with here.database.reading() as session:
        rows = await supervision.orders(session, mine, is_open, place(after), limit + 1)
        due = await supervision.deadlines(session, [f"{row.number}:{row.deadline}" for row in rows])
    seen, following = page(rows, limit, lambda row: (row.given_at, row.id))
    orders = [shapes.order(row, due.get(f"{row.number}:{row.deadline}")) for row in seen]
    return OrderPage(orders=orders, next=following)


@routes.post("/supervision-orders/{order}/reply")
async def reply_to_order(
    order: str, body: ask.OrderReply, here: Here, caller: Official, if_match: IfMatch = None
) -> say.SupervisionOrder:
    """The agency answers the order, which closes it."""
    caller.must_be("agency")
    number = _number_in(order, "DB", "没有这个督办单")
    step = Step(number, caller, version_of(if_match))
    await here.door.run(number, partial(here.parts.reply_to_order, step, order, body.text))
    async with here.database.reading() as session:
        row = await supervision.order(session, order)
        if row is None:
            raise NotFound("没有这个督办单", kind="no-such-order")
        due = await supervision.deadlines(session, [f"{row.number}:{row.deadline}"])
    return shapes.order(row, due.get(f"{row.number}:{row.deadline}"))


@routes.get("/extension-requests")
async def requests(
    here: Here,
    caller: Official,
    state: say.RequestState = "pending",
    agency: str | None = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> ExtensionRequestPage:
    """Requests for more time, oldest first; an agency sees its own."""
    if caller.role == "dispatcher":
        raise Forbidden("需要的角色：supervisor；当前角色：dispatcher")
    mine = caller.agency if caller.role == "agency" else agency
    async with here.database.reading() as session:
        rows = await supervision.requests(session, mine, state, place(after), limit + 1)
    seen, following = page(rows, limit, lambda row: (row.asked_at, row.id))
    return ExtensionRequestPage(requests=[shapes.request(row) for row in seen], next=following)


@routes.post("/extension-requests/{request}/decision")
async def decide_extension(
    request: str, body: ask.ExtensionDecision, here: Here, caller: Supervisor, if_match: IfMatch = None
) -> say.Case:
    """A supervisor approves or refuses more time; the case as it stands then."""
    number = _number_in(request, "YQ", "没有这个延期申请")
    step = Step(number, caller, version_of(if_match))
    await here.door.run(number, partial(here.parts.decide_extension, step, request, body.approved, body.reason))
    return await shown(number, here, caller)


@routes.get("/reviews")
async def reviews(here: Here, _caller: Supervisor, limit: Limit = 50, after: Cursor = None) -> ReviewPage:
    """Contested results that wait for a supervisor, oldest first."""
    async with here.database.reading() as session:
        rows = await supervision.reviews(session, place(after), limit + 1)
    seen, following = page(rows, limit, lambda row: (row.asked_at, row.number))
    return ReviewPage(reviews=[shapes.review(row) for row in seen], next=following)


@routes.get("/bulletin")
async def bulletin(here: Here, _caller: Supervisor) -> Bulletin:
    """通报: agencies with cases that stay late, most first; `longest_late_days` are working days."""
    now, calendar, names = here.clock.now(), here.parts.calendar(), current().agencies
    async with here.database.reading() as session:
        rows = await supervision.bulletin(session)
    told = [
        LateAgency(
            agency=agency,
            name=names[agency].name if agency in names else agency,
            late_cases=count,
            longest_late_days=max(0, calendar.working_days_between(oldest, now)),
        )
        for agency, count, oldest in rows
    ]
    return Bulletin(at=now, agencies=told)


def _number_in(word: str, prefix: str, missing: str) -> str:
    number = number_in(word, prefix)
    if number is None:
        raise NotFound(missing, kind="no-such-order" if prefix == "DB" else "no-such-request")
    return number
