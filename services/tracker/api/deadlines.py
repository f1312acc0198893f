"""When a limit falls due."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.tracker.api.lists import DuePreview
from shared.calendar import NoCalendar, Unit, current, due
from shared.errors import FieldError, Invalid
from shared.web.answers import Answering
from shared.web.moments import Moment

routes = APIRouter(prefix="/api/v1", tags=["deadlines"], route_class=Answering)


@routes.get("/deadlines/preview")
async def preview(start: Moment, limit: Annotated[int, Query(ge=0, le=400)], unit: Unit = "working_day") -> DuePreview:
    """When a limit of so many days from `start` falls due, and whether that rests on a year not published yet."""
    try:
        due_at = due(start, limit, unit, current())
        return DuePreview(due_at=due_at, provisional=current().is_provisional(due_at))
    except NoCalendar as error:
        raise Invalid([FieldError("start", f"没有该年份的日历：{error}")], kind="no-calendar") from error
