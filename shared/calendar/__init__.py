"""Working days: a table per year with its source, and the arithmetic of limits."""

from shared.calendar.arithmetic import due
from shared.calendar.load import YEARS as SHIPPED
from shared.calendar.load import load_calendar, load_year
from shared.calendar.model import Calendar, NoCalendar, Unit, Year
from shared.calendar.versions import Years, current, serve_with, years

__all__ = [
    "SHIPPED",
    "Calendar",
    "NoCalendar",
    "Unit",
    "Year",
    "Years",
    "current",
    "due",
    "load_calendar",
    "load_year",
    "serve_with",
    "years",
]
