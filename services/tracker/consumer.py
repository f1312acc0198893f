"""Door 2 of the tracker: what it follows of a complaint; for a replay, every fact, applied and no more."""

from services.tracker.apply import APPLY, apply
from services.tracker.handlers import Tracker
from shared.consumer import Handlers
from shared.events import (
    CaseClosed,
    CaseOpened,
    CaseRated,
    CaseResumed,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    Fact,
    ReviewAsked,
    ReviewOpened,
    RoutePaused,
    RouteResumed,
    RouteStarted,
    SupplementAsked,
)

#: In a replay nothing is decided and nothing told.
REPLAYING: Handlers = dict.fromkeys(APPLY, apply)
#: What the tracker tells when it hears one of these.
ANSWERS: dict[type[Fact], tuple[type[Fact], ...]] = {
    ComplaintFiled: (RouteStarted,),
    ComplaintHeld: (RouteResumed,),
    SupplementAsked: (RoutePaused,),
    ComplaintSupplemented: (RouteResumed, CaseResumed),
    ComplaintAssigned: (CaseOpened,),
    ComplaintRefused: (CaseClosed,),
    ComplaintWithdrawn: (CaseClosed,),
    ComplaintRated: (CaseRated,),
    ReviewAsked: (ReviewOpened,),
}


def listening(tracker: Tracker) -> Handlers:
    """Which fact goes to which handler."""
    return {
        ComplaintFiled: tracker.file,
        ComplaintHeld: tracker.hold,
        SupplementAsked: tracker.ask_supplement,
        ComplaintSupplemented: tracker.supplement,
        ComplaintLinked: tracker.record,
        ComplaintAssigned: tracker.open,
        ComplaintRefused: tracker.refuse,
        ComplaintWithdrawn: tracker.withdraw,
        ComplaintRated: tracker.rate,
        ReviewAsked: tracker.ask_review,
    }
