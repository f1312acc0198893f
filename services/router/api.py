"""Door 1 of the router: the mapping, a preview of a decision, and the triage desk."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.router import answers as say
from services.router import shapes, store, tally
from services.router.desk import (
    AskSupplement,
    ByAgency,
    ByMatter,
    Choice,
    Desk,
    DuplicateOf,
    RefusalCode,
    Refuse,
)
from services.router.domain import STRAY, Assigned, NeedsTriage, Question
from services.router.handlers import SHOWN, Router
from shared.errors import FieldError, Invalid, NotFound
from shared.reference import rules
from shared.runtime import Service
from shared.web.answers import Answering
from shared.web.callers import Caller, Once, service
from shared.web.numbers import Number, kept_number
from shared.web.paging import cursor, place


@dataclass(frozen=True, slots=True)
class Parts:
    """What the router's routes use."""

    router: Router
    desk: Desk


routes = APIRouter(prefix="/api/v1", tags=["router"], route_class=Answering)
Here = Annotated[Service[Parts], Depends(service("router"))]


class Respondent(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, max_length=100)
    agency: str | None = Field(None, max_length=40)


class Preview(BaseModel):
    """What a decision would rest on."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field("", max_length=100)
    description: str = Field(max_length=10_000)
    region: str | None = None
    matter: str | None = None
    respondent: Respondent | None = None
    foreign_invested: bool = False


class Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: RefusalCode
    reason: str = Field(min_length=2, max_length=1000)


class Supplement(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=2, max_length=1000)
    days: int = Field(5, ge=1, le=60)


class TriageDecision(BaseModel):
    """One of: by matter, by agency, refuse, duplicate, or ask the complainant for more."""

    model_config = ConfigDict(extra="forbid")
    matter: str | None = None
    agency: str | None = None
    refusal: Refusal | None = None
    duplicate_of: str | None = Field(None, max_length=40)
    supplement: Supplement | None = None
    note: str | None = Field(None, max_length=1000)

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        given = (self.matter, self.agency, self.refusal, self.duplicate_of, self.supplement)
        if sum(one is not None for one in given) != 1:
            raise ValueError("matter、agency、refusal、duplicate_of、supplement 须填且只填一个")
        return self

    def choice(self) -> Choice:
        """The same, as the desk takes it."""
        if self.matter is not None:
            return ByMatter(self.matter)
        if self.agency is not None:
            return ByAgency(self.agency)
        if self.refusal is not None:
            return Refuse(self.refusal.code, self.refusal.reason)
        if self.supplement is not None:
            return AskSupplement(self.supplement.reason, self.supplement.days)
        return DuplicateOf(kept_number("duplicate_of", self.duplicate_of or ""))


class RefusalApproval(BaseModel):
    model_config = ConfigDict(extra="forbid")
    approved: bool
    reason: str | None = Field(None, max_length=1000)


@routes.get("/matters")
async def matters(here: Here) -> say.MatterTable:
    """All matters of the mapping in force."""
    mapping = here.parts.router.mapping()
    found = [shapes.matter(one, mapping) for one in mapping.matters.values()]
    return say.MatterTable(version=mapping.version, matters=found)


@routes.get("/agencies")
async def agencies(here: Here) -> say.AgencyDirectory:
    """The directory of agencies."""
    mapping = here.parts.router.mapping()
    return say.AgencyDirectory(
        version=mapping.version, agencies=[shapes.agency(one) for one in mapping.agencies.values()]
    )


@routes.post("/routing/preview")
async def preview(body: Preview, here: Here) -> say.RoutingPreview:
    """What the router would decide; changes nothing."""
    mapping = here.parts.router.mapping()
    if body.region is not None and body.region not in mapping.regions:
        raise Invalid([FieldError("region", "应为河南省的行政区划代码，例如 410102（郑州市中原区）")])
    if body.matter is not None and body.matter not in mapping.matters:
        raise Invalid([FieldError("matter", "没有这个事项；应形如 6.problem.3")])
    respondent = body.respondent or Respondent()
    question = Question(
        title=body.title,
        text=body.description,
        region=body.region,
        matter=body.matter,
        respondent=respondent.name,
        respondent_agency=respondent.agency,
        foreign_invested=body.foreign_invested,
    )
    decision, read = await here.parts.router.decision(question)
    assigned = decision if isinstance(decision, Assigned) else None
    stray = isinstance(decision, NeedsTriage) and decision.out_of_scope >= STRAY
    return say.RoutingPreview(
        matter=assigned.matter if assigned else None,
        lead_agency=assigned.lead if assigned else None,
        co_agencies=list(assigned.co_agencies) if assigned else [],
        participants=list(assigned.participants) if assigned else [],
        candidates=[say.Candidate(ref=one.ref, score=round(one.score, 4)) for one in read.candidates[:SHOWN]],
        out_of_scope=round(read.out_of_scope, 4),
        reasons=list(decision.reasons),
        rules_version=mapping.version,
        reader=read.reader,
        outcome="assigned" if assigned else "out_of_scope" if stray else "triage",
    )


@routes.get("/triage")
async def triage(
    here: Here,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(alias="cursor")] = None,
) -> say.TriagePage:
    """What waits for a dispatcher, longest first."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        rows = await store.held(session, place(after), limit + 1)
    more = len(rows) > limit
    following = cursor(rows[limit - 1].held_at, rows[limit - 1].number) if more else None
    return say.TriagePage(items=[shapes.held(row) for row in rows[:limit]], next=following)


@routes.get("/triage/{number}")
async def one_held(number: Number, here: Here, caller: Caller) -> say.HeldComplaintDetail:
    """One complaint at the desk, or that was there."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        row = await store.routing(session, number)
    if row is None:
        raise NotFound("没有这个受理编号", kind="no-such-complaint")
    return shapes.held_whole(row)


@routes.post("/triage/{number}/decision")
async def decide(number: Number, body: TriageDecision, here: Here, caller: Caller, once: Once) -> say.TriageOutcome:
    """A dispatcher decides: by matter, by agency, refuse (a supervisor approves), duplicate, or ask for more."""
    caller.must_be("dispatcher", "supervisor")
    choice = body.choice()
    await here.door.run(number, partial(here.parts.desk.decide, number, choice, body.note, caller), once)
    return await _decided(number, here)


@routes.post("/triage/{number}/refusal-approval")
async def approve_refusal(number: Number, body: RefusalApproval, here: Here, caller: Caller) -> say.TriageOutcome:
    """A supervisor approves a proposed refusal, or sends the complaint back to the desk."""
    caller.must_be("supervisor")
    await here.door.run(number, partial(here.parts.desk.approve, number, body.approved, body.reason, caller))
    return await _decided(number, here)


async def _decided(number: str, here: Service[Parts]) -> say.TriageOutcome:
    async with here.database.reading() as session:
        row = await store.routing(session, number)
        found = await store.decisions(session, number)
    return shapes.decided(number, row, found[-1] if found else None)


@routes.get("/routing/accuracy")
async def accuracy(here: Here, caller: Caller, by: tally.By = "lead_agency") -> say.RoutingAccuracy:
    """派单准确率 by rule, agency, reader or version: what was returned, and where dispatchers chose otherwise."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        rows = await tally.accuracy(session, by)
    return say.RoutingAccuracy(by=by, groups=list(rows))


@routes.get("/routing/versions")
async def versions(here: Here, caller: Caller) -> say.MappingVersions:
    """The versions of the mapping: which serve, from when, and which were refused and why."""
    caller.must_be("dispatcher", "supervisor")
    told = rules().told()
    in_force = here.parts.router.mapping().version
    return say.MappingVersions(in_force=in_force, versions=told["versions"], refused=told["refused"])


@routes.get("/routing/{number}")
async def explain(number: Number, here: Here, caller: Caller) -> say.RoutingDecisions:
    """Every decision on this complaint, with its reasons."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        found = await store.decisions(session, number)
    return say.RoutingDecisions(number=number, decisions=[shapes.decision(one) for one in found])
