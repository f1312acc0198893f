"""What the tracker decides, without time, rows or I/O: states, clock, supervision, arrears."""

from services.tracker.domain.states import ENDED, OPEN, TRANSITIONS, Action, State, Where, advance, possible

__all__ = ["ENDED", "OPEN", "TRANSITIONS", "Action", "State", "Where", "advance", "possible"]
