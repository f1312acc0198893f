"""Door 2 of intake: the facts of the others that change what the complainant sees."""

from functools import partial

from services.intake import handlers
from services.intake.handlers import Intake
from services.intake.handlers import applying as own
from services.intake.handlers.earlier import take_over
from shared.consumer import Handlers
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseImported,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSupervised,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRefused,
    DeadlineMissed,
    DeadlinesMoved,
    ReviewDecided,
    SupplementAsked,
)

HANDLERS: Handlers = {
    ComplaintHeld: handlers.show,
    SupplementAsked: handlers.show,
    ComplaintLinked: handlers.show,
    ComplaintRefused: handlers.show,
    ComplaintAssigned: handlers.show,
    CaseOpened: handlers.show,
    CaseAccepted: handlers.show,
    CaseReturned: handlers.show,
    CaseSuspended: handlers.show,
    CaseResumed: handlers.show,
    DeadlinesMoved: handlers.show,
    CaseReplied: handlers.show,
    CaseResolved: handlers.show,
    CaseClosed: handlers.show,
    ReviewDecided: handlers.show,
    CaseReopened: handlers.show,
    DeadlineMissed: handlers.show,
    CaseSupervised: handlers.show,
}


def listening(intake: Intake) -> Handlers:
    """Which fact goes to which handler; what is sealed here needs the key."""
    return {**HANDLERS, CaseImported: partial(take_over, intake)}


def applying(intake: Intake) -> Handlers:
    """What every fact does to the rows, intake's own among them."""
    return {**listening(intake), **own.applying(intake)}
