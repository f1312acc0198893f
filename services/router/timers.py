"""Door 3 of the router: a held complaint that nobody decided on."""

from collections.abc import Mapping

from services.router.handlers import DEEMED, Router
from shared.timers import TimerHandler


def timing(router: Router) -> Mapping[str, TimerHandler]:
    """Which deadline goes to which handler."""
    return {DEEMED: router.deem_accepted}
