"""Use cases of the tracker, by theme; `Tracker` is all of them."""

from services.tracker.handlers.after import After
from services.tracker.handlers.extending import Extending
from services.tracker.handlers.importing import Importing
from services.tracker.handlers.kit import Step, visible
from services.tracker.handlers.opening import Opening
from services.tracker.handlers.recalculating import Recalculating
from services.tracker.handlers.steps import Steps
from services.tracker.handlers.supervising import Supervising


class Tracker(Opening, Steps, Extending, After, Supervising, Recalculating, Importing):
    """What the tracker does with a fact, a request or a deadline."""


__all__ = ["Step", "Tracker", "visible"]
