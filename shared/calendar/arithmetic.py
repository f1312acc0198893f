"""When a limit falls due."""

from datetime import datetime

from shared.calendar.model import Calendar, Unit


def due(start: datetime, limit: int, unit: Unit, calendar: Calendar) -> datetime:
    """The last moment that is still in time: 23:59:59 in Asia/Shanghai of the due day."""
    if unit == "working_day":
        return calendar.add_working_days(start, limit)
    return calendar.add_calendar_days(start, limit)
