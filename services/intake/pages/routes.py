"""Thin routes: they parse, call what the API calls, and show; the form's names are the API's field names."""

import secrets
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from services.intake.api import Here, view
from services.intake.requests import NewComplaint
from shared.clock import in_shanghai
from shared.door import IdempotencyKey
from shared.errors import FieldError, Invalid, Problem
from shared.reference import current
from shared.reference.identifiers import normalise_number, number_problem, readable_number
from shared.web.problems import field_errors

routes = APIRouter(tags=["pages"], include_in_schema=False)
templates = Jinja2Templates(Path(__file__).parent / "templates")
STATUS = {
    "filed": "已提交",
    "triage": "人工研判中",
    "assigned": "已派单，待签收",
    "handling": "办理中",
    "supplement_needed": "需要补充材料",
    "replied": "已答复",
    "resolved": "已办结",
    "refused": "不予受理",
    "withdrawn": "已撤回",
}
WHAT = {
    "filed": "提交投诉",
    "held": "进入人工研判",
    "assigned": "派单",
    "accepted": "签收",
    "replied": "答复",
    "resolved": "办结",
    "withdrawn": "撤回",
}
LABEL = {
    "enterprise.name": "企业名称",
    "enterprise.uscc": "统一社会信用代码",
    "contact.name": "联系人",
    "contact.phone": "联系电话",
    "contact.email": "电子邮箱",
    "region": "事情发生在",
    "title": "标题",
    "description": "经过与诉求",
    "matter": "事项",
    "respondent.name": "被投诉单位",
    "amount": "涉及金额",
}
STAGE = {"accept": "签收", "reply": "首次答复", "resolve": "办结"}


def _moment(value: Any) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{in_shanghai(moment):%Y-%m-%d %H:%M}"


def _agency(code: str | None) -> str:
    found = current().agencies.get(code or "")
    return found.name if found else "—"


templates.env.filters |= {"moment": _moment, "agency": _agency, "readable": readable_number}
templates.env.globals |= {"STATUS": STATUS, "WHAT": WHAT, "STAGE": STAGE, "LABEL": LABEL}


def _page(request: Request, name: str, status: int = 200, **context: Any) -> Response:
    response = templates.TemplateResponse(request, name, context, status_code=status)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(request: Request, given: dict[str, str], errors: list[FieldError], status: int = 200) -> Response:
    reference = current()
    cities = [region for region in reference.regions.values() if region.level == "city"]
    below = {city.name: [city, *(r for r in reference.regions.values() if r.parent == city.code)] for city in cities}
    faults = {error.field: error.reason for error in errors}
    more = {"cities": below, "matters": list(reference.matters.values()), "given": given, "faults": faults}
    return _page(request, "form.html", status, once=given.get("once") or secrets.token_urlsafe(16), **more)


@routes.get("/", response_class=HTMLResponse)
async def form(request: Request) -> Response:
    """The form, empty."""
    return _form(request, {}, [])


async def fields(request: Request) -> dict[str, str]:
    """What the form sent, text fields only."""
    sent = await request.form()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(fields)]


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
    return _page(request, "receipt.html", 201, filed=filed)


def _nested(given: dict[str, str]) -> dict[str, Any]:
    """`contact.phone=…` as {"contact": {"phone": …}}; empty fields are left out, ticked boxes are true."""
    found: dict[str, Any] = {"enterprise": {}, "contact": {}}
    for name, value in given.items():
        if name == "once" or not value.strip():
            continue
        outer, _, inner = name.partition(".")
        if inner:
            found.setdefault(outer, {})[inner] = value
        else:
            found[outer] = True if outer in ("confidential", "foreign_invested") else value
    return found


@routes.get("/complaints", response_class=HTMLResponse)
async def ask(request: Request, number: str = "") -> Response:
    """Where to type number and access code."""
    return _page(request, "ask.html", number=number, fault=None)


@routes.get("/complaints/{number}", response_class=HTMLResponse)
async def ask_for(request: Request, number: str) -> Response:
    """The same, for this complaint."""
    return RedirectResponse(f"/complaints?number={normalise_number(number)[:16]}", 303)


@routes.post("/complaints", response_class=HTMLResponse)
async def show(
    request: Request, here: Here, number: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    """How the complaint stands; the code travels in the body, never in an address."""
    if problem := number_problem(number):
        return _page(request, "ask.html", 422, number=number, fault=problem)
    try:
        found = await view(here, normalise_number(number), code, None)
    except Problem as problem_found:
        return _page(request, "ask.html", problem_found.status, number=number, fault=problem_found.detail)
    return _page(request, "complaint.html", found=found)
