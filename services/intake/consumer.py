"""Door 2 of intake: the facts that change what the complainant sees."""

from services.intake import handlers
from shared.consumer import Handlers
from shared.events import CaseAccepted, CaseOpened, CaseReplied, CaseResolved, ComplaintAssigned, ComplaintHeld

HANDLERS: Handlers = {
    ComplaintHeld: handlers.show_held,
    ComplaintAssigned: handlers.show_assigned,
    CaseOpened: handlers.show_opened,
    CaseAccepted: handlers.show_accepted,
    CaseReplied: handlers.show_replied,
    CaseResolved: handlers.show_resolved,
}
