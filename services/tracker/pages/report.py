"""The monthly report: a page made to be printed, and the same page as PDF."""

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.tracker.api.callers import Here, Official
from services.tracker.exports.api import Word, attachment
from services.tracker.exports.bulletin import Month
from services.tracker.handlers import Tracker
from services.tracker.numbers.api import indicators
from services.tracker.pages import pdf
from services.tracker.pages.asking import HOME, Asking
from services.tracker.pages.board import BEHIND, numbers, own
from services.tracker.pages.frame import Watching, pages, shown, sign_in_form
from shared.auth import Principal
from shared.clock import in_shanghai
from shared.errors import Invalid
from shared.runtime import Service

routes = APIRouter(tags=["pages"], include_in_schema=False)
api = APIRouter(prefix="/api/v1/exports", tags=["exports"])
AskedMonth = Annotated[str, Query(max_length=10)]


class Pdf(Response):
    media_type = "application/pdf"


@routes.get(f"{HOME}/report", response_class=HTMLResponse)
async def report(
    request: Request, here: Here, who: Watching, month: AskedMonth | None = None, agency: Word = None
) -> Response:
    """The report of a month; without one that of the last month that is over and has something to tell."""
    if who is None:
        return sign_in_form(request)
    try:
        asked = Month.read(month) if month else await _last(here, who, agency)
        told = await _told(here, who, asked, agency)
    except Invalid as problem:
        return shown(request, "report-choose.html", who, 422, problem=problem, given=month)
    return shown(request, "report.html", who, **told, chosen=not month, paper=False)


async def _last(here: Service[Tracker], who: Principal, agency: str | None) -> Month:
    """The last month that is over and in which something was counted; the present one where there is none."""
    present = Month(_today(here).replace(day=1))
    ask = own(Asking(None, present.before.last.isoformat(), agency or None), who)
    found = await indicators(here, who, ask.start, ask.end, ask.agency, group="month")
    told = [one["key"] for one in found["groups"] if one["key"] and any(one["counts"].values())]
    return Month.read(max(told)) if told else present


@routes.get(f"{HOME}/report.pdf")
async def printed_here(request: Request, here: Here, who: Watching, month: AskedMonth, agency: Word = None) -> Response:
    """The report as PDF, for who is signed in."""
    return sign_in_form(request) if who is None else await _printed(here, who, month, agency)


@api.get("/report.pdf", response_class=Pdf)
async def report_pdf(here: Here, caller: Official, month: AskedMonth, agency: Word = None) -> Pdf:
    """The report of a month as PDF; an agency gets its own. Unavailable where this machine cannot make one."""
    return await _printed(here, caller, month, agency)


async def _printed(here: Service[Tracker], who: Principal, month: str, agency: str | None) -> Pdf:
    asked = Month.read(month).until(_today(here))
    await asyncio.to_thread(pdf.ready)
    text = pages.text("report.html", who=who, **await _told(here, who, asked, agency), paper=True)
    made = await asyncio.to_thread(pdf.made_of, text)
    return Pdf(made, headers=attachment(f"{asked.named}.pdf"))


async def _told(here: Service[Tracker], who: Principal, month: Month, agency: str | None) -> dict[str, Any]:
    """The month's numbers up to today, and those of the month before beside them."""
    today = _today(here)
    month = month.until(today)
    ask = own(Asking(month.first.isoformat(), month.last.isoformat(), agency), who)
    before = own(Asking(month.before.first.isoformat(), month.before.last.isoformat(), agency), who)
    earlier = await indicators(here, who, before.start, before.end, before.agency)
    return {
        "month": month,
        "ask": ask,
        "told": await numbers(here, who, ask),
        "earlier": {one["name"]: one for one in earlier["indicators"]},
        "behind": BEHIND,
        "begun": month.first <= today,
        "over": month.last < today,
        "made_at": here.clock.now(),
    }


def _today(here: Service[Tracker]) -> date:
    return in_shanghai(here.clock.now()).date()
