"""Trace context: one W3C `traceparent` follows a complaint through requests, facts and timers."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """The traceparent of the work under way, if any."""
    return _current.get()


def child_of(traceparent: str | None) -> str:
    """A new span in the same trace, or the first span of a new one when the parent is none or malformed."""
    parts = (traceparent or "").split("-")
    valid = len(parts) == 4 and len(parts[1]) == 32 and all(c in "0123456789abcdef" for c in parts[1])
    trace_id = parts[1] if valid and int(parts[1], 16) else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"


@contextmanager
def span(traceparent: str | None, **fields: object) -> Iterator[str]:
    """Work done under a new span of this trace; its log lines carry the trace id and `fields`."""
    mine = child_of(traceparent)
    token = _current.set(mine)
    with structlog.contextvars.bound_contextvars(trace_id=mine.split("-")[1], **fields):
        try:
            yield mine
        finally:
            _current.reset(token)
