"""Door 1 of the tracker: the queue agencies pull, and their steps on a case."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.tracker import claims, store
from services.tracker.handlers import Step, Tracker, visible
from services.tracker.tables import Case, Deadline
from shared.auth import Principal
from shared.calendar import current as calendar
from shared.calendar import due
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.reference.identifiers import normalise_number, number_problem
from shared.runtime import Service
from shared.web.callers import Caller, Once, service
from shared.web.paging import cursor, place

routes = APIRouter(prefix="/api/v1", tags=["tracker"])
Here = Annotated[Service[Tracker], Depends(service("tracker"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(alias="cursor", max_length=200)]
#: How often a waiting pull looks again, in seconds.
_LOOK_AGAIN = 0.1


class Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(10, ge=1, le=100)
    lease_seconds: int = Field(300, ge=1)


class Renewal(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fence: int
    lease_seconds: int = Field(300, ge=1)


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=10_000)
    met: bool
    contacted_at: AwareDatetime | None = None
    internal: bool = False


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid")


async def number_in_path(number: Annotated[str, Path(max_length=40)]) -> str:
    """The number as it is kept; Invalid when its check character does not fit."""
    if problem := number_problem(number):
        raise Invalid([FieldError("number", problem)], kind="number-invalid")
    return normalise_number(number)


Number = Annotated[str, Depends(number_in_path)]


async def own_agency(caller: Caller) -> str:
    """The caller's agency; Forbidden for everyone else."""
    caller.must_be("agency")
    if caller.agency is None:
        raise Forbidden("令牌没有单位代码", kind="no-agency")
    return caller.agency


OwnAgency = Annotated[str, Depends(own_agency)]


async def step_of(
    number: Number,
    caller: Caller,
    if_match: Annotated[str | None, Header()] = None,
    fence: Annotated[int | None, Header(alias="X-Fence")] = None,
) -> Step:
    """Who steps, on which case, of which version, under which claim."""
    caller.must_be("agency")
    word = (if_match or "").removeprefix("W/").strip('"')
    if if_match is not None and not word.isdigit():
        raise Invalid([FieldError("If-Match", '应为办件的版本号，例如 "3"')])
    return Step(number, caller, int(word) if word else None, fence)


OwnStep = Annotated[Step, Depends(step_of)]


@routes.get("/queue")
async def queue(
    here: Here,
    agency: OwnAgency,
    limit: Limit = 50,
    after: Cursor = None,
    wait: Annotated[float, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """The agency's open cases, most urgent first; with `wait` seconds, as soon as there is one."""
    start, seen = time.monotonic(), place(after)
    patience = min(wait, here.parts.settings.wait_max_seconds)
    while True:
        async with here.database.reading() as session:
            rows = await store.queue(session, agency, seen, limit + 1)
            deadlines = await store.deadlines_of(session, [row.number for row in rows])
        if rows or time.monotonic() - start >= patience:
            break
        await asyncio.sleep(_LOOK_AGAIN)
    shown = [brief(row, deadlines.get(row.number, [])) for row in rows[:limit]]
    more = len(rows) > limit
    return {"cases": shown, "next": cursor(rows[limit - 1].urgent_at, rows[limit - 1].number) if more else None}


@routes.post("/queue/claims")
async def claim(body: Claim, here: Here, agency: OwnAgency, caller: Caller, once: Once) -> dict[str, Any]:
    """Take the most urgent free cases for a while."""
    seconds = _lease(body.lease_seconds, here)

    async def run(tx: Any) -> dict[str, Any]:
        rows = await claims.claim(agency, caller.subject, body.limit, seconds, tx)
        deadlines = await store.deadlines_of(tx.session, [row.number for row in rows])
        return {"cases": [_claimed(row, deadlines.get(row.number, [])) for row in rows]}

    found: dict[str, Any] = await here.door.run("", run, once)
    return found


@routes.put("/queue/claims/{number}")
async def renew(number: Number, body: Renewal, here: Here, agency: OwnAgency) -> dict[str, Any]:
    """The worker's heartbeat."""
    seconds = _lease(body.lease_seconds, here)
    row = await here.door.run(number, partial(claims.renew, agency, number, body.fence, seconds))
    return {"number": number, "fence": row.fence, "lease_until": row.lease_until}


@routes.delete("/queue/claims/{number}", status_code=204)
async def release(number: Number, here: Here, agency: OwnAgency, fence: int) -> None:
    """Give the case back to the queue."""
    await here.door.run(number, partial(claims.release, agency, number, fence))


def _lease(seconds: int, here: Service[Tracker]) -> int:
    longest = here.parts.settings.lease_max_seconds
    if seconds > longest:
        raise Invalid([FieldError("lease_seconds", f"应不大于 {longest}")])
    return seconds


@routes.get("/cases")
async def cases(
    here: Here,
    caller: Caller,
    agency: str | None = None,
    state: str | None = None,
    card: str | None = None,
    matter: str | None = None,
    region: str | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    after: Cursor = None,
) -> dict[str, Any]:
    """Cases, latest assigned first; an agency sees its own."""
    caller.must_be("agency", "dispatcher", "supervisor")
    if caller.role == "agency":
        agency = caller.agency
    filters = store.Filters(agency, state, matter, region, card, q)
    async with here.database.reading() as session:
        rows = await store.cases(session, filters, place(after), limit + 1)
        deadlines = await store.deadlines_of(session, [row.number for row in rows])
    shown = [brief(row, deadlines.get(row.number, [])) for row in rows[:limit]]
    more = len(rows) > limit
    return {"cases": shown, "next": cursor(rows[limit - 1].assigned_at, rows[limit - 1].number) if more else None}


@routes.get("/cases/{number}")
async def case(number: Number, here: Here, caller: Caller) -> dict[str, Any]:
    """One case with its deadlines and its timeline."""
    return await _whole(number, here, caller)


async def _whole(number: str, here: Service[Tracker], caller: Principal) -> dict[str, Any]:
    async with here.database.reading() as session:
        row = await store.case(session, number)
        if row is None or not visible(row, caller):
            raise NotFound("没有这个办件", kind="no-such-case")
        deadlines = await store.deadlines(session, number, row.assignment)
        entries = await store.timeline(session, number)
    told = [{"at": e.at, "what": e.what, "who": e.who, "from": e.from_state, **e.detail} for e in entries]
    return {**brief(row, deadlines), "reasons": row.reasons, "timeline": told}


@routes.post("/cases/{number}/acceptance")
async def accept(step: OwnStep, here: Here, body: Empty | None = None) -> dict[str, Any]:
    """The lead agency takes the case."""
    await here.door.run(step.number, partial(here.parts.accept, step))
    return await _whole(step.number, here, step.who)


@routes.post("/cases/{number}/replies", status_code=201)
async def reply(step: OwnStep, body: Reply, here: Here, once: Once) -> dict[str, Any]:
    """The agency's answer, or an internal note."""
    given = (body.text, body.met, body.contacted_at, body.internal)
    await here.door.run(step.number, partial(here.parts.reply, step, *given), once)
    return await _whole(step.number, here, step.who)


@routes.post("/cases/{number}/resolution")
async def resolve(step: OwnStep, here: Here, body: Empty | None = None) -> dict[str, Any]:
    """Handling ends."""
    await here.door.run(step.number, partial(here.parts.resolve, step))
    return await _whole(step.number, here, step.who)


@routes.get("/deadlines/preview")
async def deadline_preview(
    start: AwareDatetime,
    limit: Annotated[int, Query(ge=0, le=400)],
    unit: Literal["working_day", "calendar_day"] = "working_day",
) -> dict[str, Any]:
    """When a limit of so many days from `start` falls due."""
    try:
        return {"due_at": due(start, limit, unit, calendar())}
    except LookupError as error:
        raise Invalid([FieldError("start", f"没有该年份的日历：{error}")], kind="no-calendar") from error


def brief(row: Case, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    """A case in a list."""
    mine = [d for d in deadlines if d.assignment == row.assignment]
    return {
        "number": row.number,
        "state": row.state,
        "version": row.version,
        "title": row.title,
        "matter": row.matter,
        "class": row.case_class,
        "region": row.region,
        "amount": str(row.amount) if row.amount is not None else None,
        "lead_agency": row.lead_agency,
        "co_agencies": row.co_agencies,
        "participants": row.participants,
        "filed_at": row.filed_at,
        "assigned_at": row.assigned_at,
        "urgent_at": row.urgent_at,
        "deadlines": [{"stage": d.stage, "due_at": d.due_at, "met_at": d.met_at, "card": d.card} for d in mine],
    }


def _claimed(row: Case, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    return {**brief(row, deadlines), "fence": row.fence, "lease_until": row.lease_until}
