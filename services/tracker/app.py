"""The tracker's composition root; `python -m services.tracker` serves it alone."""

from pathlib import Path

from services.tracker import api
from services.tracker.consumer import listening
from services.tracker.figures import collect
from services.tracker.handlers import Tracker
from services.tracker.settings import TrackerSettings
from services.tracker.tables import kernel, metadata
from services.tracker.timers import timing
from shared import calendar
from shared.composition import Surroundings
from shared.runtime import Service, Spec


def build(around: Surroundings) -> Service[Tracker]:
    """The tracker in these surroundings."""
    settings = TrackerSettings()
    tracker = Tracker(calendar.current, settings)
    spec = Spec(
        name="tracker",
        metadata=metadata,
        kernel=kernel,
        migrations=Path(__file__).parent / "migrations",
        routes=(api.routes,),
        handlers=listening(tracker),
        timers=timing(tracker),
        parts=tracker,
        collect=collect,
    )
    return around.service(spec, settings.database_url)
