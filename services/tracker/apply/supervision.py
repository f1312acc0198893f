"""Cards, the bulletin and supervision orders."""

from services.tracker.apply.rows import NAME, begin, case_of, deadline, note, refresh
from services.tracker.tables import Order
from shared.events import AgencyNamed, CaseSupervised, DeadlineMissed, DeadlineWarned, SupervisionReplied
from shared.tx import Tx


async def warned(fact: DeadlineWarned, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "warned", "clock", tx, case, stage=fact.stage, agency=fact.agency)
    row = await deadline(case, fact.name or f"{fact.assignment}.{fact.stage}", tx)
    if row is not None:
        row.card = row.card or "yellow"
    await refresh(case, tx)


async def missed(fact: DeadlineMissed, tx: Tx) -> None:
    """The red card; if the agency stays late, it will be named."""
    case = await case_of(fact, tx)
    note(fact, "missed", "clock", tx, case, stage=fact.stage, agency=fact.agency)
    row = await deadline(case, fact.name or f"{fact.assignment}.{fact.stage}", tx)
    if row is not None:
        row.card = "red"
        if fact.bulletin_at is not None:
            tx.schedule(NAME, fact.number, fact.bulletin_at, name=f"{row.name}.{row.moves}")
    await refresh(case, tx)


async def named(fact: AgencyNamed, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "named", "clock", tx, case, stage=fact.stage, agency=fact.agency)
    if (row := await deadline(case, fact.name, tx)) is not None:
        row.named_at = fact.at


async def supervised(fact: CaseSupervised, tx: Tx) -> None:
    case = await case_of(fact, tx)
    told = {"order": fact.order, "why": fact.why, "reason": fact.reason, "stage": fact.stage}
    note(fact, "supervised", fact.by or "clock", tx, case, **told)
    case.orders += 1
    case.version += 1
    tx.add(
        Order(
            id=fact.order,
            number=fact.number,
            assignment=fact.assignment,
            agency=fact.agency or case.lead_agency or "",
            why=fact.why,
            reason=fact.reason,
            stage=fact.stage,
            deadline=fact.clock[0].name if fact.clock else "",
            given_at=fact.at,
            given_by=fact.by or "clock",
        )
    )
    for term in fact.clock:
        begin(case, term, tx)
    await refresh(case, tx)


async def replied(fact: SupervisionReplied, tx: Tx) -> None:
    case = await case_of(fact, tx)
    note(fact, "order_replied", fact.by, tx, case, order=fact.order, agency=fact.agency, text=fact.text)
    for order in await tx.family(Order, fact.number):
        if order.id == fact.order:
            order.replied_at, order.replied_by, order.reply = fact.at, fact.by, fact.text
            if (row := await deadline(case, order.deadline, tx)) is not None:
                row.met_at = fact.at
    case.version += 1
    await refresh(case, tx)
