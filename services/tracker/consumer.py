"""Door 2 of the tracker: what opens a case and what ends it from outside."""

from services.tracker.handlers import Tracker
from shared.consumer import Handlers
from shared.events import ComplaintAssigned, ComplaintWithdrawn


def listening(tracker: Tracker) -> Handlers:
    """Which fact goes to which handler."""
    return {ComplaintAssigned: tracker.open, ComplaintWithdrawn: tracker.withdraw}
