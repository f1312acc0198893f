"""What facts do to the router's rows: the same when they are told and when they are only applied."""

from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter

from services.router.domain import Question, Read
from services.router.tables import DecisionRecord, Routing
from shared.events import CaseReturned, ComplaintAssigned, ComplaintFiled
from shared.tx import Tx

_QUESTION = TypeAdapter(Question)
#: How many candidates are kept and shown.
SHOWN = 5


def asked(fact: ComplaintFiled) -> Question:
    """What the complaint is decided on, as it was filed."""
    return Question(
        title=fact.title,
        text=fact.text,
        region=fact.region,
        matter=fact.matter,
        respondent=fact.respondent,
        respondent_agency=fact.respondent_agency,
        amount=fact.amount,
        foreign_invested=fact.foreign_invested,
    )


def unrouted(fact: ComplaintFiled, question: Question) -> Routing:
    """The complaint's row before anything is decided."""
    row = Routing(
        number=fact.number,
        question={},
        filed_at=fact.at,
        state="new",
        enterprise=fact.enterprise,
        candidates=[],
        reasons=[],
        returned_by=[],
    )
    ask(row, question)
    return row


def ask(row: Routing, question: Question) -> None:
    """This is what the complaint is decided on from now on."""
    row.question = _QUESTION.dump_python(question, mode="json")


def question_of(row: Routing) -> Question:
    """What this complaint is decided on."""
    return _QUESTION.validate_python(row.question)


def keep(row: Routing, read: Read) -> None:
    """What was read stands beside whatever is decided."""
    row.reader, row.out_of_scope = read.reader, read.out_of_scope
    row.candidates = [asdict(reading) for reading in read.candidates[:SHOWN]]


def record(
    row: Routing, fact: ComplaintAssigned, question: Question, tx: Tx, *, proposed: str | None, note: str | None
) -> None:
    """The decision, for ever."""
    shown = question.matter is None or fact.decided_by == "dispatcher"
    row.assignment, row.refusal, row.supplement = fact.assignment, None, None
    tx.insert(
        DecisionRecord,
        number=row.number,
        assignment=fact.assignment,
        at=fact.at,
        lead_agency=fact.lead_agency,
        co_agencies=list(fact.co_agencies),
        participants=list(fact.participants),
        matter=fact.matter,
        clause=fact.clause,
        reasons=list(fact.reasons),
        candidates=row.candidates,
        rules_version=fact.rules_version,
        decided_by=fact.decided_by,
        note=note,
        reader=row.reader if shown else None,
        proposed=proposed,
        returned_code=None,
    )


def put_on_hold(row: Routing, at: datetime, reasons: tuple[str, ...], out_of_scope: float) -> None:
    """A person is to decide."""
    row.state, row.held_at, row.held_times = "held", at, row.held_times + 1
    row.reasons, row.out_of_scope = list(reasons), out_of_scope


def wait_for_supplement(row: Routing, reason: str, days: int, due_at: datetime) -> None:
    """The complainant is asked, and has so many working days."""
    row.state, row.paused_days, row.held_times = "supplement", row.paused_days + days, row.held_times + 1
    row.supplement = {"reason": reason, "due_at": due_at.isoformat()}


async def count_return(fact: CaseReturned, tx: Tx) -> None:
    """The decision was given back, and why."""
    table = DecisionRecord.__table__  # type: ignore[attr-defined]
    mine = (table.c.number == fact.number) & (table.c.assignment == fact.assignment)
    await tx.flush()
    await tx.session.execute(table.update().where(mine).values(returned_code=fact.code))
