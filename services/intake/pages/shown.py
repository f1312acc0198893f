"""How a page is rendered: templates, their filters and words, and the headers every page carries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from services.intake.pages import words
from shared.clock import in_shanghai
from shared.errors import FieldError
from shared.reference import current
from shared.reference.identifiers import readable_number

_templates = Jinja2Templates(Path(__file__).parent / "templates")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def _aware(value: Any) -> datetime:
    return in_shanghai(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _moment(value: Any) -> str:
    return f"{_aware(value):%Y-%m-%d %H:%M}"


def _day(value: Any) -> str:
    """A limit's day; it ends with the day."""
    moment = _aware(value)
    return f"{moment.year} 年 {moment.month} 月 {moment.day} 日"


def _agency(code: str | None) -> str:
    found = current().agencies.get(code or "")
    return found.name if found else "—"


_templates.env.filters |= {"moment": _moment, "day": _day, "agency": _agency, "readable": readable_number}
_templates.env.globals |= {name: getattr(words, name) for name in dir(words) if name.isupper()}


def page(request: Request, name: str, status: int = 200, **context: Any) -> Response:
    """This page; it may load nothing, is kept nowhere, and tells nobody where the reader came from."""
    response = _templates.TemplateResponse(request, name, context, status_code=status)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def faults(errors: Sequence[FieldError], form: str = "") -> Mapping[str, str]:
    """What is wrong by the field's name on the page."""
    return {f"{form}.{error.field}" if form else error.field: error.reason for error in errors}
