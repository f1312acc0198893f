"""What the board is asked for: days, agency, city, matter; and the addresses that ask the same of other pages."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from services.tracker.exports.api import NONE
from services.tracker.exports.bulletin import Month

HOME = "/board"
#: Up to so many days a trend is told by day, a longer one by month.
DAYS = 92
FIELDS = ("from", "to", "agency", "region", "matter")


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for, in the words of the form; None leaves it open."""

    start: str | None = None
    end: str | None = None
    agency: str | None = None
    region: str | None = None
    matter: str | None = None

    @classmethod
    def of(cls, request: Request, today: date) -> "Asking":
        """As the form sent it; who asks for nothing yet sees this year."""
        given = request.query_params
        start = given.get("from", "" if given.keys() & set(FIELDS) else f"{today.year}-01-01")
        others = (given.get(name) or None for name in FIELDS[2:])
        return cls(start or None, given.get("to") or today.isoformat(), *others)

    @property
    def query(self) -> str:
        return _encoded(self._fields())

    def cases(self, of: str | None = None, **more: str) -> str:
        """The address of the cases behind this number."""
        return f"{HOME}/cases?{_encoded({'of': of, **self._fields(), **more})}"

    def board(self) -> str:
        """The address of the board that shows this."""
        return f"{HOME}?{self.query}"

    def file(self, name: str, **more: str) -> str:
        """The address of a file of the cases."""
        return f"{HOME}/exports/{name}?{_encoded({**self._fields(), **more})}"

    def _fields(self) -> dict[str, str | None]:
        # An empty `from` says that it is open; without any the board would show this year.
        return dict(zip(FIELDS, (self.start or "", self.end, self.agency, self.region, self.matter), strict=True))

    def only(self, group: str, key: str | None) -> "Asking":
        """The same of one agency, city, matter, day or month."""
        if group in ("agency", "region", "matter"):
            return replace(self, **{group: key or NONE})
        if key is None:
            return self
        first, last = (key, key) if group == "day" else _ends(key)
        return replace(self, start=max(first, self.start or first), end=min(last, self.end or last))

    def group_of_time(self) -> "Any":
        """By day for a short time, by month for a long one."""
        if self.start is None or self.end is None:
            return "month"
        span = date.fromisoformat(self.end) - date.fromisoformat(self.start)
        return "day" if span.days < DAYS else "month"


def _ends(month: str) -> tuple[str, str]:
    found = Month.read(month)
    return found.first.isoformat(), found.last.isoformat()


def _encoded(fields: dict[str, str | None]) -> str:
    return urlencode({name: value for name, value in fields.items() if value is not None})


def places(group: str, start: str, end: str) -> list[str]:
    """Every day or month from the one to the other, also those on which nothing happened."""
    first, last = (date.fromisoformat(word if len(word) > 7 else f"{word}-01") for word in (start, end))
    if group == "day":
        return [(first + timedelta(days=place)).isoformat() for place in range((last - first).days + 1)]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{place // 12}-{place % 12 + 1:02d}" for place in months]
