"""Intake's rows from facts alone, its own among them: for a database that was put back to an older copy.

Who complained, the full words and the access code are in no fact: of what was filed or said after the copy the masked
words are left, and nobody holds a code for it. Officials see the complaint, and that its identity is empty.
"""

from functools import partial

from services.intake.handlers.earlier import without_complainant
from services.intake.handlers.intake import Intake
from services.intake.handlers.showing import existing
from services.intake.tables import Complaint
from shared.consumer import Handlers
from shared.events import ComplaintFiled, ComplaintRated, ComplaintSupplemented, ComplaintWithdrawn, ReviewAsked
from shared.reference import current
from shared.tx import Tx


def applying(intake: Intake) -> Handlers:
    """What intake's own facts do to the rows; those of the others do what they always do."""
    return {
        ComplaintFiled: partial(filed, intake),
        ComplaintSupplemented: partial(said, intake),
        ComplaintRated: partial(said, intake),
        ReviewAsked: partial(said, intake),
        ComplaintWithdrawn: partial(said, intake),
    }


async def filed(intake: Intake, fact: ComplaintFiled, tx: Tx) -> None:
    if await tx.lock(Complaint, fact.number) is None:
        against = sorted(current().codes_of(fact.respondent_agency, fact.respondent))
        tx.add(without_complainant(intake, fact, against))


async def said(
    intake: Intake, fact: ComplaintSupplemented | ComplaintRated | ReviewAsked | ComplaintWithdrawn, tx: Tx
) -> None:
    complaint = await existing(fact.number, tx)
    match fact:
        case ComplaintSupplemented():
            intake.take_down("supplements", complaint, fact, fact.text, tx)
        case ComplaintRated():
            intake.take_down("rating", complaint, fact, fact.comment, tx)
        case ReviewAsked():
            intake.take_down("review", complaint, fact, fact.reason, tx)
        case ComplaintWithdrawn():
            intake.take_down("withdrawal", complaint, fact, None, tx)
