"""The board's buttons: the same files as under /api/v1/exports, for who is signed in."""

from fastapi import APIRouter, Request, Response

from services.tracker.api.callers import Here
from services.tracker.exports import api
from services.tracker.exports.api import Asked, Word
from services.tracker.pages.asking import HOME
from services.tracker.pages.frame import Watching, sign_in_form

routes = APIRouter(prefix=f"{HOME}/exports", tags=["pages"], include_in_schema=False)


@routes.get("/cases.csv")
async def cases_csv(request: Request, here: Here, who: Watching, wanted: Asked) -> Response:
    return sign_in_form(request) if who is None else api.cases_as_csv(here, who, wanted)


@routes.get("/cases.xlsx")
async def cases_xlsx(request: Request, here: Here, who: Watching, wanted: Asked) -> Response:
    return sign_in_form(request) if who is None else await api.cases_as_xlsx(here, who, wanted)


@routes.get("/bulletin.csv")
async def bulletin_csv(request: Request, here: Here, who: Watching, month: str, agency: Word = None) -> Response:
    return sign_in_form(request) if who is None else api.bulletin_as_csv(here, who, month, agency)


@routes.get("/bulletin.xlsx")
async def bulletin_xlsx(request: Request, here: Here, who: Watching, month: str, agency: Word = None) -> Response:
    return sign_in_form(request) if who is None else await api.bulletin_as_xlsx(here, who, month, agency)
