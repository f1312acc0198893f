"""Dependencies of the tracker's routes: the service, the caller's agency, the step, the place in a list."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Query

from services.tracker.handlers import Step, Tracker
from shared.auth import Principal
from shared.errors import FieldError, Forbidden, Invalid
from shared.runtime import Service
from shared.web.callers import Caller, service
from shared.web.numbers import Number
from shared.web.paging import cursor

Here = Annotated[Service[Tracker], Depends(service("tracker"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(alias="cursor", max_length=200)]
Row = TypeVar("Row")


async def own_agency(caller: Caller) -> str:
    """The caller's agency; Forbidden for everyone else."""
    caller.must_be("agency")
    if caller.agency is None:
        raise Forbidden("令牌没有单位代码", kind="no-agency")
    return caller.agency


OwnAgency = Annotated[str, Depends(own_agency)]


async def official(caller: Caller) -> Principal:
    """An agency, a dispatcher or a supervisor; Forbidden for everyone else."""
    caller.must_be("agency", "dispatcher", "supervisor")
    return caller


Official = Annotated[Principal, Depends(official)]


async def supervisor(caller: Caller) -> Principal:
    caller.must_be("supervisor")
    return caller


Supervisor = Annotated[Principal, Depends(supervisor)]


def version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header, any for `*`; Invalid when it is none."""
    if if_match == "*":
        return None
    word = (if_match or "").removeprefix("W/").strip('"')
    if if_match is not None and not (word.isdecimal() and word.isascii() and len(word) < 10):
        raise Invalid([FieldError("If-Match", '应为办件的版本号，例如 "3"')])
    return int(word) if word else None


async def step_of(
    number: Number,
    caller: Official,
    if_match: Annotated[str | None, Header()] = None,
    fence: Annotated[int | None, Header(alias="X-Fence")] = None,
) -> Step:
    """Who steps, on which case, of which version, under which claim."""
    return Step(number, caller, version_of(if_match), fence)


AnyStep = Annotated[Step, Depends(step_of)]


async def agency_step(step: AnyStep) -> Step:
    step.who.must_be("agency")
    return step


OwnStep = Annotated[Step, Depends(agency_step)]


def page(rows: Sequence[Row], limit: int, place: Callable[[Row], Any]) -> tuple[Sequence[Row], str | None]:
    """`limit` of the rows, and the place of the next page when there are more."""
    seen = rows[:limit]
    return seen, cursor(*place(seen[-1])) if len(rows) > limit else None
