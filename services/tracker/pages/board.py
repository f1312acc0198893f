"""The board itself: the numbers of /api/v1/indicators with plots, what is late, what is supervised."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.tracker.api.callers import Here
from services.tracker.api.supervision import bulletin
from services.tracker.handlers import Tracker
from services.tracker.numbers.api import indicators, question_of
from services.tracker.numbers.definitions import INDICATORS, Indicator
from services.tracker.pages import figures
from services.tracker.pages.asking import HOME, Asking
from services.tracker.pages.frame import ROLES, Watching, shown, sign_in_form
from services.tracker.store import counted
from services.tracker.store.counted import TOGETHER, Behind
from services.tracker.store.supervision import deadlines
from shared.auth import Principal
from shared.clock import in_shanghai
from shared.errors import Invalid, Problem
from shared.runtime import Service
from shared.web.signin import Staff, sign_in, sign_out

routes = APIRouter(tags=["pages"], include_in_schema=False)
#: How many late cases and orders the board itself shows; the lists have them all.
SHOWN = 10


def _behind(one: Indicator) -> tuple[str, str]:
    """What this rate's numerator and denominator are called where the cases behind them are asked for."""
    together = (name for name, (_, parts) in TOGETHER.items() if parts == one.numerator)
    return "kept" if one.less else next(together, one.numerator[0]), one.denominator[0]


#: By indicator: the two names under which the cases behind its numbers are found.
BEHIND: dict[str, tuple[str, str]] = {one.name: _behind(one) for one in INDICATORS}


@routes.post(f"{HOME}/sign-in", response_class=HTMLResponse)
async def enter(request: Request, token: Annotated[str, Form()] = "") -> Response:
    """Keep the token and go to the board."""
    answer = RedirectResponse(HOME, 303)
    try:
        await sign_in(request, answer, token, *ROLES)
    except Problem as problem:
        return sign_in_form(request, problem.status, problem.detail)
    return answer


@routes.post(f"{HOME}/sign-out", response_class=HTMLResponse)
async def leave(_who: Staff) -> Response:
    """Forget the token."""
    answer = RedirectResponse(HOME, 303)
    sign_out(answer)
    return answer


@routes.get(HOME, response_class=HTMLResponse)
async def board(request: Request, here: Here, who: Watching) -> Response:
    """The numbers over the days asked for; an agency sees its own."""
    if who is None:
        return sign_in_form(request)
    ask = own(Asking.of(request, in_shanghai(here.clock.now()).date()), who)
    try:
        told = await numbers(here, who, ask)
    except Invalid as problem:
        faults = {wrong["field"]: wrong["reason"] for wrong in problem.more["errors"]}
        return shown(request, "board.html", who, 422, ask=ask, faults=faults, told=None)
    watched = await _watched(here, who, ask)
    return shown(request, "board.html", who, ask=ask, faults={}, told=told, behind=BEHIND, **watched)


def own(ask: Asking, who: Principal) -> Asking:
    """An agency asks about itself, whatever its form says."""
    return replace(ask, agency=who.agency) if who.role == "agency" else ask


async def numbers(here: Service[Tracker], who: Principal, ask: Asking) -> dict[str, Any]:
    """What the API answers, whole and by group, and the plots made of it."""
    where = (here, who, ask.start, ask.end, ask.agency, ask.region, ask.matter)
    whole = await indicators(*where)
    told: dict[str, Any] = {"whole": whole, "parts": {}, "nothing": not any(whole["counts"].values())}
    for group in ("agency", "region", "matter"):
        if getattr(ask, group) is None:
            told["parts"][group] = figures.parted(ask, await indicators(*where, group=group))
    told["by"] = ask.group_of_time()
    told["trend"] = figures.over_time(ask, await indicators(*where, group=told["by"]))
    told["days"] = figures.telling(told["trend"])
    told["plots"] = _plots(told)
    return told


def _plots(told: dict[str, Any]) -> dict[str, figures.Plot | None]:
    rows = {group: part.rows for group, part in told["parts"].items()}
    return {
        "trend": figures.trend(told["trend"]),
        "kept": figures.kept(told["trend"]),
        "agency": figures.handled(rows.get("agency", ())),
        "region": figures.received("各地市收件，单位：件", rows.get("region", ())),
        "matter": figures.received("各事项收件，单位：件", rows.get("matter", ())),
        "arrears": figures.settled(rows.get("region") or rows.get("agency") or ()),
        "satisfied": figures.satisfied("全部评价", told["whole"]["counts"]),
    }


async def _watched(here: Service[Tracker], who: Principal, ask: Asking) -> dict[str, Any]:
    """What is late and what is supervised now."""
    asked = question_of(who, ask.start, ask.end, ask.agency, ask.region, ask.matter, None)
    behind = Behind("now_late", None, None, asked.agency, asked.region, asked.matter)
    now, calendar = here.clock.now(), here.parts.calendar()
    async with here.database.reading() as session:
        late = await counted.latest(session, behind, SHOWN)
        orders = await counted.open_orders(session, behind, SHOWN)
        due = await deadlines(session, [f"{row.number}:{row.deadline}" for row in orders])
    days = [(row, due, calendar.working_days_between(due, now)) for row, due in late]
    given = [(row, due.get(f"{row.number}:{row.deadline}")) for row in orders]
    named = await bulletin(here, who) if who.role != "agency" else None
    return {"late": days, "orders": given, "bulletin": named}
