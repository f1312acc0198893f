"""How cases, deadlines and orders look from outside."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.domain import possible
from services.tracker.domain.clock import Line, words
from services.tracker.domain.states import CALLERS, Actor
from services.tracker.handlers.kit import state_of
from services.tracker.handlers.steps import totals_of
from services.tracker.store import cases
from services.tracker.tables import (
    Arrears,
    Case,
    ClockLine,
    Deadline,
    Entry,
    ExtensionRequest,
    Imported,
    Kept,
    Order,
    Remark,
    Reply,
    Review,
)
from shared.auth import Principal

Said = TypeVar("Said", Reply, Remark)


def deadline(row: Deadline) -> dict[str, Any]:
    """A deadline; `agency` is whose it is, `ended_at` since when it no longer applies."""
    keys = ("stage", "due_at", "met_at", "card", "agency", "name", "ended_at")
    return {key: getattr(row, key) for key in keys}


def brief(row: Case, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    """A case in a list, with the deadlines of its present assignment."""
    return {
        "number": row.number,
        "state": row.state,
        "version": row.version,
        "title": row.title,
        "matter": row.matter,
        "class": row.case_class,
        "region": row.region,
        "amount": str(row.amount) if row.amount is not None else None,
        "lead_agency": row.lead_agency,
        "co_agencies": row.co_agencies,
        "participants": row.participants,
        "assignment": row.assignment,
        "designated": row.designated,
        "filed_at": row.filed_at,
        "assigned_at": row.assigned_at,
        "urgent_at": row.urgent_at,
        "paused_until": row.paused_until,
        "card": row.card,
        "deadlines": [deadline(one) for one in deadlines if one.assignment == row.assignment],
    }


def claimed(row: Case, deadlines: Sequence[Deadline]) -> dict[str, Any]:
    return {**brief(row, deadlines), "fence": row.fence, "lease_until": row.lease_until}


def order(row: Order, due: Deadline | None) -> dict[str, Any]:
    """A supervision order with its deadline."""
    clock = {"due_at": due.due_at if due else None, "card": due.card if due else None}
    keys = ("number", "assignment", "agency", "why", "reason", "stage", "given_at", "given_by")
    told = {key: getattr(row, key) for key in (*keys, "replied_at", "replied_by", "reply", "ended_at")}
    return {"order": row.id, **told, **clock}


def request(row: ExtensionRequest) -> dict[str, Any]:
    keys = ("id", "number", "assignment", "agency", "days", "reason", "state", "asked_at", "asked_by")
    return {key: getattr(row, key) for key in (*keys, "decided_at", "decided_by", "decision")}


def review(row: Review) -> dict[str, Any]:
    keys = ("number", "round", "reason", "state", "asked_at", "decided_at", "decided_by", "decision")
    return {key: getattr(row, key) for key in keys}


async def whole(session: AsyncSession, row: Case, who: Principal) -> dict[str, Any]:
    """One case with all that belongs to it."""
    number = row.number
    deadlines = (await cases.deadlines_of(session, [number])).get(number, [])
    texts = {kept.id: kept.text for kept in await cases.rows_of(session, Kept, number)}
    remarks = _in_order(await cases.rows_of(session, Remark, number))
    due = {one.name: one for one in deadlines}
    orders = [order(one, due.get(one.deadline)) for one in await cases.rows_of(session, Order, number)]
    return {
        **brief(row, deadlines),
        "reasons": row.reasons,
        "clock": [_line(one) for one in await cases.rows_of(session, ClockLine, number)],
        "timeline": [_entry(one) for one in await cases.rows_of(session, Entry, number)],
        "opinions": [_remark(one, texts) for one in remarks if one.kind == "opinion"],
        "notes": [_remark(one, texts) for one in remarks if one.kind == "note"],
        "replies": [_reply(one) for one in _in_order(await cases.rows_of(session, Reply, number))],
        "orders": orders,
        "extension_requests": [request(one) for one in await cases.rows_of(session, ExtensionRequest, number)],
        "reviews": [review(one) for one in await cases.rows_of(session, Review, number)],
        "origin": [_origin(one) for one in await cases.rows_of(session, Imported, number)],
        "arrears": _arrears(await cases.rows_of(session, Arrears, number)),
        "possible": possible(state_of(row), _actors(row, who)),
    }


def _in_order(rows: Iterable[Said]) -> list[Said]:
    return sorted(rows, key=lambda row: row.version)


def _actors(row: Case, who: Principal) -> list[Actor]:
    """What this caller is to the case."""
    if who.role == "agency":
        return ["lead"] if who.agency == row.lead_agency else ["co"] if who.agency in row.co_agencies else []
    if who.role == "dispatcher":
        return ["dispatcher"]
    return ["supervisor"] if who.role == "supervisor" else sorted(CALLERS)


def _line(row: ClockLine) -> dict[str, Any]:
    """A line of the ledger, and what it says in plain terms."""
    keys = ("at", "what", "name", "stage", "agency", "unit", "days", "due_at", "reason")
    told = {"limit": row.limit_, **{key: getattr(row, key) for key in keys}}
    return {**told, "words": words(line_of(row))}


def line_of(row: ClockLine) -> Line:
    keys = ("at", "what", "due_at", "name", "stage", "unit", "cap", "days", "reason")
    return Line(limit=row.limit_, **{key: getattr(row, key) for key in keys})


def _entry(row: Entry) -> dict[str, Any]:
    return {"at": row.at, "what": row.what, "who": row.who, "from": row.from_state, **row.detail}


def _remark(row: Remark, texts: dict[str, str]) -> dict[str, Any]:
    keys = ("id", "assignment", "at", "agency", "by")
    return {**{key: getattr(row, key) for key in keys}, "text": texts.get(row.id)}


def _reply(row: Reply) -> dict[str, Any]:
    keys = ("id", "assignment", "at", "agency", "by", "text", "met", "contacted_at")
    return {key: getattr(row, key) for key in keys}


def _origin(row: Imported) -> dict[str, Any]:
    """Where a case of earlier records comes from."""
    return {"number": row.origin, "source": row.source, "imported_at": row.at}


def _arrears(rows: Sequence[Arrears]) -> dict[str, Any] | None:
    """The totals as they stand, and every record behind them; None where nothing was recorded."""
    if not rows:
        return None
    totals = totals_of(list(rows))
    names = ("claimed", "verified", "repaid", "under_agreement")
    records = [
        {"at": one.stood_at, "agency": one.agency, "by": one.by, "evidence": one.evidence, **_yuan(one, names)}
        for one in sorted(rows, key=lambda one: (one.stood_at, one.version))
    ]
    return {**_yuan(totals, names), "records": records}


def _yuan(row: Any, names: Iterable[str]) -> dict[str, str | None]:
    found = {name: getattr(row, name) for name in names}
    return {name: None if value is None else f"{value:.2f}" for name, value in found.items()}
