"""What every page shares: the frame, how moments, agencies and numbers are written, and the headers that guard it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.clock import in_shanghai
from shared.reference import current
from shared.reference.identifiers import readable_number

FRAME = Path(__file__).parent / "templates"
#: Nothing from elsewhere, no script; forms go home only.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; frame-ancestors 'none'"


class Pages:
    """A service's templates in the common frame."""

    def __init__(self, folder: Path, **words: Any) -> None:
        self._templates = Jinja2Templates([folder, FRAME])
        self._templates.env.filters |= {"moment": moment, "agency": agency, "readable": readable_number}
        self._templates.env.globals |= words

    def show(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        """The page; never kept by the browser, since the next person may sit at the same desk."""
        response = self._templates.TemplateResponse(request, name, context, status_code=status)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        return response


def moment(value: Any) -> str:
    """A moment as read in Henan, to the minute."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{in_shanghai(found):%Y-%m-%d %H:%M}"


def agency(code: str | None) -> str:
    """An agency's name; a dash for none, the code itself when the directory does not know it."""
    found = current().agencies.get(code or "")
    return found.name if found else code or "—"
