"""The calendar: which day is a working day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from shared.clock import SHANGHAI, in_shanghai

Unit = Literal["working_day", "calendar_day"]
#: A due day ends at its last second.
END_OF_DAY = time(23, 59, 59, tzinfo=SHANGHAI)
SATURDAY = 5
#: How the version of a year without a table begins.
_UNARRANGED = "none"


class NoCalendar(LookupError):
    """There is no table for this year."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年没有日历表")
        self.year = year


@dataclass(frozen=True, slots=True)
class Year:
    """One year's arrangement: statutory and arranged days off, and make-up days; provisional until published.

    `version` changes with the arrangement; `names` says which holiday a day belongs to.
    """

    year: int
    source: str
    published: bool
    off: frozenset[date]
    make_up: frozenset[date]
    version: str = ""
    names: Mapping[date, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The years at hand; every method raises NoCalendar outside them and ValueError for a time without zone.

    An `open_ended` one takes a year that has no table yet as a provisional one with weekends only.
    """

    years: dict[int, Year]
    open_ended: bool = False

    def without_end(self) -> "Calendar":
        """This calendar, for limits that may reach into years that nobody has arranged yet."""
        return replace(self, open_ended=True)

    def version(self, start: datetime, end: datetime) -> str:
        """What the years from `start` to `end` say, as one word; it changes when one of them does."""
        first, last = _civil_day(start).year, _civil_day(end).year
        return ".".join(self._year(year).version for year in range(first, last + 1))

    def has(self, version: str) -> bool:
        """Whether these years still say what this word stood for."""
        known = {year.version for year in self.years.values()}
        return bool(version) and all(part in known or self._unarranged(part) for part in version.split("."))

    def _unarranged(self, word: str) -> bool:
        year = word.removeprefix(_UNARRANGED)
        return year != word and int(year) not in self.years

    def is_working_day(self, day: date) -> bool:
        """Neither weekend nor holiday, or a make-up day 调休."""
        year = self._year(day.year)
        return day in year.make_up or (day.weekday() < SATURDAY and day not in year.off)

    def is_provisional(self, moment: datetime) -> bool:
        """Whether this moment lies in a year whose arrangement is not published yet."""
        return not self._year(_civil_day(moment).year).published

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
        return datetime.combine(self.step(_civil_day(start), _limit(days)), END_OF_DAY)

    def subtract_working_days(self, moment: datetime, days: int) -> datetime:
        """The end of the day so many working days before this moment."""
        return datetime.combine(self.step(_civil_day(moment), -_limit(days)), END_OF_DAY)

    def add_calendar_days(self, start: datetime, days: int) -> datetime:
        """The end of the day so many days after `start`; a rest day rolls to the next working day (art. 203)."""
        day = _civil_day(start) + timedelta(days=_limit(days))
        return datetime.combine(day if self.is_working_day(day) else self.step(day, 1), END_OF_DAY)

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start` up to and with that of `end`; negative when `end` is earlier."""
        first, last = _civil_day(start), _civil_day(end)
        if last < first:
            return -self.working_days_between(end, start)
        days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
        return sum(map(self.is_working_day, days))

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` fell on working days; none when `end` is earlier."""
        first, last = _civil_day(start), _civil_day(end)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        midnights = (datetime.combine(day, time(), SHANGHAI) for day in days if self.is_working_day(day))
        spent = (min(end, midnight + timedelta(days=1)) - max(start, midnight) for midnight in midnights)
        return max(sum(spent, timedelta()), timedelta())

    def _year(self, year: int) -> Year:
        found = self.years.get(year)
        if found is not None:
            return found
        if not self.open_ended:
            raise NoCalendar(year)
        return Year(year, "尚未公布", False, frozenset(), frozenset(), version=f"{_UNARRANGED}{year}")


def _civil_day(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone; a limit needs an aware moment")
    return in_shanghai(moment).date()


def _limit(days: int) -> int:
    if days < 0:
        raise ValueError(f"a limit of {days} days")
    return days
