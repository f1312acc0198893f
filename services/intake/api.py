"""Door 1 of intake: file, look up, withdraw, and read an identity under the grant."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path

from services.intake import store
from services.intake.handlers import Intake
from services.intake.requests import NewComplaint
from services.intake.tables import Complaint
from shared.auth import Principal
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.reference.identifiers import normalise_number, number_problem
from shared.runtime import Service
from shared.web.callers import Caller, MaybeCaller, Once, service

routes = APIRouter(prefix="/api/v1", tags=["intake"])
Here = Annotated[Service[Intake], Depends(service("intake"))]
AccessCode = Annotated[str | None, Header(alias="X-Access-Code", max_length=64)]


async def number_in_path(number: Annotated[str, Path(max_length=40)]) -> str:
    """The number as it is kept; Invalid when its check character does not fit."""
    if problem := number_problem(number):
        raise Invalid([FieldError("number", problem)], kind="number-invalid")
    return normalise_number(number)


Number = Annotated[str, Depends(number_in_path)]


@routes.post("/complaints", status_code=201)
async def file(body: NewComplaint, here: Here, principal: MaybeCaller, once: Once) -> dict[str, Any]:
    """Take a complaint; its access code is told this once."""
    owner = principal.subject if principal and principal.role == "enterprise" else None
    filed = await here.door.run("", partial(here.parts.file, body.filing(owner)), once)
    number = filed["number"]
    links = {"self": f"/api/v1/complaints/{number}", "page": f"/complaints/{number}"}
    return {**filed, "status": "filed", "links": links}


@routes.get("/complaints/{number}")
async def look_up(number: Number, here: Here, principal: MaybeCaller, code: AccessCode = None) -> dict[str, Any]:
    """How the complaint stands, for who holds its access code or may see it by role."""
    return await view(here, number, code, principal)


@routes.post("/complaints/{number}/withdrawal")
async def withdraw(number: Number, here: Here, principal: MaybeCaller, code: AccessCode = None) -> dict[str, Any]:
    """Take the complaint back."""
    await admit(here, number, code, principal, complainant_only=True)
    await here.door.run(number, partial(here.parts.withdraw, number))
    return await view(here, number, code, principal)


@routes.get("/complaints/{number}/{what}")
async def reveal(number: Number, what: Literal["identity", "content"], here: Here, caller: Caller) -> dict[str, Any]:
    """Who complained, or the unmasked text: for the agency that handles it and who supervises; each look is kept."""
    async with here.database.reading() as session:
        complaint = await store.complaint(session, number)
    if complaint is None or not _granted(complaint, caller):
        raise Forbidden("只有承办该投诉的单位可以查看", kind="no-grant")
    found: dict[str, Any] = await here.door.run(number, partial(here.parts.reveal, number, what, caller.subject))
    return found


def _granted(complaint: Complaint, caller: Principal) -> bool:
    if caller.role == "agency":
        return complaint.lead_agency == caller.agency
    return caller.role in ("dispatcher", "supervisor", "admin")


async def view(here: Service[Intake], number: str, code: str | None, principal: Principal | None) -> dict[str, Any]:
    """What the complainant sees."""
    complaint = await admit(here, number, code, principal)
    async with here.database.reading() as session:
        entries = await store.timeline(session, number)
    filed = {"at": complaint.filed_at, "what": "filed"}
    return {
        "number": number,
        "status": complaint.status,
        "filed_at": complaint.filed_at,
        "region": complaint.region,
        "matter": complaint.matter,
        "lead_agency": complaint.lead_agency,
        "co_agencies": complaint.co_agencies,
        "deadlines": complaint.deadlines,
        "timeline": [filed, *({"at": e.at, "what": e.what, **e.detail} for e in entries)],
    }


async def admit(
    here: Service[Intake],
    number: str,
    code: str | None,
    principal: Principal | None,
    *,
    complainant_only: bool = False,
) -> Complaint:
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


def _by_role(complaint: Complaint, principal: Principal, *, complainant_only: bool) -> bool:
    if principal.role == "enterprise":
        return complaint.owner == principal.subject
    return not complainant_only and _granted(complaint, principal)
