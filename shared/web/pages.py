"""What every page shares: the frame, how moments, people and numbers are written, and the headers that guard it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.auth import Principal
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
ROLES: Mapping[str, str] = {
    "enterprise": "企业",
    "agency": "承办单位",
    "dispatcher": "研判人员",
    "supervisor": "督办人员",
    "admin": "管理员",
}


class Pages:
    """A service's templates in the common frame, with the words they use."""

    def __init__(self, folder: Path, **words: Any) -> None:
        self._templates = Jinja2Templates([folder, FRAME])
        self._templates.env.filters |= FILTERS
        self._templates.env.globals |= {"signed_in_as": signed_in_as, **words}

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
    """A moment as read in Henan, to the minute, as staff read it in tables, addresses and files."""
    return f"{_here(value):%Y-%m-%d %H:%M}"


def day(value: Any) -> str:
    """A limit's day, in the same way; it ends with the day."""
    return f"{_here(value):%Y-%m-%d}"


def spoken_moment(value: Any) -> str:
    """A moment as an enterprise reads it in a sentence."""
    return f"{spoken_day(value)} {_here(value):%H:%M}"


def spoken_day(value: Any) -> str:
    found = _here(value)
    return f"{found.year} 年 {found.month} 月 {found.day} 日"


def exact(yuan: str | float | Decimal) -> str:
    """Money in yuan, to the 分."""
    return f"{Decimal(yuan):,.2f}"


def agency(code: str | None) -> str:
    """An agency's name; a dash for none, the code itself when the directory does not know it."""
    found = current().agencies.get(code or "")
    return found.name if found else code or "—"


def person(subject: str) -> str:
    """Who this is: the own issuer names people ROLE:AGENCY or ROLE:local, any other name stands as it is."""
    role, _, where = subject.partition(":")
    if role not in ROLES or not where:
        return subject
    if role == "agency":
        return agency(where)
    return ROLES[role] if where == "local" else f"{ROLES[role]} {where}"


def signed_in_as(who: Principal) -> str:
    """The person, and whose or which role it is where the name does not say so."""
    told = person(who.subject)
    return told if told != who.subject else f"{told}（{agency(who.agency) if who.agency else ROLES[who.role]}）"


#: How templates write things, by the filter's name.
FILTERS: Mapping[str, Callable[[Any], str]] = {
    "moment": moment,
    "day": day,
    "spoken_moment": spoken_moment,
    "spoken_day": spoken_day,
    "exact": exact,
    "agency": agency,
    "person": person,
    "readable": readable_number,
    "blocks": blocks,
}
