"""Door 3 of the tracker: deadlines that come near, that pass, that stay missed; pauses that end; the calendar."""

from collections.abc import Mapping
from functools import partial

from services.tracker.apply.rows import MISS, NAME, PAUSE_END, WARN
from services.tracker.handlers import Tracker
from services.tracker.handlers.recalculating import RECALCULATE, WATCH_SECONDS
from shared.chores import Chore
from shared.runtime import Service
from shared.timers import TimerHandler


def timing(tracker: Tracker) -> Mapping[str, TimerHandler]:
    """Which deadline goes to which handler."""
    return {
        WARN: tracker.warn,
        MISS: tracker.miss,
        NAME: tracker.name,
        PAUSE_END: tracker.end_pause,
        RECALCULATE: tracker.recalculate,
    }


async def watch_calendar(service: Service[Tracker]) -> None:
    """Set about every case whose deadlines rest on years that have changed."""
    after: str | None = ""
    while after is not None:
        after = await service.door.run("", partial(service.parts.watch_calendar, after))


CHORES: Mapping[str, Chore] = {"calendar": Chore(WATCH_SECONDS, watch_calendar)}
