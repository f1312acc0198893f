"""Door 3 of the tracker: deadlines that come near, and that pass."""

from collections.abc import Mapping

from services.tracker.handlers import MISS, WARN, Tracker
from shared.timers import TimerHandler


def timing(tracker: Tracker) -> Mapping[str, TimerHandler]:
    """Which deadline goes to which handler."""
    return {WARN: tracker.warn, MISS: tracker.miss}
