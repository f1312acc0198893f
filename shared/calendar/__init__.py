"""Working days: a table per year with its source, and the arithmetic of limits."""

from shared.calendar.arithmetic import due
from shared.calendar.load import current, load_calendar
from shared.calendar.model import Calendar, NoCalendar, Unit, Year

__all__ = ["Calendar", "NoCalendar", "Unit", "Year", "current", "due", "load_calendar"]
