"""/openapi.json, /asyncapi.json and /docs, the page that shows both; every process has them, of all services alike."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic_core import from_json

from shared.web.documents_page import facts, models, operations, problems
from shared.web.documents_words import MODEL, SERVICE
from shared.web.pages import FRAME, Pages

#: Written by `yousu docs write`; docs/api points here.
FOLDER = Path(__file__).parent / "contracts"
#: A document changes only with the program.
_CACHED = "public, max-age=300"
HOME, PLACE = "/docs", "接口文档"

routes = APIRouter(tags=["documents"], include_in_schema=False)
pages = Pages(FRAME, home=HOME, place=PLACE, SERVICE=SERVICE, MODEL=MODEL)


@cache
def document(name: str) -> dict[str, Any]:
    """One of the two documents."""
    found: dict[str, Any] = from_json((FOLDER / name).read_bytes())
    return found


@routes.get("/openapi.json", response_class=JSONResponse)
async def openapi() -> Response:
    """The API of all services, as OpenAPI 3.1."""
    return JSONResponse(document("openapi.json"), headers={"Cache-Control": _CACHED})


@routes.get("/asyncapi.json", response_class=JSONResponse)
async def asyncapi() -> Response:
    """The fact stream, as AsyncAPI 3.0."""
    return JSONResponse(document("asyncapi.json"), headers={"Cache-Control": _CACHED})


@routes.get(HOME, response_class=HTMLResponse)
async def read(request: Request) -> Response:
    """Both, for people."""
    return pages.show(request, "documents.html", who=None, **_told())


@cache
def _told() -> dict[str, Any]:
    """What the page shows of them."""
    api, stream = document("openapi.json"), document("asyncapi.json")
    return {
        "about": api["info"]["description"],
        "about_facts": stream["info"]["description"],
        "operations": operations(api),
        "models": models(api),
        "problems": problems(api),
        "facts": facts(stream),
    }
