"""What every page shares: the frame, how moments, agencies and numbers are written, and the headers that guard it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.clock import in_shanghai
from shared.reference import current
from shared.reference.identifiers import readable_number
from shared.web.tables import blocks

FRAME = Path(__file__).parent / "templates"
#: Nothing from elsewhere, no script; forms go home only.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Pages:
    """A service's templates in the common frame, with the words they use."""

    def __init__(self, folder: Path, **words: Any) -> None:
        self._templates = Jinja2Templates([folder, FRAME])
        filters = {"moment": moment, "day": day, "agency": agency, "readable": readable_number, "blocks": blocks}
        self._templates.env.filters |= filters
        self._templates.env.globals |= words

    def show(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        """The page; it loads nothing, is kept nowhere, and tells nobody where the reader came from."""
        response = self._templates.TemplateResponse(request, name, context, status_code=status)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def text(self, name: str, **context: Any) -> str:
        """The page as text, for who does not answer a request with it."""
        return self._templates.env.get_template(name).render(context)


def _here(value: Any) -> datetime:
    return in_shanghai(datetime.fromisoformat(value) if isinstance(value, str) else value)


def moment(value: Any) -> str:
    """A moment as read in Henan, to the minute."""
    return f"{_here(value):%Y-%m-%d %H:%M}"


def day(value: Any) -> str:
    """A limit's day; it ends with the day."""
    found = _here(value)
    return f"{found.year} 年 {found.month} 月 {found.day} 日"


def agency(code: str | None) -> str:
    """An agency's name; a dash for none, the code itself when the directory does not know it."""
    found = current().agencies.get(code or "")
    return found.name if found else code or "—"
