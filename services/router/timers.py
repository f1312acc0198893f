"""Door 3 of the router: a held complaint that nobody decided on, a supplement that did not come."""

from collections.abc import Mapping

from services.router.handlers import DEEMED, UNANSWERED, Router
from shared.timers import TimerHandler


def timing(router: Router) -> Mapping[str, TimerHandler]:
    """Which deadline goes to which handler."""
    return {DEEMED: router.deem_accepted, UNANSWERED: router.unanswered}
