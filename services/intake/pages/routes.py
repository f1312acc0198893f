"""Thin routes: they parse, call what the API calls, and show; the form's names are the API's field names."""

import secrets
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from services.intake.api import Here
from services.intake.pages import complainant
from services.intake.pages.shown import faults, page
from services.intake.requests import NewComplaint
from shared.door import IdempotencyKey
from shared.errors import FieldError, Invalid
from shared.reference import current
from shared.reference.identifiers import normalise_number
from shared.web.problems import field_errors

routes = APIRouter(tags=["pages"], include_in_schema=False)
Fields = Annotated[dict[str, str], Depends(complainant.fields)]


def _form(request: Request, given: dict[str, str], errors: list[FieldError], status: int = 200) -> Response:
    reference = current()
    cities = [region for region in reference.regions.values() if region.level == "city"]
    below = {city.name: [city, *(r for r in reference.regions.values() if r.parent == city.code)] for city in cities}
    more = {"cities": below, "matters": list(reference.matters.values()), "given": given, "faults": faults(errors)}
    return page(request, "form.html", status, once=given.get("once") or secrets.token_urlsafe(16), **more)


@routes.get("/", response_class=HTMLResponse)
async def form(request: Request) -> Response:
    """The form, empty."""
    return _form(request, {}, [])


@routes.post("/", response_class=HTMLResponse)
async def file(request: Request, here: Here, given: Fields) -> Response:
    """File what the form says; with errors, the form again as it was filled in."""
    try:
        body = NewComplaint.model_validate(_nested(given))
    except ValidationError as error:
        return _form(request, given, field_errors(error.errors()), 422)
    try:
        once = IdempotencyKey.of("form", given.get("once") or None, repr(sorted(given.items())).encode())
        filed = await here.door.run("", partial(here.parts.file, body.filing(None)), once)
    except Invalid:
        fault = FieldError("form", "这张表已经提交过；如需另行投诉，请重新打开页面")
        return _form(request, {**given, "once": ""}, [fault], 422)
    return page(request, "receipt.html", 201, filed=filed)


def _nested(given: dict[str, str]) -> dict[str, Any]:
    """`contact.phone=…` as {"contact": {"phone": …}}; empty fields are left out, ticked boxes are true."""
    found: dict[str, Any] = {"enterprise": {}, "contact": {}}
    for name, value in given.items():
        if name == "once" or not value.strip():
            continue
        outer, _, inner = name.partition(".")
        nest = found.setdefault(outer, {}) if inner else None
        if isinstance(nest, dict):
            nest[inner] = value
        elif nest is None:
            found[outer] = True if outer in ("confidential", "foreign_invested") else value
    return found


@routes.get("/complaints", response_class=HTMLResponse)
async def ask(request: Request, number: str = "") -> Response:
    """Where to type number and access code."""
    return page(request, "ask.html", number=number, fault=None)


@routes.get("/complaints/{number}", response_class=HTMLResponse)
@routes.get("/complaints/{number}/{_form}", response_class=HTMLResponse)
async def ask_for(number: str) -> Response:
    """The same, for this complaint; also who comes back to the address of a form that was sent."""
    return RedirectResponse(f"/complaints?number={normalise_number(number)[:16]}", 303)


@routes.post("/complaints", response_class=HTMLResponse)
async def show(
    request: Request, here: Here, number: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    """How the complaint stands; the code travels in the body, never in an address."""
    return await complainant.stand(request, here, number, code)


@routes.post("/complaints/{number}/{form}", response_class=HTMLResponse)
async def act(request: Request, here: Here, number: str, form: complainant.FormName, given: Fields) -> Response:
    """Supplement, rate, contest or take back, by the form of that name on the complaint's page."""
    return await complainant.act(request, here, number, form, given)
