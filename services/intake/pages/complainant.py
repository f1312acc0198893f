"""The complaint's page and its four forms: each is answered with the page again, and what came of it at its top."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from services.intake.answer import Complaint
from services.intake.api import Deed, admit, view
from services.intake.api import act as done_once
from services.intake.domain import Action
from services.intake.handlers import Intake
from services.intake.pages.shown import faults, page
from services.intake.pages.words import DONE
from services.intake.requests import Rating, Review, Supplement, Withdrawal
from shared.door import IdempotencyKey
from shared.errors import FieldError, Problem
from shared.reference.identifiers import normalise_number, number_problem
from shared.runtime import Service
from shared.web.problems import field_errors

Given = Mapping[str, str]
FormName = Action
BODIES: Mapping[FormName, type[BaseModel]] = {
    "supplements": Supplement,
    "rating": Rating,
    "review": Review,
    "withdrawal": Withdrawal,
}
_YES_NO = {"true": True, "false": False}
#: What a radio button means to the API; anything else stays the text it is and is refused there.
_MEANT: Mapping[str, Callable[[str], Any]] = {
    "grade": lambda text: int(text) if text.isascii() and text.isdigit() else text,
    "solved": lambda text: _YES_NO.get(text, text),
}


async def fields(request: Request) -> dict[str, str]:
    """What a form sent, text fields only."""
    sent = await request.form()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


async def stand(request: Request, here: Service[Intake], number: str, code: str, **more: Any) -> Response:
    """The page of this complaint; without the right code, the question for it again, saying why."""
    if problem := number_problem(number):
        return page(request, "ask.html", 422, number=number, fault=problem)
    try:
        found = await view(here, normalise_number(number), code, None)
    except Problem as refused:
        return page(request, "ask.html", refused.status, number=number, fault=refused.detail)
    return _complaint(request, found, code, **more)


def _complaint(
    request: Request,
    found: Complaint,
    code: str,
    *,
    status: int = 200,
    form: FormName | None = None,
    given: Given | None = None,
    errors: Sequence[FieldError] = (),
    notice: str | None = None,
    fault: str | None = None,
    template: str = "complaint.html",
) -> Response:
    """`form` is the one that was sent, as it was `given`, with its `errors` or the `notice` of what came of it."""
    answers = [entry for entry in found["timeline"] if entry["what"] == "replied" and not entry.get("late")]
    more = {"answer": answers[-1] if answers else None, "notice": notice, "fault": fault}
    wrong = faults(errors, form or "")
    typed = {f"{form}.{name}": value for name, value in (given or {}).items()}
    once = secrets.token_urlsafe(16)
    return page(
        request, template, status, found=found, code=code, once=once, form=form, given=typed, faults=wrong, **more
    )


async def act(request: Request, here: Service[Intake], number: str, form: FormName, given: Given) -> Response:
    """Do what the form says; with errors, the page again with the form as it was filled in."""
    code = given.get("code", "")
    number = normalise_number(number)
    if number_problem(number):
        return await stand(request, here, number, code)
    try:
        await admit(here, number, code, None, complainant_only=True)
    except Problem as refused:
        return page(request, "ask.html", refused.status, number=number, fault=refused.detail)
    if form == "withdrawal" and "sure" not in given:
        return await stand(request, here, number, code, template="withdrawal.html")
    return await _do(request, here, number, form, given)


async def _do(request: Request, here: Service[Intake], number: str, form: FormName, given: Given) -> Response:
    code, sent = given.get("code", ""), {"form": form, "given": given}
    again = "withdrawal.html" if form == "withdrawal" else "complaint.html"
    try:
        body = BODIES[form].model_validate(_meant(given))
    except ValidationError as error:
        wrong = field_errors(error.errors())
        return await stand(request, here, number, code, status=422, errors=wrong, template=again, **sent)
    try:
        once = IdempotencyKey.of(f"page {number} {form}", given.get("once") or None, body.model_dump_json().encode())
        await done_once(here, number, _deed(here.parts, number, body), once)
    except Problem as refused:
        return await stand(request, here, number, code, status=refused.status, fault=refused.detail, **sent)
    return await stand(request, here, number, code, status=201, notice=DONE[form])


def _meant(given: Given) -> dict[str, Any]:
    """The form's fields as the API takes them; empty ones are left out."""
    own = {name: value for name, value in given.items() if name not in ("code", "once", "sure") and value.strip()}
    return {name: _MEANT[name](value) if name in _MEANT else value for name, value in own.items()}


def _deed(intake: Intake, number: str, body: BaseModel) -> Deed:
    match body:
        case Supplement():
            return partial(intake.supplement, number, body.text)
        case Rating():
            return partial(intake.rate, number, body.grade, body.solved, body.comment)
        case Review():
            return partial(intake.review, number, body.reason)
        case Withdrawal():
            return partial(intake.withdraw, number, reason=body.reason)
        case _:
            raise TypeError(f"no form has a {type(body).__name__}")
