"""Complaints of earlier records: with an agency already, the router knows them; with none, it decides as ever."""

from functools import partial

from pydantic import TypeAdapter

from services.router.domain import NeedsTriage, Question
from services.router.handlers import Router
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

_QUESTION = TypeAdapter(Question)
_HELD = "历史数据导入：原承办单位已退回，尚未重新派单"


def taking_over(router: Router) -> Handler:
    """The handler of what is brought in."""
    return partial(take_over, router)


async def take_over(router: Router, fact: CaseImported, tx: Tx) -> None:
    """Whatever happened to it is so; what still waits for an agency is decided, by a person where one returned it."""
    filed, *rest = fact.story()
    if not isinstance(filed, ComplaintFiled) or await tx.lock(Routing, fact.number) is not None:
        return
    if not any(isinstance(one, ComplaintAssigned | ComplaintRefused | ComplaintWithdrawn) for one in rest):
        await router.route(filed, tx)
        return
    row = _row(filed)
    tx.add(row)
    for one in rest:
        _follow(row, one)
    if row.state == "returned":
        router.hold(row, NeedsTriage((), (_HELD,)), tx)


def _row(filed: ComplaintFiled) -> Routing:
    question = Question(filed.title, filed.text, filed.region, filed.matter, amount=filed.amount)
    return Routing(
        number=filed.number,
        question=_QUESTION.dump_python(question, mode="json"),
        filed_at=filed.at,
        state="new",
        enterprise=filed.enterprise,
        candidates=[],
        reasons=[],
        returned_by=[],
    )


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
