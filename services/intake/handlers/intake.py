"""What intake does with a request of the complainant, or of who may look at what is sealed."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic_core import from_json, to_json

from services.intake import store
from services.intake.domain import Action, View, allow, granted, mask
from services.intake.handlers.showing import existing, write
from services.intake.settings import IntakeSettings
from services.intake.tables import Complaint, Look, Said, Tries
from shared.auth import Principal
from shared.clock import in_shanghai
from shared.crypto import Cipher, same
from shared.errors import Forbidden, TooMany
from shared.events import ComplaintFiled, ComplaintRated, ComplaintSupplemented, ComplaintWithdrawn, Fact, ReviewAsked
from shared.reference import current
from shared.reference.identifiers import new_number
from shared.tx import Tx

#: No letter or digit that is mistaken for another when read aloud or copied by hand.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 10
Sealed = Literal["identity", "content"]


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
            identity=self.cipher.seal(to_json(identity), f"identity:{number}"),
            content=self.cipher.seal(to_json(content), f"content:{number}"),
            respondents=sorted(current().codes_of(filing.respondent_agency, filing.respondent)),
            **store.columns_of(View(matter=filing.matter)),
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

    async def supplement(self, number: str, text: str, tx: Tx) -> None:
        """The complainant gives more; whoever asked for it goes on with it."""
        fact = ComplaintSupplemented(number=number, at=tx.now, text=mask(text))
        await self._say("supplements", fact, text, tx)

    async def rate(self, number: str, grade: int, solved: bool, comment: str | None, tx: Tx) -> None:
        """The complainant rates the resolution, once; `grade` 5 非常满意 … 1 非常不满意."""
        masked = mask(comment) if comment else None
        fact = ComplaintRated(number=number, at=tx.now, grade=grade, solved=solved, comment=masked)
        await self._say("rating", fact, comment, tx)

    async def review(self, number: str, reason: str, tx: Tx) -> None:
        """The complainant contests the resolution, once; a supervisor decides."""
        await self._say("review", ReviewAsked(number=number, at=tx.now, reason=mask(reason)), reason, tx)

    async def withdraw(self, number: str, tx: Tx, *, reason: str | None = None) -> None:
        """The complainant takes the complaint back; a second time changes nothing."""
        if (await existing(number, tx)).status == "withdrawn":
            return
        told = {"reason": mask(reason)} if reason else {}
        await self._say("withdrawal", ComplaintWithdrawn(number=number, at=tx.now), reason, tx, **told)

    async def _say(self, action: Action, fact: Fact, words: str | None, tx: Tx, **told: str) -> None:
        """If it is possible now: the full words sealed, the masked ones shown and published."""
        complaint = await existing(fact.number, tx)
        allow(action, store.view_of(complaint))
        self.take_down(action, complaint, fact, words, tx, **told)
        tx.publish(fact)

    def take_down(
        self, action: Action, complaint: Complaint, fact: Fact, words: str | None, tx: Tx, **told: str
    ) -> None:
        """What the complainant said: the words sealed, the fact's line and the view after it."""
        if words:
            event_id = str(fact.event_id)
            sealed = self.cipher.seal(words.encode(), f"{action}:{fact.number}:{event_id}")
            tx.insert(Said, number=fact.number, at=fact.at, kind=action, event_id=event_id, text=sealed)
        write(complaint, fact, tx, **told)

    async def reveal(self, number: str, what: Sealed, caller: Principal, tx: Tx) -> dict[str, Any]:
        """The complainant's identity or full texts, unsealed for who has the grant; the look is recorded with them."""
        complaint = await tx.lock(Complaint, number)
        if complaint is None or not granted(caller, complaint.lead_agency, complaint.respondents):
            raise Forbidden("只有承办该投诉的单位可以查看", kind="no-grant")
        tx.insert(Look, number=number, at=tx.now, who=caller.subject, what=what)
        sealed = complaint.identity if what == "identity" else complaint.content
        found: dict[str, Any] = from_json(self.cipher.open(sealed, f"{what}:{number}"))
        return found if what == "identity" else {**found, **await self._said(number, tx)}

    async def _said(self, number: str, tx: Tx) -> dict[str, list[dict[str, Any]]]:
        """What the complainant said after filing, in full, by what it was; supplements also when there are none."""
        found: dict[str, list[dict[str, Any]]] = {"supplements": []}
        for row in await store.said(tx.session, number):
            text = self.cipher.open(row.text, f"{row.kind}:{number}:{row.event_id}").decode()
            found.setdefault(row.kind, []).append({"at": row.at, "text": text})
        return found

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
