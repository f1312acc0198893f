"""What intake does with a request or a fact."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import from_json, to_json

from services.intake.domain import follow, mask, may_withdraw
from services.intake.settings import IntakeSettings
from services.intake.tables import Complaint, Entry, Look, Tries
from shared.clock import in_shanghai
from shared.crypto import Cipher, same
from shared.errors import Conflict, NotFound, TooMany
from shared.events import (
    CaseAccepted,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintWithdrawn,
)
from shared.reference.identifiers import new_number
from shared.tx import Tx

#: No letter or digit that is mistaken for another when read aloud or copied by hand.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint that passed the door: every field checked, texts as the enterprise wrote them."""

    enterprise_name: str
    uscc: str
    contact: dict[str, str]
    region: str
    title: str
    description: str
    matter: str | None = None
    respondent: str | None = None
    respondent_agency: str | None = None
    amount: Decimal | None = None
    confidential: bool = False
    foreign_invested: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What the handlers of intake need beside the transaction."""

    cipher: Cipher
    settings: IntakeSettings

    async def file(self, filing: Filing, tx: Tx) -> dict[str, str]:
        """Take the complaint; its number, and its access code, which is told this once."""
        number = new_number(in_shanghai(tx.now).date(), f"{secrets.randbelow(10**9):09d}")
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        identity = {"enterprise": filing.enterprise_name, "uscc": filing.uscc, **filing.contact}
        content = {"title": filing.title, "description": filing.description}
        tx.insert(
            Complaint,
            number=number,
            code_digest=self.digest(number, code),
            filed_at=tx.now,
            owner=filing.owner,
            region=filing.region,
            matter=filing.matter,
            identity=self.cipher.seal(to_json(identity), f"identity:{number}"),
            content=self.cipher.seal(to_json(content), f"content:{number}"),
            status="filed",
            assignment=0,
            lead_agency=None,
            co_agencies=[],
            deadlines=[],
        )
        tx.publish(self._fact(number, filing, tx))
        return {"number": number, "access_code": code}

    def _fact(self, number: str, filing: Filing, tx: Tx) -> ComplaintFiled:
        return ComplaintFiled(
            number=number,
            at=tx.now,
            title=mask(filing.title),
            text=mask(filing.description),
            region=filing.region,
            matter=filing.matter,
            enterprise=self.cipher.digest("enterprise", filing.uscc)[:32],
            respondent=mask(filing.respondent) if filing.respondent else None,
            respondent_agency=filing.respondent_agency,
            amount=filing.amount,
            foreign_invested=filing.foreign_invested,
            confidential=filing.confidential,
        )

    def digest(self, number: str, code: str) -> str:
        return self.cipher.digest("access-code", f"{number}:{code.strip().upper()}")

    def code_is_right(self, complaint: Complaint | None, number: str, code: str) -> bool:
        """In constant time, whether there is such a complaint or not."""
        expected = complaint.code_digest if complaint else "0" * 64
        return same(expected, self.digest(number, code)) and complaint is not None

    def refuse_when_locked(self, tries: Tries | None, now: Any) -> None:
        """TooMany while wrong codes have locked the complaint."""
        if tries is None or tries.wrong < self.settings.code_tries:
            return
        left = int((tries.since + timedelta(seconds=self.settings.code_lock_seconds) - now).total_seconds())
        if left > 0:
            raise TooMany("查询码错误次数过多，请稍后再试", retry_after=left)

    async def count_wrong_code(self, number: str, tx: Tx) -> None:
        """One more wrong access code; an old count starts again."""
        tries = await tx.lock(Tries, number)
        if tries is None:
            tx.add(Tries(number=number, since=tx.now, wrong=1))
        elif tx.now - tries.since > timedelta(seconds=self.settings.code_lock_seconds):
            tries.since, tries.wrong = tx.now, 1
        else:
            tries.wrong += 1

    async def withdraw(self, number: str, tx: Tx) -> None:
        """The complainant takes the complaint back; a second time changes nothing."""
        complaint = await _existing(number, tx)
        if complaint.status == "withdrawn":
            return
        if not may_withdraw(complaint.status):  # type: ignore[arg-type]
            raise Conflict("投诉已经结束，不能撤回", kind="already-ended", possible=["review", "rating"])
        complaint.status = "withdrawn"
        tx.insert(Entry, number=number, at=tx.now, what="withdrawn", detail={})
        tx.publish(ComplaintWithdrawn(number=number, at=tx.now))

    async def reveal(self, number: str, what: str, who: str, tx: Tx) -> dict[str, Any]:
        """The complainant's identity or full text, unsealed; the look is recorded with the answer."""
        complaint = await _existing(number, tx)
        sealed = complaint.identity if what == "identity" else complaint.content
        tx.insert(Look, number=number, at=tx.now, who=who, what=what)
        found: dict[str, Any] = from_json(self.cipher.open(sealed, f"{what}:{number}"))
        return found


async def _existing(number: str, tx: Tx) -> Complaint:
    complaint = await tx.lock(Complaint, number)
    if complaint is None:
        raise NotFound("没有这个受理编号", kind="no-such-complaint")
    return complaint


async def show_held(fact: ComplaintHeld, tx: Tx) -> None:
    complaint = await _existing(fact.number, tx)
    complaint.status = follow(complaint.status, "triage")  # type: ignore[arg-type]
    tx.insert(Entry, number=fact.number, at=fact.at, what="held", detail={})


async def show_assigned(fact: ComplaintAssigned, tx: Tx) -> None:
    """A newer assignment starts the view again; an older one is only recorded."""
    complaint = await _existing(fact.number, tx)
    tx.insert(Entry, number=fact.number, at=fact.at, what="assigned", detail={"agency": fact.lead_agency})
    if fact.assignment <= complaint.assignment:
        return
    complaint.status = follow("filed" if complaint.status not in _FINAL else complaint.status, "assigned")  # type: ignore[arg-type]
    complaint.assignment, complaint.matter = fact.assignment, fact.matter
    complaint.lead_agency, complaint.co_agencies = fact.lead_agency, list(fact.co_agencies)


async def show_opened(fact: CaseOpened, tx: Tx) -> None:
    complaint = await _existing(fact.number, tx)
    if fact.assignment == complaint.assignment:
        complaint.deadlines = [due.model_dump(mode="json") for due in fact.deadlines]


async def show_accepted(fact: CaseAccepted, tx: Tx) -> None:
    await _show(fact.number, fact, "handling", "accepted", {"agency": fact.agency}, tx)


async def show_replied(fact: CaseReplied, tx: Tx) -> None:
    await _show(
        fact.number, fact, "replied", "replied", {"agency": fact.agency, "text": fact.text, "met": fact.met}, tx
    )


async def show_resolved(fact: CaseResolved, tx: Tx) -> None:
    await _show(fact.number, fact, "resolved", "resolved", {"agency": fact.agency}, tx)


async def _show(
    number: str, fact: CaseAccepted | CaseReplied | CaseResolved, seen: Any, what: str, detail: dict[str, Any], tx: Tx
) -> None:
    complaint = await _existing(number, tx)
    tx.insert(Entry, number=number, at=fact.at, what=what, detail=detail)
    if fact.assignment == complaint.assignment:
        complaint.status = follow(complaint.status, seen)  # type: ignore[arg-type]


_FINAL = frozenset({"resolved", "refused", "withdrawn"})
