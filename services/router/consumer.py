"""Door 2 of the router: what it decides on, and what makes a decision needless."""

from services.router.earlier import taking_over
from services.router.handlers import Router
from shared.consumer import Handlers
from shared.events import (
    CaseImported,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    Fact,
)

#: What the router tells when it hears one of these.
ANSWERS: dict[type[Fact], tuple[type[Fact], ...]] = dict.fromkeys(
    (ComplaintFiled, ComplaintSupplemented, CaseReturned, CaseImported), (ComplaintAssigned, ComplaintHeld)
)


def listening(router: Router) -> Handlers:
    """Which fact goes to which handler."""
    return {
        ComplaintFiled: router.route,
        ComplaintSupplemented: router.supplement,
        CaseReturned: router.reconsider,
        ComplaintWithdrawn: router.drop,
        CaseResolved: router.drop,
        CaseReopened: router.reopen,
        CaseImported: taking_over(router),
    }
