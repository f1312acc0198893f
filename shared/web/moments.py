"""Moments as a request tells them: RFC 3339, with a zone, within what any zone can be changed to."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

#: Nothing that is complained about lies outside these years.
FIRST, LAST = 1900, 2199
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", re.ASCII)


def _written(value: object) -> object:
    """Seconds since 1970 are a moment to pydantic, not to a person."""
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN.match(value)):
        return value
    raise ValueError("应为 RFC 3339 时间，例如 2026-11-24T09:00:00+08:00")


def _within(moment: datetime) -> datetime:
    if FIRST <= moment.year <= LAST:
        return moment
    raise ValueError(f"年份应在 {FIRST} 至 {LAST} 之间")


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_within)]
