"""From a number to its cases, and one case whole, to read."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.api.callers import Here
from services.tracker.api.cases import shown as whole
from services.tracker.exports.api import Asked, narrowed
from services.tracker.numbers.definitions import FEN
from services.tracker.numbers.store import Question, numbers
from services.tracker.pages.asking import HOME, Asking
from services.tracker.pages.board import own
from services.tracker.pages.frame import Watching, shown, sign_in_form
from services.tracker.store import counted, owed
from services.tracker.store.cases import Filters, deadlines_of
from services.tracker.store.counted import LABELS, Behind, sums, value
from services.tracker.tables import Deadline
from shared.clock import in_shanghai
from shared.errors import Invalid
from shared.web.numbers import Number
from shared.web.paging import cursor, place

routes = APIRouter(tags=["pages"], include_in_schema=False)
PAGE = 50
#: Cases are counted up to here; beyond, that there are more is all that is said.
COUNTED = 10_000
#: What stays with the reader from page to page, besides what every page of the board asks for.
KEPT = ("of", "state", "card", "class", "late", "q")
NOTHING = Filters()


@routes.get(f"{HOME}/cases", response_class=HTMLResponse)
async def cases(request: Request, here: Here, who: Watching, wanted: Asked, after: str | None = None) -> Response:
    """The cases behind a number, newest first."""
    if who is None:
        return sign_in_form(request)
    now = here.clock.now()
    ask = own(Asking.of(request, in_shanghai(now).date()), who)
    told: dict[str, Any] = {"ask": ask, "wanted": wanted, "label": LABELS.get(wanted.of or "", "办件")}
    told |= {"dated": not (wanted.of or "").startswith("now_"), "most": COUNTED, "number": None, "owed": None}
    try:
        behind, filters = narrowed(replace(wanted, start=ask.start, end=ask.end), who, here)
        before = place(after)
    except Invalid as problem:
        faults = {wrong["field"]: wrong["reason"] for wrong in problem.more["errors"]}
        return shown(request, "cases.html", who, 422, **told, faults=faults, rows=[], next=None, extra={})
    async with here.database.reading() as session:
        told |= await _listed(session, behind, filters, before[1] if before else None)
        if replace(filters, late_at=None) == NOTHING:
            told |= {"number": await _number(session, behind)}
    told |= {"next": cursor(now, told["rows"][-1][0].number) if told.pop("more") else None}
    extra = {name: value for name, value in request.query_params.items() if name in KEPT and value}
    return shown(request, "cases.html", who, **told, faults={}, extra=extra)


async def _listed(session: AsyncSession, behind: Behind, filters: Filters, before: str | None) -> dict[str, Any]:
    """A page of the cases, each with its next limit; for a sum of money also with what it adds to it."""
    found = await counted.page(session, behind, filters, before, PAGE + 1)
    rows = found[:PAGE]
    listed = [row.number for row in rows]
    limits = await deadlines_of(session, listed)
    money = sums(behind.measure)
    return {
        "total": await counted.count(session, behind, filters, COUNTED),
        "rows": [(row, _next(limits.get(row.number, []), row.assignment)) for row in rows],
        "more": len(found) > PAGE,
        "owed": await owed.of_each(session, money, listed) if money else None,
    }


async def _number(session: AsyncSession, behind: Behind) -> float | None:
    """What the board says: cases, of which one may count more than once, or yuan."""
    if behind.measure is None:
        return None
    asked = Question(behind.start, behind.end, behind.agency, behind.region, behind.matter)
    found = value(behind.measure, (await numbers(session, asked)).get("", {}))
    return found / FEN if found is not None and sums(behind.measure) else found


def _next(limits: list[Deadline], assignment: int) -> Deadline | None:
    """The limit that runs out next, or has run out first."""
    running = [one for one in limits if one.assignment == assignment and one.met_at is None and one.ended_at is None]
    return next((one for one in running if one.stage != "return"), None)


@routes.get(f"{HOME}/cases/{{number}}", response_class=HTMLResponse)
async def case(request: Request, number: Number, here: Here, who: Watching) -> Response:
    """One case: its limits and how they came about, what happened, what was said, ordered and recorded."""
    if who is None:
        return sign_in_form(request)
    return shown(request, "case.html", who, case=await whole(number, here, who))
