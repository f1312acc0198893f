"""A period as whole months and the days beside them, so that years are read from few rows."""

from calendar import monthrange
from datetime import date


def whole_months(start: date, end: date) -> tuple[str, str] | None:
    """The first and the last month all of whose days lie from `start` to `end`, as 2026-03; None when there is none."""
    first = _month(start) + (start.day > 1)
    last = _month(end) - (end.day < monthrange(end.year, end.month)[1])
    return (_word(first), _word(last)) if first <= last else None


def _month(day: date) -> int:
    """Months since the year 0."""
    return 12 * day.year + day.month - 1


def _word(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"
