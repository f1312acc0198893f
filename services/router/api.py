"""Door 1 of the router: the mapping, a preview of a decision, and the triage desk."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.router import store
from services.router.domain import Assigned, Question
from services.router.handlers import Router
from shared.errors import FieldError, Invalid
from shared.reference import Agency, Mapping, Matter
from shared.reference.identifiers import normalise_number, number_problem
from shared.runtime import Service
from shared.web.callers import Caller, service
from shared.web.paging import cursor, place

routes = APIRouter(prefix="/api/v1", tags=["router"])
Here = Annotated[Service[Router], Depends(service("router"))]


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


class TriageDecision(BaseModel):
    """By matter or by agency, not both."""

    model_config = ConfigDict(extra="forbid")
    matter: str | None = None
    agency: str | None = None
    note: str | None = Field(None, max_length=1000)

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if (self.matter is None) == (self.agency is None):
            raise ValueError("matter 与 agency 须填且只填一个")
        return self


@routes.get("/matters")
async def matters(here: Here) -> dict[str, Any]:
    """All matters of the mapping in force."""
    mapping = here.parts.mapping()
    return {"version": mapping.version, "matters": [_matter(m, mapping) for m in mapping.matters.values()]}


def _matter(matter: Matter, mapping: Mapping) -> dict[str, Any]:
    def named(codes: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"code": code, "name": mapping.agency(code).name} for code in codes]

    return {
        "ref": matter.ref,
        "item": matter.item,
        "column": matter.column,
        "sequence": matter.sequence,
        "section": matter.section,
        "title": matter.title,
        "leads": named(matter.leads),
        "participants": named(matter.participants),
        "local": matter.local,
    }


@routes.get("/agencies")
async def agencies(here: Here) -> dict[str, Any]:
    """The directory of agencies."""
    mapping = here.parts.mapping()
    return {"version": mapping.version, "agencies": [_agency(a) for a in mapping.agencies.values()]}


def _agency(agency: Agency) -> dict[str, Any]:
    found = asdict(agency)
    found["aliases"], found["successors"] = list(agency.aliases), [asdict(s) for s in agency.successors]
    return found


@routes.post("/routing/preview")
async def preview(body: Preview, here: Here) -> dict[str, Any]:
    """What the router would decide; changes nothing."""
    mapping = here.parts.mapping()
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
    decision = here.parts.decision(question)
    shown = {"candidates": [], "co_agencies": [], "reasons": list(decision.reasons), "rules_version": mapping.version}
    if isinstance(decision, Assigned):
        agencies = {"lead_agency": decision.lead, "co_agencies": list(decision.co_agencies)}
        return {**shown, "outcome": "assigned", "matter": decision.matter, **agencies}
    return {**shown, "outcome": "triage", "candidates": [asdict(reading) for reading in decision.candidates]}


@routes.get("/triage")
async def triage(
    here: Here,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(alias="cursor")] = None,
) -> dict[str, Any]:
    """What waits for a dispatcher, longest first."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        rows = await store.held(session, place(after), limit + 1)
    items = [
        {
            "number": row.number,
            "title": row.question["title"],
            "candidates": row.candidates,
            "reasons": row.reasons,
            "held_at": row.held_at,
        }
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return {"items": items, "next": cursor(rows[limit - 1].held_at, rows[limit - 1].number) if more else None}


@routes.post("/triage/{number}/decision")
async def decide(
    number: Annotated[str, Path(max_length=40)], body: TriageDecision, here: Here, caller: Caller
) -> dict[str, Any]:
    """A dispatcher decides by matter or by agency."""
    caller.must_be("dispatcher", "supervisor")
    if problem := number_problem(number):
        raise Invalid([FieldError("number", problem)], kind="number-invalid")
    key = normalise_number(number)
    chosen = (body.matter, body.agency, body.note, caller.subject)
    found: dict[str, Any] = await here.door.run(key, partial(here.parts.dispatch, key, *chosen))
    return found


@routes.get("/routing/{number}")
async def explain(number: str, here: Here, caller: Caller) -> dict[str, Any]:
    """Every decision on this complaint, with its reasons."""
    caller.must_be("dispatcher", "supervisor")
    async with here.database.reading() as session:
        found = await store.decisions(session, normalise_number(number))
    return {"number": number, "decisions": [d.model_dump(exclude={"id", "number"}) for d in found]}
