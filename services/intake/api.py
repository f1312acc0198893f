"""Door 1 of intake: file, look up, what the complainant may do with it, and what is sealed under the grant."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from pydantic_core import from_json, to_json

from services.intake import store
from services.intake.answer import (
    ComplainantIdentity,
    Complaint,
    ComplaintContent,
    ComplaintLinks,
    FiledComplaint,
    described,
)
from services.intake.domain import granted
from services.intake.handlers import Intake
from services.intake.handlers.intake import Sealed
from services.intake.requests import NewComplaint, Rating, Review, Supplement, Withdrawal
from services.intake.tables import Complaint as ComplaintRow
from shared.auth import Principal
from shared.door import IdempotencyKey
from shared.errors import NotFound
from shared.runtime import Service
from shared.tx import Tx
from shared.web.answers import Answering
from shared.web.callers import Caller, MaybeCaller, Once, service
from shared.web.numbers import Number

routes = APIRouter(prefix="/api/v1", tags=["intake"], route_class=Answering)
Here = Annotated[Service[Intake], Depends(service("intake"))]
AccessCode = Annotated[str | None, Header(alias="X-Access-Code", max_length=64)]
Deed = Callable[[Tx], Awaitable[None]]


async def complainants(number: Number, here: Here, principal: MaybeCaller, code: AccessCode = None) -> str:
    """The number, for its complainant alone: who holds its access code, or filed it under this token."""
    await admit(here, number, code, principal, complainant_only=True)
    return number


Own = Annotated[str, Depends(complainants)]


@routes.post("/complaints", status_code=201)
async def file(body: NewComplaint, here: Here, principal: MaybeCaller, once: Once) -> FiledComplaint:
    """Take a complaint; its access code is told this once."""
    owner = principal.subject if principal and principal.role == "enterprise" else None
    filed = await here.door.run("", partial(here.parts.file, body.filing(owner)), once)
    number = filed["number"]
    links = ComplaintLinks(self=f"/api/v1/complaints/{number}", page=f"/complaints/{number}")
    return FiledComplaint(number=number, access_code=filed["access_code"], status="filed", links=links)


@routes.get("/complaints/{number}")
async def look_up(number: Number, here: Here, principal: MaybeCaller, code: AccessCode = None) -> Complaint:
    """How the complaint stands, for who holds its access code or may see it by role."""
    return await view(here, number, code, principal)


@routes.post("/complaints/{number}/supplements", status_code=201)
async def supplement(body: Supplement, number: Own, here: Here, once: Once) -> Complaint:
    """Give more, asked or not."""
    return await act(here, number, partial(here.parts.supplement, number, body.text), once)


@routes.post("/complaints/{number}/rating", status_code=201)
async def rate(body: Rating, number: Own, here: Here, once: Once) -> Complaint:
    """Rate the resolution, once."""
    return await act(here, number, partial(here.parts.rate, number, body.grade, body.solved, body.comment), once)


@routes.post("/complaints/{number}/review", status_code=201)
async def review(body: Review, number: Own, here: Here, once: Once) -> Complaint:
    """Contest the resolution, once."""
    return await act(here, number, partial(here.parts.review, number, body.reason), once)


@routes.post("/complaints/{number}/withdrawal")
async def withdraw(number: Own, here: Here, once: Once, body: Withdrawal | None = None) -> Complaint:
    """Take the complaint back."""
    reason = body.reason if body else None
    return await act(here, number, partial(here.parts.withdraw, number, reason=reason), once)


@routes.get("/complaints/{number}/{what}")
async def reveal(number: Number, what: Sealed, here: Here, caller: Caller) -> ComplaintContent | ComplainantIdentity:
    """Who complained, or the unmasked texts: for the agency that handles it and who supervises; each look is kept."""
    found: ComplaintContent | ComplainantIdentity = await here.door.run(
        number, partial(here.parts.reveal, number, what, caller)
    )
    return found


async def act(here: Service[Intake], number: str, deed: Deed, once: IdempotencyKey | None) -> Complaint:
    """What the complainant does, and how the complaint stands after it; a repeat under its key gets the same answer."""

    async def then_look(tx: Tx) -> Any:
        await deed(tx)
        await tx.flush()
        complaint = await tx.lock(ComplaintRow, number)
        return complaint and from_json(to_json(described(complaint, await store.timeline(tx.session, number))))

    found: Complaint = await here.door.run(number, then_look, once)
    return found


async def view(here: Service[Intake], number: str, code: str | None, principal: Principal | None) -> Complaint:
    """What the complainant sees."""
    complaint = await admit(here, number, code, principal)
    async with here.database.reading() as session:
        return described(complaint, await store.timeline(session, number))


async def admit(
    here: Service[Intake],
    number: str,
    code: str | None,
    principal: Principal | None,
    *,
    complainant_only: bool = False,
) -> ComplaintRow:
    """The complaint, for its complainant or (unless `complainant_only`) who may see it; NotFound for all others."""
    async with here.database.reading() as session:
        complaint = await store.complaint(session, number)
        tries = await store.tries(session, number)
    if complaint and principal and _by_role(complaint, principal, complainant_only=complainant_only):
        return complaint
    if code is not None:
        here.parts.refuse_when_locked(tries, here.clock.now())
        if here.parts.code_is_right(complaint, number, code) and complaint:
            return complaint
        if complaint:
            await here.door.run(number, partial(here.parts.count_wrong_code, number))
    raise NotFound("没有这个受理编号，或查询码不对", kind="no-such-complaint")


def _by_role(complaint: ComplaintRow, principal: Principal, *, complainant_only: bool) -> bool:
    if principal.role == "enterprise":
        return complaint.owner == principal.subject
    return not complainant_only and granted(principal, complaint.lead_agency, complaint.respondents)
