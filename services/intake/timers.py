"""Door 3 of intake: it keeps no deadlines of its own."""

from collections.abc import Mapping

from shared.timers import TimerHandler

TIMERS: Mapping[str, TimerHandler] = {}
