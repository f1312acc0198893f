"""Earlier records come in: cases of the past with their dates, many at a time, each once."""

import asyncio
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from services.tracker.api.callers import Here
from services.tracker.api.records import read
from services.tracker.api.requests import Body
from services.tracker.domain.history import Past, number_of
from services.tracker.domain.history_faults import faults
from services.tracker.handlers import Tracker
from services.tracker.handlers.importing import BroughtIn
from shared.errors import Conflict, FieldError, Invalid
from shared.runtime import Service
from shared.web.answers import Answering
from shared.web.callers import Caller

routes = APIRouter(prefix="/api/v1", tags=["imports"], route_class=Answering)
#: Cases of one request.
MOST = 500


class Import(Body):
    """Cases as columns by name; `source` tells apart records whose numbers may be the same.

    `check` finds every fault and writes nothing; without `skip_bad` one fault keeps all of them out.
    """

    source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    check: bool = False
    skip_bad: bool = False
    cases: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


class ImportedCase(TypedDict):
    """What became of one case, by its place in the request; `number` is the one it has here."""

    index: int
    number: str
    outcome: Literal["new", "known"]


class ImportFault(TypedDict):
    """What is wrong with one field of one case, by its place in the request."""

    index: int
    field: str
    reason: str


class ImportOutcome(TypedDict):
    cases: list[ImportedCase]
    faults: list[ImportFault]


Became = BroughtIn | Conflict


@routes.post("/imports")
async def bring_in(body: Import, here: Here, caller: Caller) -> ImportOutcome:
    """Check cases of earlier records, or bring them in; one that is here already stays as it is."""
    caller.must_be("admin")
    known, wrong = _read(body.cases, here)
    if body.check or not body.skip_bad:
        found = await _each(known, body.source, caller.subject, here, write=False)
        wrong += _conflicts(found)
        if body.check:
            return _answer(found, wrong)
        if wrong:
            told = [FieldError(f"cases.{one['index']}.{one['field']}", one["reason"]) for one in _sorted(wrong)]
            raise Invalid(told, kind="import-faults")
    found = await _each(known, body.source, caller.subject, here, write=True)
    return _answer(found, wrong + _conflicts(found) if body.skip_bad else _conflicts(found))


def _read(cases: list[dict[str, Any]], here: Service[Tracker]) -> tuple[dict[int, Past], list[ImportFault]]:
    """The records without a fault, by their place, and the faults of the others."""
    known: dict[int, Past] = {}
    wrong: list[ImportFault] = []
    now = here.clock.now()
    for index, raw in enumerate(cases):
        past = read(raw)
        found = past if isinstance(past, list) else faults(past, now)
        wrong += [ImportFault(index=index, field=fault.field, reason=fault.reason) for fault in found]
        if isinstance(past, Past) and not found:
            known[index] = past
    return known, wrong


async def _each(
    known: dict[int, Past], source: str, by: str, here: Service[Tracker], *, write: bool
) -> dict[int, Became]:
    """What became of each, or would; they share commits, and one that is refused fails alone."""

    async def one(past: Past) -> Became:
        try:
            done: BroughtIn = await here.door.run(
                number_of(past, source), partial(here.parts.bring_in, past, source, by, write)
            )
        except Conflict as conflict:
            return conflict
        return done

    return dict(zip(known, await asyncio.gather(*(one(past) for past in known.values())), strict=True))


def _conflicts(found: dict[int, Became]) -> list[ImportFault]:
    refused = ((index, one) for index, one in found.items() if isinstance(one, Conflict))
    return [ImportFault(index=index, field="number", reason=conflict.detail) for index, conflict in refused]


def _answer(found: dict[int, Became], wrong: list[ImportFault]) -> ImportOutcome:
    done = ((index, one) for index, one in found.items() if not isinstance(one, Conflict))
    told = [ImportedCase(index=index, number=one["number"], outcome=one["outcome"]) for index, one in done]
    return ImportOutcome(cases=told, faults=_sorted(wrong))


def _sorted(wrong: list[ImportFault]) -> list[ImportFault]:
    return sorted(wrong, key=lambda fault: fault["index"])
