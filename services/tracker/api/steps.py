"""Steps on a case: each answers with the case as it stands then."""

from functools import partial

from fastapi import APIRouter

from services.tracker.api import requests as ask
from services.tracker.api.answers import Case, CaseResolved, CaseSupervised
from services.tracker.api.callers import AnyStep, Here, OwnStep
from services.tracker.api.cases import shown
from services.tracker.api.lists import ExtensionAsked
from services.tracker.domain.arrears import Totals
from services.tracker.handlers.steps import Record
from shared.web.answers import Answering
from shared.web.callers import Once

routes = APIRouter(prefix="/api/v1/cases/{number}", tags=["steps"], route_class=Answering)


@routes.post("/acceptance")
async def accept(step: OwnStep, here: Here, body: ask.Empty | None = None) -> Case:
    """The lead agency takes the case."""
    await here.door.run(step.number, partial(here.parts.accept, step))
    return await shown(step.number, here, step.who)


@routes.post("/return")
async def give_back(step: OwnStep, body: ask.Return, here: Here) -> Case:
    """The case is not the agency's duty."""
    await here.door.run(step.number, partial(here.parts.give_back, step, body.code, body.reason))
    return await shown(step.number, here, step.who)


@routes.post("/suspension")
async def suspend(step: OwnStep, body: ask.Suspension, here: Here) -> Case:
    """The clock stands, for the complainant's material or an expert."""
    await here.door.run(step.number, partial(here.parts.suspend, step, body.why, body.reason, body.days))
    return await shown(step.number, here, step.who)


@routes.post("/resumption")
async def resume(step: OwnStep, here: Here, body: ask.Empty | None = None) -> Case:
    """The clock runs on."""
    await here.door.run(step.number, partial(here.parts.resume, step))
    return await shown(step.number, here, step.who)


@routes.post("/extension-requests", status_code=201)
async def ask_extension(step: OwnStep, body: ask.NewExtensionRequest, here: Here, once: Once) -> ExtensionAsked:
    """The lead agency asks for more time."""
    asked = await here.door.run(step.number, partial(here.parts.ask_extension, step, body.days, body.reason), once)
    return ExtensionAsked(id=asked, number=step.number, state="pending", days=body.days, reason=body.reason)


@routes.post("/opinions", status_code=201)
async def give_opinion(step: OwnStep, body: ask.Opinion, here: Here, once: Once) -> Case:
    """A co-agency's opinion."""
    await here.door.run(step.number, partial(here.parts.give_opinion, step, body.text), once)
    return await shown(step.number, here, step.who)


@routes.post("/replies", status_code=201)
async def reply(step: OwnStep, body: ask.NewReply, here: Here, once: Once) -> Case:
    """The agency's answer, or an internal note."""
    given = (body.text, body.met, body.contacted_at, body.internal)
    await here.door.run(step.number, partial(here.parts.reply, step, *given), once)
    return await shown(step.number, here, step.who)


@routes.post("/resolution")
async def resolve(step: OwnStep, here: Here, body: ask.Empty | None = None) -> CaseResolved:
    """The lead signs off; `missing_opinions` are those of co-agencies that gave none."""
    missing = await here.door.run(step.number, partial(here.parts.resolve, step))
    return CaseResolved(**await shown(step.number, here, step.who), missing_opinions=missing)


@routes.post("/arrears", status_code=201)
async def record_arrears(step: OwnStep, body: ask.NewArrearsRecord, here: Here, once: Once) -> Case:
    """What is newly known of the sum owed."""
    totals = Totals(body.claimed, body.verified, body.repaid, body.under_agreement)
    record = Record(totals, body.at, body.evidence)
    await here.door.run(step.number, partial(here.parts.record_arrears, step, record), once)
    return await shown(step.number, here, step.who)


@routes.post("/class")
async def set_simple(step: AnyStep, body: ask.SimpleClass, here: Here) -> Case:
    """A dispatcher or supervisor finds the case simple."""
    await here.door.run(step.number, partial(here.parts.set_simple, step))
    return await shown(step.number, here, step.who)


@routes.post("/review-decision")
async def decide_review(step: AnyStep, body: ask.ReviewDecision, here: Here) -> Case:
    """A supervisor's word on a contested result."""
    await here.door.run(step.number, partial(here.parts.decide_review, step, body.upheld, body.reason))
    return await shown(step.number, here, step.who)


@routes.post("/supervision-orders", status_code=201)
async def supervise(step: AnyStep, body: ask.NewOrder, here: Here, once: Once) -> CaseSupervised:
    """A supervisor's order to the lead agency."""
    order = await here.door.run(step.number, partial(here.parts.supervise, step, body.reason, body.days), once)
    return CaseSupervised(**await shown(step.number, here, step.who), order=order)
