"""The queue that agencies pull: read it, claim from it, renew, give back."""

import asyncio
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from services.tracker.api.callers import Cursor, Here, Limit, OwnAgency, page
from services.tracker.api.lists import CasePage, ClaimedCases, OpinionPage, RenewedClaim
from services.tracker.api.requests import Claim, Renewal
from services.tracker.api.shapes import brief, claimed, opinion_due
from services.tracker.domain import State
from services.tracker.domain.supervision import Card
from services.tracker.handlers import Tracker, claims
from services.tracker.store import cases, queue
from shared.errors import FieldError, Invalid
from shared.runtime import Service
from shared.tx import Tx
from shared.web.answers import Answering
from shared.web.callers import Caller, Once
from shared.web.numbers import Number
from shared.web.paging import place

routes = APIRouter(prefix="/api/v1", tags=["queue"], route_class=Answering)
#: How often a waiting pull looks again, in seconds.
_LOOK_AGAIN = 0.1


@routes.get("/queue")
async def pull(
    here: Here,
    agency: OwnAgency,
    state: State | None = None,
    matter: str | None = None,
    region: str | None = None,
    card: Card | None = None,
    limit: Limit = 50,
    after: Cursor = None,
    wait: Annotated[float, Query(ge=0)] = 0,
) -> CasePage:
    """The agency's open cases, most urgent first; with `wait` seconds, as soon as there is one."""
    filters = cases.Filters(agency, state, matter, region, card)
    start, seen = time.monotonic(), place(after)
    patience = min(wait, here.parts.settings.wait_max_seconds)
    while True:
        async with here.database.reading() as session:
            rows = await queue.waiting(session, filters, seen, limit + 1)
            deadlines = await cases.deadlines_of(session, [row.number for row in rows])
        if rows or time.monotonic() - start >= patience:
            break
        await asyncio.sleep(_LOOK_AGAIN)
    told, following = page(rows, limit, lambda row: (row.urgent_at, row.number))
    return CasePage(cases=[brief(row, deadlines.get(row.number, [])) for row in told], next=following)


@routes.get("/queue/opinions")
async def opinions_due(here: Here, agency: OwnAgency, limit: Limit = 50, after: Cursor = None) -> OpinionPage:
    """Opinions that the agency owes to the leads of other cases, first due first."""
    async with here.database.reading() as session:
        rows = await queue.opinions_due(session, agency, place(after), limit + 1)
    told, following = page(rows, limit, lambda row: (row.due_at, row.number))
    return OpinionPage(opinions=[opinion_due(row) for row in told], next=following)


@routes.post("/queue/claims")
async def claim(body: Claim, here: Here, agency: OwnAgency, caller: Caller, once: Once) -> ClaimedCases:
    """Take the most urgent free cases for a while."""
    seconds = _lease(body.lease_seconds, here)
    filters = cases.Filters(agency, body.state, body.matter, body.region, body.card)

    async def run(tx: Tx) -> ClaimedCases:
        rows = await claims.claim(filters, caller.subject, body.limit, seconds, tx)
        deadlines = await cases.deadlines_of(tx.session, [row.number for row in rows])
        return ClaimedCases(cases=[claimed(row, deadlines.get(row.number, [])) for row in rows])

    found: ClaimedCases = await here.door.run("", run, once)
    return found


@routes.put("/queue/claims/{number}")
async def renew(number: Number, body: Renewal, here: Here, agency: OwnAgency) -> RenewedClaim:
    """The worker's heartbeat."""
    seconds = _lease(body.lease_seconds, here)
    row = await here.door.run(number, partial(claims.renew, agency, number, body.fence, seconds))
    return RenewedClaim(number=number, fence=row.fence, lease_until=row.lease_until)


@routes.delete("/queue/claims/{number}", status_code=204)
async def release(number: Number, here: Here, agency: OwnAgency, fence: int) -> None:
    """Give the case back to the queue."""
    await here.door.run(number, partial(claims.release, agency, number, fence))


def _lease(seconds: int, here: Service[Tracker]) -> int:
    longest = here.parts.settings.lease_max_seconds
    if seconds > longest:
        raise Invalid([FieldError("lease_seconds", f"应不大于 {longest}")])
    return seconds
