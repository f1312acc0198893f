"""Trace context: one W3C `traceparent` follows a complaint through requests, facts and timers.

Ids are made and logged always; finished spans are told to a listener only where there is one (shared/telemetry.py).
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import structlog

from shared.errors import Problem

Kind = Literal["internal", "server", "producer", "consumer"]
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
#: The complaint's number as an attribute.
NUMBER = "yousu.number"

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


@dataclass(slots=True)
class Span:
    """Work with a beginning and an end; times are nanoseconds since 1970, `error` is the type of what ended it."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: Kind
    start_ns: int
    end_ns: int = 0
    error: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-01"


_listener: Callable[[Span], None] | None = None
#: Spans under way in this process, by id: what is learnt inside one is told of those around it.
_open: dict[str, Span] = {}


@contextmanager
def told_to(listener: Callable[[Span], None]) -> Iterator[None]:
    """Every span that ends meanwhile is told to this listener."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def told() -> bool:
    """Whether anybody listens."""
    return _listener is not None


def current() -> str | None:
    """The traceparent of the work under way, if any."""
    return _current.get()


def child_of(traceparent: str | None) -> str:
    """A new span in the same trace, or the first span of a new one when the parent is none or malformed."""
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    trace_id = found[1] if found else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"


def _own_ids(traceparent: str) -> dict[str, Any]:
    return {"trace_id": traceparent[3:35], "span_id": traceparent[36:52]}


def ids(traceparent: str | None) -> dict[str, str]:
    """What a log line says of this span; nothing without one."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return {"trace_id": found[1], "span_id": found[2]} if found else {}


@contextmanager
def span(
    traceparent: str | None, name: str = "work", kind: Kind = "internal", *, quiet: bool = False, **fields: object
) -> Iterator[str]:
    """Work done under a new span of this trace; its log lines carry the ids and `fields`. A `quiet` one is not told."""
    mine = child_of(traceparent)
    token = _current.set(mine)
    opened = None if quiet else _opened(mine, traceparent, name, kind, fields)
    with structlog.contextvars.bound_contextvars(**_own_ids(mine), **fields):
        try:
            yield mine
        except BaseException as error:
            fail(opened, error)
            raise
        finally:
            _current.reset(token)
            end(opened)


def begin(traceparent: str | None, name: str, kind: Kind, **fields: object) -> Span | None:
    """A span whose end is somewhere else; None when nobody listens."""
    return _opened(child_of(traceparent), traceparent, name, kind, fields) if told() else None


def _opened(mine: str, parent: str | None, name: str, kind: Kind, fields: dict[str, object]) -> Span | None:
    if _listener is None:
        return None
    opened = Span(**_own_ids(mine), parent_id=ids(parent).get("span_id"), name=name, kind=kind, start_ns=time.time_ns())
    _open[opened.span_id] = opened
    _learn(opened, fields)
    return opened


def end(opened: Span | None) -> None:
    """The work is over."""
    if opened is None or _open.pop(opened.span_id, None) is None:
        return
    opened.end_ns = time.time_ns()
    if _listener is not None:
        _listener(opened)


def fail(opened: Span | None, error: BaseException | str) -> None:
    """The work ended in this error; only its type is told, its text may hold what a person wrote."""
    if opened is None:
        return
    if isinstance(error, Problem) and error.status < 500:
        opened.attributes["yousu.problem"] = error.type
    elif opened.error is None:
        opened.error = error if isinstance(error, str) else type(error).__name__


@contextmanager
def ending(spans: Sequence[Span | None]) -> Iterator[None]:
    """These spans end together, all of them badly when the work raises."""
    try:
        yield
    except BaseException as error:
        for opened in spans:
            fail(opened, error)
        raise
    finally:
        for opened in spans:
            end(opened)


def note(*, name: str | None = None, error: BaseException | str | None = None, **fields: object) -> None:
    """What is learnt only now of the work under way: a better name, an attribute, how it failed."""
    opened = _open.get(ids(_current.get()).get("span_id", "")) if told() else None
    if opened is None:
        return
    opened.name = name or opened.name
    if error is not None:
        fail(opened, error)
    _learn(opened, fields)


def _learn(opened: Span, fields: dict[str, object]) -> None:
    number = fields.get("number")
    opened.attributes |= {key: value for key, value in fields.items() if key != "number" and value is not None}
    around: Span | None = opened
    while number is not None and around is not None:
        around.attributes.setdefault(NUMBER, number)
        around = _open.get(around.parent_id or "")


def called(handler: Callable[..., Any]) -> str:
    """What a handler is called, for the name of its span."""
    while isinstance(handler, partial):
        handler = handler.func
    return str(getattr(handler, "__qualname__", type(handler).__qualname__))
