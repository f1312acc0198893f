"""The calendar: which day is a working day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from shared.clock import SHANGHAI, in_shanghai

Unit = Literal["working_day", "calendar_day"]
#: A due day ends at its last second.
END_OF_DAY = time(23, 59, 59, tzinfo=SHANGHAI)


class NoCalendar(LookupError):
    """There is no table for this year."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年没有日历表")
        self.year = year


@dataclass(frozen=True)
class Year:
    """One year's arrangement: days off beside weekends, and make-up days; provisional until it is published."""

    year: int
    source: str
    published: bool
    off: frozenset[date]
    make_up: frozenset[date]


@dataclass(frozen=True)
class Calendar:
    """The years at hand."""

    years: dict[int, Year]

    def _year(self, year: int) -> Year:
        if year not in self.years:
            raise NoCalendar(year)
        return self.years[year]

    def is_working_day(self, day: date) -> bool:
        """Neither weekend nor holiday, or a make-up day 调休; NoCalendar without a table."""
        year = self._year(day.year)
        return day in year.make_up or (day.weekday() < 5 and day not in year.off)

    def is_provisional(self, moment: datetime) -> bool:
        """Whether this moment lies in a year whose arrangement is not published yet."""
        return not self._year(in_shanghai(moment).year).published

    def step(self, day: date, working_days: int) -> date:
        """The day so many working days later, or earlier when negative; the start day is not counted."""
        direction = timedelta(days=1 if working_days > 0 else -1)
        left = abs(working_days)
        while left:
            day += direction
            left -= self.is_working_day(day)
        return day

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The end of the day so many working days after `start` (民法典 art. 201)."""
        return datetime.combine(self.step(_day(start), days), END_OF_DAY)

    def subtract_working_days(self, moment: datetime, days: int) -> datetime:
        """The end of the day so many working days before this moment."""
        return datetime.combine(self.step(_day(moment), -days), END_OF_DAY)

    def add_calendar_days(self, start: datetime, days: int) -> datetime:
        """The end of the day so many days after `start`; a rest day rolls to the next working day (art. 203)."""
        day = _day(start) + timedelta(days=days)
        return datetime.combine(day if self.is_working_day(day) else self.step(day, 1), END_OF_DAY)


def _day(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return in_shanghai(moment).date()
