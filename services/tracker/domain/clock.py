"""The clock of a case: from start, limit, pauses and extensions to the last moment that is still in time.

A due time is the end of the last day of the limit, moved by pauses and extensions in working days, no further than the
cap. A pause counts the working days after the day it began up to the day it ended, to the next working day when that is
a rest day: so a pause within one day moves nothing, and no due time passes while the clock stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.calendar import Calendar, Unit, due
from shared.clock import in_shanghai
from shared.events import Term

Stage = Literal["route", "accept", "return", "reply", "resolve", "redo", "opinion", "supervision", "review"]
#: What a pause moves, as far as it is open: accept is over by then, and the window for a return runs on.
PAUSED: frozenset[str] = frozenset({"reply", "resolve", "redo", "opinion"})
#: What an extension moves.
EXTENDED: frozenset[str] = frozenset({"resolve", "redo"})
#: A window, not a duty: it closes without a card.
WINDOWS: frozenset[str] = frozenset({"return"})
#: Stages that a lead agency answers for.
LEADS: frozenset[str] = frozenset({"accept", "reply", "resolve", "redo"})
STAGE_NAMES: dict[str, str] = {
    "route": "派单",
    "accept": "签收",
    "return": "退回",
    "reply": "首次答复",
    "resolve": "办结",
    "redo": "重新办理",
    "opinion": "会办意见",
    "supervision": "督办回复",
    "review": "复核",
}
_UNITS: dict[str, str] = {"working_day": "个工作日", "calendar_day": "天"}


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a stage may take, `cap` calendar days from its start at the most."""

    count: int
    unit: Unit
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger; what its fields mean is said at the table."""

    at: datetime
    what: str
    due_at: datetime
    name: str | None = None
    stage: str | None = None
    limit: int | None = None
    unit: str | None = None
    cap: int | None = None
    days: int = 0
    reason: str | None = None


def due_at(start: datetime, limit: Limit, pauses: int, extensions: int, calendar: Calendar) -> datetime:
    """The last moment that is still in time."""
    moved = due(start, limit.count, limit.unit, calendar)
    if pauses or extensions:
        moved = calendar.add_working_days(moved, pauses + extensions)
    if limit.cap is None:
        return moved
    return min(moved, due(start, limit.cap, "calendar_day", calendar))


def started(
    name: str,
    stage: Stage,
    start: datetime,
    limit: Limit,
    warn_days: int,
    calendar: Calendar,
    agency: str | None = None,
) -> Term:
    """A deadline that begins to run."""
    term = Term(
        name=name,
        stage=stage,
        agency=agency,
        start_at=start,
        limit=limit.count,
        unit=limit.unit,
        cap=limit.cap,
        due_at=start,
    )
    return timed(term, warn_days, calendar)


def timed(term: Term, warn_days: int, calendar: Calendar) -> Term:
    """The same deadline with its due time and yellow card computed on this calendar."""
    limit = Limit(term.limit, term.unit, term.cap)
    due = due_at(term.start_at, limit, term.pauses, term.extensions, calendar)
    warn = None if term.stage in WINDOWS else calendar.subtract_working_days(due, warn_days)
    if warn is not None and not term.start_at < warn < due:
        warn = None
    return term.model_copy(update={"due_at": due, "warn_at": warn, "calendar": calendar.version(term.start_at, due)})


def pause_days(start: datetime, end: datetime, calendar: Calendar) -> int:
    """The working days that a pause gives back."""
    first, last = in_shanghai(start).date(), in_shanghai(end).date()
    if last <= first:
        return 0
    rolled = end if calendar.is_working_day(last) else calendar.add_working_days(end, 1)
    return calendar.working_days_between(start, rolled)


def pause_end(start: datetime, days: int, calendar: Calendar) -> datetime:
    """When a pause of so many working days ends by itself."""
    return calendar.add_working_days(start, days)


def bulletin_at(due: datetime, days: int, calendar: Calendar) -> datetime:
    """When an agency that is still late is named: the first moment after so many working days."""
    return calendar.add_working_days(due, days) + timedelta(seconds=1)


def recomputed(lines: Iterable[Line], calendar: Calendar) -> dict[str, datetime]:
    """By the name of each deadline, the due time that its lines add up to, computed as a clerk would."""
    starts: dict[str, tuple[datetime, Limit]] = {}
    days: dict[str, int] = {}
    for line in lines:
        if line.name is None:
            continue
        days[line.name] = days.get(line.name, 0) + line.days
        if line.limit is not None and line.unit is not None:
            start = starts[line.name][0] if line.what == "class" else line.at
            unit: Unit = "working_day" if line.unit == "working_day" else "calendar_day"
            starts[line.name] = (start, Limit(line.limit, unit, line.cap))
    return {name: due_at(start, limit, days[name], 0, calendar) for name, (start, limit) in starts.items()}


def words(line: Line) -> str:
    """The line as a person reads it."""
    stage, due = STAGE_NAMES.get(line.stage or "", ""), f"{in_shanghai(line.due_at):%Y-%m-%d}"
    limit = f"{line.limit} {_UNITS.get(line.unit or '', '')}"
    cap = f"，最长 {line.cap} 天" if line.cap else ""
    match line.what:
        case "start":
            return f"{stage}：自 {in_shanghai(line.at):%Y-%m-%d} 起 {limit}{cap}，当日不计，{due} 到期"
        case "class":
            return f"{stage}：改按 {limit}{cap} 计，{due} 到期"
        case "pause":
            return f"时钟停止：{line.reason}；最迟 {due} 恢复"
        case "resume":
            return f"{stage}：停止 {line.days} 个工作日，顺延至 {due}"
        case "extension":
            return f"{stage}：延期 {line.days} 个工作日，至 {due}"
        case _:
            return f"{stage}：{line.reason}，{due} 到期"
