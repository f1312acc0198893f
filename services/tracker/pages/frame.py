"""What the board's pages share: who may look, the templates with their words, signing in and out."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.tracker.domain.clock import STAGE_NAMES
from services.tracker.domain.states import STATE_NAMES
from services.tracker.exports.columns import CLASS_NAMES, GRADE_NAMES, city_name
from services.tracker.numbers.api import label
from services.tracker.pages import words
from services.tracker.pages.asking import HOME, Asking
from services.tracker.store.counted import LABELS
from shared.auth import Principal, Role
from shared.reference import current
from shared.web.pages import Pages
from shared.web.signin import NotSignedIn, signed_in

PLACE = "督办看板"
ROLES: tuple[Role, ...] = ("supervisor", "agency")
TEMPLATES = Path(__file__).parent / "templates"

pages = Pages(
    TEMPLATES,
    home=HOME,
    place=PLACE,
    roles=ROLES,
    STATES={None: "派单中", **STATE_NAMES},
    STAGES=STAGE_NAMES,
    CLASSES=CLASS_NAMES,
    GRADES=GRADE_NAMES,
    CARDS=words.CARDS,
    WHAT=words.WHAT,
    REQUESTS=words.REQUESTS,
    REVIEWS=words.REVIEWS,
    LABELS=LABELS,
    Asking=Asking,
    count=words.count,
    yuan=words.yuan,
    percent=words.percent,
    why=words.why,
    subject=words.who,
    detail=words.detail,
    named=label,
    mapping=current,
    city=city_name,
    region_of=words.region,
)


async def watching(request: Request) -> Principal | None:
    """Who looks at the board; None shows the sign-in form."""
    try:
        found = await signed_in(request)
        found.must_be(*ROLES)
    except NotSignedIn:
        return None
    return found


Watching = Annotated[Principal | None, Depends(watching)]


def sign_in_form(request: Request, status: int = 401, fault: str | None = None) -> Response:
    return pages.show(request, "sign-in.html", status, who=None, fault=fault)


def shown(request: Request, name: str, who: Principal, status: int = 200, **more: Any) -> Response:
    return pages.show(request, name, status, who=who, **more)
