"""Time is given: the only place that reads the wall clock."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

#: China has one civil time, UTC+8, without daylight saving since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    """Tells the present moment as an aware datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def in_shanghai(moment: datetime) -> datetime:
    """The same moment in the civil time of China."""
    return moment.astimezone(SHANGHAI)
