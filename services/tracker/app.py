"""The tracker's composition root; `python -m services.tracker` serves it alone."""

from dataclasses import replace
from pathlib import Path

from services.tracker import api, pages
from services.tracker.consumer import ANSWERS, REPLAYING, listening
from services.tracker.exports import api as exports
from services.tracker.figures import collect
from services.tracker.handlers import Tracker
from services.tracker.numbers import api as numbers
from services.tracker.numbers.fold import FOLDING
from services.tracker.settings import TrackerSettings
from services.tracker.tables import kernel, metadata
from services.tracker.timers import CHORES, timing
from services.tracker.webhooks import api as webhooks
from services.tracker.webhooks import sending
from services.tracker.webhooks.handlers import ripen
from shared import calendar
from shared.composition import Surroundings
from shared.runtime import Service, Spec


def build(around: Surroundings) -> Service[Tracker]:
    """The tracker in these surroundings."""
    spec = _spec(TrackerSettings())
    return around.service(spec, spec.parts.settings.database_url)


def rebuilding(around: Surroundings, url: str) -> Service[Tracker]:
    """The tracker on another database, where it only applies what it reads: it decides and tells nothing."""
    return around.service(replace(_spec(TrackerSettings()), handlers=REPLAYING), url)


def _spec(settings: TrackerSettings) -> Spec[Tracker]:
    tracker = Tracker(lambda: calendar.current().without_end(), settings)
    return Spec(
        name="tracker",
        metadata=metadata,
        kernel=kernel,
        migrations=Path(__file__).parent / "migrations",
        routes=(*api.ROUTES, *pages.ROUTES, exports.routes, numbers.routes, webhooks.routes),
        handlers=listening(tracker),
        applying=REPLAYING,
        answers=ANSWERS,
        timers={**timing(tracker), sending.RETRY: ripen},
        parts=tracker,
        collect=collect,
        chores={**CHORES, **sending.CHORES, "numbers": FOLDING},
    )
