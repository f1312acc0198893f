"""How cases, deadlines and orders look from outside."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from services.tracker.api import answers as say
from services.tracker.api import lists
from services.tracker.domain import possible
from services.tracker.domain.arrears import Totals
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


def deadline(row: Deadline) -> say.CaseDeadline:
    """A deadline; `agency` is whose it is, `ended_at` since when it no longer applies."""
    return say.CaseDeadline(
        stage=row.stage,
        due_at=row.due_at,
        met_at=row.met_at,
        card=row.card,
        agency=row.agency,
        name=row.name,
        ended_at=row.ended_at,
    )


def brief(row: Case, deadlines: Sequence[Deadline]) -> say.CaseBrief:
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


def claimed(row: Case, deadlines: Sequence[Deadline]) -> lists.CaseClaimed:
    return lists.CaseClaimed(**brief(row, deadlines), fence=row.fence, lease_until=row.lease_until)


def opinion_due(row: Deadline) -> lists.OpinionDue:
    return lists.OpinionDue(**deadline(row), number=row.number)


def order(row: Order, due: Deadline | None) -> say.SupervisionOrder:
    """A supervision order with its deadline."""
    return say.SupervisionOrder(
        order=row.id,
        number=row.number,
        assignment=row.assignment,
        agency=row.agency,
        why=row.why,
        reason=row.reason,
        stage=row.stage,
        given_at=row.given_at,
        given_by=row.given_by,
        replied_at=row.replied_at,
        replied_by=row.replied_by,
        reply=row.reply,
        ended_at=row.ended_at,
        due_at=due.due_at if due else None,
        card=due.card if due else None,
    )


def request(row: ExtensionRequest) -> say.ExtensionRequest:
    return say.ExtensionRequest(
        id=row.id,
        number=row.number,
        assignment=row.assignment,
        agency=row.agency,
        days=row.days,
        reason=row.reason,
        state=row.state,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision=row.decision,
    )


def review(row: Review) -> say.CaseReview:
    return say.CaseReview(
        number=row.number,
        round=row.round,
        reason=row.reason,
        state=row.state,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision=row.decision,
    )


async def whole(session: AsyncSession, row: Case, who: Principal) -> say.Case:
    """One case with all that belongs to it."""
    number = row.number
    deadlines = (await cases.deadlines_of(session, [number])).get(number, [])
    texts = {kept.id: kept.text for kept in await cases.rows_of(session, Kept, number)}
    remarks = _in_order(await cases.rows_of(session, Remark, number))
    due = {one.name: one for one in deadlines}
    orders = [order(one, due.get(one.deadline)) for one in await cases.rows_of(session, Order, number)]
    return say.Case(
        **brief(row, deadlines),
        reasons=row.reasons,
        clock=[_line(one) for one in await cases.rows_of(session, ClockLine, number)],
        timeline=[_entry(one) for one in await cases.rows_of(session, Entry, number)],
        opinions=[_remark(one, texts) for one in remarks if one.kind == "opinion"],
        notes=[_remark(one, texts) for one in remarks if one.kind == "note"],
        replies=[_reply(one) for one in _in_order(await cases.rows_of(session, Reply, number))],
        orders=orders,
        extension_requests=[request(one) for one in await cases.rows_of(session, ExtensionRequest, number)],
        reviews=[review(one) for one in await cases.rows_of(session, Review, number)],
        origin=[_origin(one) for one in await cases.rows_of(session, Imported, number)],
        arrears=_arrears(await cases.rows_of(session, Arrears, number)),
        possible=possible(state_of(row), _actors(row, who)),
    )


def _in_order(rows: Iterable[Said]) -> list[Said]:
    return sorted(rows, key=lambda row: row.version)


def _actors(row: Case, who: Principal) -> list[Actor]:
    """What this caller is to the case."""
    if who.role == "agency":
        return ["lead"] if who.agency == row.lead_agency else ["co"] if who.agency in row.co_agencies else []
    if who.role == "dispatcher":
        return ["dispatcher"]
    return ["supervisor"] if who.role == "supervisor" else sorted(CALLERS)


def _line(row: ClockLine) -> say.ClockLine:
    """A line of the ledger, and what it says in plain terms."""
    return say.ClockLine(
        limit=row.limit_,
        at=row.at,
        what=row.what,
        name=row.name,
        stage=row.stage,
        agency=row.agency,
        unit=row.unit,
        days=row.days,
        due_at=row.due_at,
        reason=row.reason,
        words=words(line_of(row)),
    )


def line_of(row: ClockLine) -> Line:
    keys = ("at", "what", "due_at", "name", "stage", "unit", "cap", "days", "reason")
    return Line(limit=row.limit_, **{key: getattr(row, key) for key in keys})


def _entry(row: Entry) -> say.CaseEntry:
    told: dict[str, Any] = {"at": row.at, "what": row.what, "who": row.who, "from": row.from_state, **row.detail}
    return cast(say.CaseEntry, told)


def _remark(row: Remark, texts: dict[str, str]) -> say.CaseRemark:
    return say.CaseRemark(
        id=row.id,
        assignment=row.assignment,
        at=row.at,
        agency=row.agency,
        by=row.by,
        text=texts.get(row.id),
    )


def _reply(row: Reply) -> say.CaseReply:
    return say.CaseReply(
        id=row.id,
        assignment=row.assignment,
        at=row.at,
        agency=row.agency,
        by=row.by,
        text=row.text,
        met=row.met,
        contacted_at=row.contacted_at,
    )


def _origin(row: Imported) -> say.CaseOrigin:
    """Where a case of earlier records comes from."""
    return say.CaseOrigin(number=row.origin, source=row.source, imported_at=row.at)


def _arrears(rows: Sequence[Arrears]) -> say.Arrears | None:
    """The totals as they stand, and every record behind them; None where nothing was recorded."""
    if not rows:
        return None
    records = [
        say.ArrearsRecord(at=one.stood_at, agency=one.agency, by=one.by, evidence=one.evidence, **_sums(one))
        for one in sorted(rows, key=lambda one: (one.stood_at, one.version))
    ]
    return say.Arrears(**_sums(totals_of(list(rows))), records=records)


def _sums(row: Arrears | Totals) -> say.Sums:
    return say.Sums(
        claimed=_yuan(row.claimed),
        verified=_yuan(row.verified),
        repaid=_yuan(row.repaid),
        under_agreement=_yuan(row.under_agreement),
    )


def _yuan(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"
