"""Complaints of earlier records: officials see how they stand; nobody holds an access code, no identity is here."""

import secrets

from pydantic_core import to_json

from services.intake import store
from services.intake.domain import View
from services.intake.handlers.intake import Intake
from services.intake.handlers.showing import write
from services.intake.tables import Complaint
from shared.events import CaseImported, ComplaintFiled
from shared.tx import Tx


async def take_over(intake: Intake, fact: CaseImported, tx: Tx) -> None:
    """The complaint as it was filed, with what happened since; one that is known stays as it is."""
    filed, *rest = fact.story()
    if not isinstance(filed, ComplaintFiled) or await tx.lock(Complaint, fact.number) is not None:
        return
    complaint = without_complainant(intake, filed, [])
    tx.add(complaint)
    for one in rest:
        write(complaint, one, tx)


def without_complainant(intake: Intake, filed: ComplaintFiled, respondents: list[str]) -> Complaint:
    """The complaint as the stream tells it: masked words, no identity, and a code that nobody holds."""
    number, content = filed.number, {"title": filed.title, "description": filed.text}
    return Complaint(
        number=number,
        code_digest=intake.digest(number, secrets.token_hex()),
        filed_at=filed.at,
        region=filed.region,
        identity=intake.cipher.seal(to_json({}), f"identity:{number}"),
        content=intake.cipher.seal(to_json(content), f"content:{number}"),
        respondents=respondents,
        **store.columns_of(View(matter=filed.matter)),
    )
