"""The hook in the transaction: whoever tells a fact says so here, and its deliveries are written with it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from services.tracker.tables import Assignment, Case
from services.tracker.webhooks import store
from services.tracker.webhooks.concern import AUDIENCE, Parties, Role, body, concerned
from services.tracker.webhooks.tables import Delivery
from shared.events import CaseOpened, Fact
from shared.tx import Tx


@dataclass(slots=True)
class Pushed:
    """What the facts of one transaction say to whom; at its end one query finds who listens."""

    told: list[tuple[Fact, dict[str, Role]]] = field(default_factory=list)

    async def __call__(self, tx: Tx) -> None:
        listening = await store.listening(tx.session, {agency for _, audience in self.told for agency in audience})
        for fact, audience in self.told:
            kind, event = type(fact).__name__, str(fact.event_id)
            for webhook in listening:
                if webhook.agency in audience and (not webhook.facts or kind in webhook.facts):
                    said = body(fact, webhook.agency, audience[webhook.agency])
                    tx.insert(Delivery, **written(webhook.id, event, kind, fact.number, said, tx.now))


async def push(fact: Fact, tx: Tx) -> None:
    """Tell the agencies concerned, after the fact has had its effect; live only, a replay pushes nothing."""
    if type(fact) not in AUDIENCE:
        return
    if audience := concerned(fact, await _parties(fact, tx)):
        tx.at_end(Pushed).told.append((fact, audience))


async def _parties(fact: Fact, tx: Tx) -> Parties:
    case = await tx.lock(Case, fact.number)
    if case is None:
        return Parties()
    former = await _former(fact, tx) if isinstance(fact, CaseOpened) else ()
    return Parties(case.lead_agency, tuple(case.co_agencies), former)


async def _former(fact: CaseOpened, tx: Tx) -> tuple[str, ...]:
    """The agencies of the assignment that the case followed before this one."""
    older = [row for row in await tx.family(Assignment, fact.number) if row.assignment < fact.assignment]
    last = max((row for row in older if row.opened_at is not None), key=lambda row: row.assignment, default=None)
    return (last.lead_agency, *last.co_agencies) if last else ()


def written(webhook: str, event: str, kind: str, number: str | None, said: str, now: datetime) -> dict[str, Any]:
    """A delivery as it begins: ready at once."""
    what = {"webhook": webhook, "event": event, "type": kind, "number": number, "body": said}
    begins = {"created_at": now, "open_since": now, "state": "ready", "attempts": 0, "failures": 0, "try_at": now}
    later = dict.fromkeys(("tried_at", "delivered_at", "status", "error", "answer"))
    return {"id": uuid4().hex, **what, **begins, **later}
