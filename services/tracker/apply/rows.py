"""What the facts have in common: the case's row, its deadlines with their timers, the ledger, the timeline."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from services.tracker.domain import ENDED, State
from services.tracker.domain.clock import LEADS, WINDOWS
from services.tracker.domain.supervision import worst
from services.tracker.domain.timeline import What
from services.tracker.tables import Case, ClockLine, Deadline, Entry
from shared.events import Fact, Term
from shared.tx import Tx

#: Kinds of timers; a deadline's carry its name and how often it moved, so that a moved one's old timers are void.
WARN, MISS, NAME, PAUSE_END = "deadline-warning", "deadline", "deadline-bulletin", "pause-end"
Change = Literal["resume", "extension", "calendar", "class"]


async def case_of(fact: Fact, tx: Tx) -> Case:
    """The complaint's row, locked; a new one when nothing was known of it."""
    case = await tx.lock(Case, fact.number)
    if case is None:
        lists: dict[str, Any] = {"co_agencies": [], "participants": [], "reasons": [], "policy": {}}
        case = Case(number=fact.number, **lists)
        tx.add(case)
    return case


def note(fact: Fact, what: What, who: str | None, tx: Tx, case: Case | None = None, **detail: Any) -> None:
    """A line of the timeline; with a `case`, of its present assignment and state."""
    where = (case.assignment, case.state) if case else (0, None)
    moment = {"number": fact.number, "at": fact.at, "assignment": where[0], "from_state": where[1]}
    told = {name: value for name, value in detail.items() if value is not None}
    tx.insert(Entry, what=what, who=who or "unknown", detail=told, **moment)


def becomes(case: Case, state: State) -> None:
    """The case is in another state, and another version."""
    case.state, case.version = state, case.version + 1


async def deadline(case: Case, name: str, tx: Tx) -> Deadline | None:
    found = [row for row in await tx.family(Deadline, case.number) if row.name == name]
    return found[0] if found else None


async def open_deadlines(case: Case, tx: Tx) -> list[Deadline]:
    """Deadlines that are neither met nor ended, first due first."""
    rows = await tx.family(Deadline, case.number)
    return sorted((row for row in rows if row.met_at is None and row.ended_at is None), key=lambda row: row.due_at)


def begin(case: Case, term: Term, tx: Tx) -> None:
    """A deadline begins to run."""
    row = Deadline(
        id=f"{case.number}:{term.name}",
        number=case.number,
        name=term.name,
        assignment=int(term.name.split(".")[0]),
        stage=term.stage,
        agency=term.agency,
        start_at=term.start_at,
        limit_=term.limit,
        unit=term.unit,
        pauses=term.pauses,
        extensions=term.extensions,
        cap=term.cap,
        due_at=term.due_at,
        warn_at=term.warn_at,
        calendar=term.calendar,
    )
    tx.add(row)
    schedule(row, tx)
    limits = {"limit_": term.limit, "unit": term.unit, "cap": term.cap}
    line(row, term.start_at, "start", tx, **limits)


def change(row: Deadline, term: Term, at: datetime, what: Change, tx: Tx, days: int = 0, reason: str = "") -> None:
    """A deadline moves; a card that the new due time no longer deserves is taken off."""
    row.limit_, row.unit, row.cap = term.limit, term.unit, term.cap
    row.pauses, row.extensions = term.pauses, term.extensions
    row.due_at, row.warn_at, row.calendar = term.due_at, term.warn_at, term.calendar
    row.moves += 1
    if row.due_at > at:
        row.card, row.named_at = None, None
    schedule(row, tx)
    limits = {"limit_": term.limit, "unit": term.unit, "cap": term.cap} if what == "class" else {}
    line(row, at, what, tx, days=days, reason=reason, **limits)


def schedule(row: Deadline, tx: Tx) -> None:
    """The deadline's timers: before it is due, and when it is missed."""
    if row.stage in WINDOWS:
        return
    if row.warn_at is not None:
        tx.schedule(WARN, row.number, row.warn_at, name=f"{row.name}.{row.moves}")
    tx.schedule(MISS, row.number, row.due_at + timedelta(seconds=1), name=f"{row.name}.{row.moves}")


def line(row: Deadline, at: datetime, what: str, tx: Tx, **more: Any) -> None:
    """A line of the ledger for this deadline."""
    given = {"limit_": None, "unit": None, "cap": None, "days": 0, "reason": None, **more}
    where = {"number": row.number, "name": row.name, "stage": row.stage, "agency": row.agency}
    tx.insert(ClockLine, at=at, what=what, due_at=row.due_at, **where, **given)


async def meet(case: Case, stages: Iterable[str], at: datetime, tx: Tx, agency: str | None = None) -> None:
    """What was to be done is done: open deadlines of these stages are met; in time, though it was told late, or not."""
    for row in await open_deadlines(case, tx):
        if row.stage in stages and (agency is None or row.agency == agency):
            row.met_at = at
            if row.card == "red" and at <= row.due_at:
                row.card = None


async def end(case: Case, at: datetime, tx: Tx, *, keep: Iterable[str] = ()) -> None:
    """Open deadlines no longer apply, but for the stages to `keep`."""
    for row in await open_deadlines(case, tx):
        if row.stage not in keep:
            row.ended_at = at


async def refresh(case: Case, tx: Tx) -> None:
    """What the lists show of the clock: the case's next moment and its worst card."""
    rows = [row for row in await tx.family(Deadline, case.number) if row.assignment == case.assignment]
    case.card = worst(row.card for row in rows if row.stage != "review" and row.stage != "route")
    if case.state is None or case.state in ENDED or case.lead_agency is None:
        case.urgent_at = None
    elif case.state == "suspended":
        case.urgent_at = case.paused_until
    else:
        waiting = {*LEADS, "supervision"}
        due = [row.due_at for row in await open_deadlines(case, tx) if _asks(row, case, waiting)]
        case.urgent_at = min(due, default=case.urgent_at or case.assigned_at)


def _asks(row: Deadline, case: Case, stages: set[str]) -> bool:
    return row.stage in stages and row.agency == case.lead_agency


def term_of(row: Deadline) -> Term:
    """The deadline as facts carry it."""
    return Term(
        name=row.name,
        stage=row.stage,
        agency=row.agency,
        start_at=row.start_at,
        limit=row.limit_,
        unit="working_day" if row.unit == "working_day" else "calendar_day",
        pauses=row.pauses,
        extensions=row.extensions,
        cap=row.cap,
        due_at=row.due_at,
        warn_at=row.warn_at,
        calendar=row.calendar,
    )
