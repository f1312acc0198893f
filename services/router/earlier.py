"""Complaints of earlier records: with an agency already, the router knows them; with none, it decides as ever."""

from collections.abc import Sequence
from functools import partial

from services.router.domain import NeedsTriage, Question
from services.router.handlers import Router
from services.router.recording import unrouted
from services.router.tables import Routing
from shared.consumer import Handler
from shared.events import (
    CaseImported,
    CaseResolved,
    CaseReturned,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintRefused,
    ComplaintWithdrawn,
    Fact,
)
from shared.tx import Tx

_HELD = "历史数据导入：原承办单位已退回，尚未重新派单"


def taking_over(router: Router) -> Handler:
    """The handler of what is brought in."""
    return partial(take_over, router)


async def take_over(router: Router, fact: CaseImported, tx: Tx) -> None:
    """Whatever happened to it is so; what still waits for an agency is decided, by a person where one returned it."""
    filed, *rest = fact.story()
    if not isinstance(filed, ComplaintFiled) or await tx.lock(Routing, fact.number) is not None:
        return
    row = with_its_past(filed, rest)
    if row is None:
        await router.route(filed, tx)
        return
    tx.add(row)
    if row.state == "returned":
        router.hold(row, NeedsTriage((), (_HELD,)), tx)


def with_its_past(filed: ComplaintFiled, rest: Sequence[Fact]) -> Routing | None:
    """The complaint's row after these facts; None when it had no agency yet, and no end."""
    if not any(isinstance(one, ComplaintAssigned | ComplaintRefused | ComplaintWithdrawn) for one in rest):
        return None
    row = unrouted(filed, Question(filed.title, filed.text, filed.region, filed.matter, amount=filed.amount))
    for one in rest:
        _follow(row, one)
    return row


def _follow(row: Routing, fact: Fact) -> None:
    match fact:
        case ComplaintAssigned():
            row.state, row.assignment = "assigned", fact.assignment
        case CaseReturned():
            row.state, row.returned_by = "returned", [*row.returned_by, fact.agency]
        case ComplaintRefused():
            row.state = "refused"
        case CaseResolved() | ComplaintWithdrawn():
            row.state = "ended"
