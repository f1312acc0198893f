"""Door 2 of the router: what it decides on, and what makes a decision needless."""

from services.router.earlier import taking_over
from services.router.handlers import Router
from shared.consumer import Handlers
from shared.events import (
    CaseImported,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    ComplaintFiled,
    ComplaintSupplemented,
    ComplaintWithdrawn,
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
