"""Thin routes of the triage desk: they parse, call what the API calls, and show."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from services.router import store
from services.router.api import Here, RefusalApproval, TriageDecision
from services.router.desk import REFUSALS
from services.router.domain import STRAY
from services.router.handlers import WAITING
from services.router.pages import words
from services.router.shapes import held, held_whole
from shared.auth import Principal, Role
from shared.errors import Invalid, NotFound, Problem
from shared.reference import Mapping
from shared.web.numbers import kept_number
from shared.web.pages import Pages
from shared.web.paging import cursor, place
from shared.web.problems import field_errors
from shared.web.signin import NotSignedIn, Staff, sign_in, sign_out, signed_in

HOME, PLACE = "/desk", "人工研判"
ROLES: tuple[Role, ...] = ("dispatcher", "supervisor")
PAGE = 50
#: Forms whose fields lie one level down, and what a ticked or numbered field becomes.
_NESTED = ("refusal", "supplement")

routes = APIRouter(tags=["pages"], include_in_schema=False)
pages = Pages(
    Path(__file__).parent / "templates",
    home=HOME,
    place=PLACE,
    roles=ROLES,
    STATE=words.STATE,
    REFUSALS=REFUSALS,
    LABEL=words.LABEL,
    STRAY=STRAY,
    chance=words.chance,
)


async def dispatcher(request: Request) -> Principal | None:
    """Who sits at the desk; None shows the sign-in form."""
    try:
        found = await signed_in(request)
        found.must_be(*ROLES)
    except NotSignedIn:
        return None
    return found


AtDesk = Annotated[Principal | None, Depends(dispatcher)]


async def fields(request: Request) -> dict[str, str]:
    """What a form sent, text fields only, without the empty ones."""
    sent = await request.form()
    return {name: value.strip() for name, value in sent.items() if isinstance(value, str) and value.strip()}


Fields = Annotated[dict[str, str], Depends(fields)]


@routes.post(f"{HOME}/sign-in", response_class=HTMLResponse)
async def enter(request: Request, given: Fields) -> Response:
    """Keep the token and go to the desk."""
    answer = RedirectResponse(HOME, 303)
    try:
        await sign_in(request, answer, given.get("token", ""), *ROLES)
    except Problem as problem:
        return pages.show(request, "sign-in.html", problem.status, who=None, fault=problem.detail)
    return answer


@routes.post(f"{HOME}/sign-out", response_class=HTMLResponse)
async def leave(_who: Staff) -> Response:
    """Forget the token."""
    answer = RedirectResponse(HOME, 303)
    sign_out(answer)
    return answer


@routes.get(HOME, response_class=HTMLResponse)
async def waiting(request: Request, here: Here, who: AtDesk, after: str | None = None) -> Response:
    """What waits, longest first."""
    if who is None:
        return pages.show(request, "sign-in.html", 401, who=None, fault=None)
    async with here.database.reading() as session:
        rows = await store.held(session, place(after), PAGE + 1)
        counts = await store.counts(session)
    following = cursor(rows[PAGE - 1].held_at, rows[PAGE - 1].number) if len(rows) > PAGE else None
    items = [held(row) for row in rows[:PAGE]]
    mapping = here.parts.router.mapping()
    return pages.show(request, "desk.html", who=who, items=items, next=following, counts=counts, mapping=mapping)


@routes.get(f"{HOME}/{{number}}", response_class=HTMLResponse)
async def one(request: Request, number: str, here: Here, who: AtDesk) -> Response:
    """One complaint: what was read, why it is here, and what can be decided."""
    if who is None:
        return pages.show(request, "sign-in.html", 401, who=None, fault=None)
    return await _shown(request, number, here, who)


@routes.post(f"{HOME}/{{number}}/decision", response_class=HTMLResponse)
async def decide(request: Request, number: str, here: Here, who: AtDesk, given: Fields) -> Response:
    """One of the desk's forms; what it cannot take is said above the form."""
    if who is None:
        return pages.show(request, "sign-in.html", 401, who=None, fault=None)
    try:
        body = TriageDecision.model_validate(_nested(given))
        kept = kept_number("number", number)
        await here.door.run(kept, partial(here.parts.desk.decide, kept, body.choice(), body.note, who))
    except ValidationError as error:
        return await _shown(request, number, here, who, Invalid(field_errors(error.errors())), given)
    except Problem as problem:
        return await _shown(request, number, here, who, problem, given)
    return RedirectResponse(f"{HOME}/{number}", 303)


@routes.post(f"{HOME}/{{number}}/approval", response_class=HTMLResponse)
async def approve(request: Request, number: str, here: Here, who: AtDesk, given: Fields) -> Response:
    """A supervisor's word on a proposed refusal."""
    if who is None:
        return pages.show(request, "sign-in.html", 401, who=None, fault=None)
    try:
        body = RefusalApproval.model_validate(given)
        who.must_be("supervisor")
        kept = kept_number("number", number)
        await here.door.run(kept, partial(here.parts.desk.approve, kept, body.approved, body.reason, who))
    except ValidationError as error:
        return await _shown(request, number, here, who, Invalid(field_errors(error.errors())), given)
    except Problem as problem:
        return await _shown(request, number, here, who, problem, given)
    return RedirectResponse(f"{HOME}/{number}", 303)


async def _shown(
    request: Request,
    number: str,
    here: Any,
    who: Principal,
    problem: Problem | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    kept = kept_number("number", number)
    async with here.database.reading() as session:
        row = await store.routing(session, kept)
        decisions = await store.decisions(session, kept)
    if row is None:
        raise NotFound("没有这个受理编号", kind="no-such-complaint")
    mapping: Mapping = here.parts.router.mapping()
    faults = {wrong["field"]: wrong["reason"] for wrong in (problem.more.get("errors", ()) if problem else ())}
    return pages.show(
        request,
        "held.html",
        problem.status if problem else 200,
        who=who,
        row=held_whole(row),
        open=row.state in WAITING,
        decisions=decisions,
        mapping=mapping,
        candidates=[(mapping.matters.get(c["ref"]), c) for c in row.candidates],
        problem=problem,
        faults=faults,
        given=given or {},
    )


def _nested(given: dict[str, str]) -> dict[str, Any]:
    """`refusal.code=…` as {"refusal": {"code": …}}."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        outer, _, inner = name.partition(".")
        nest = found.setdefault(outer, {}) if inner and outer in _NESTED else None
        if isinstance(nest, dict):
            nest[inner] = value
        elif nest is None:
            found[name] = value
    return found
