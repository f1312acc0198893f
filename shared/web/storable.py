"""Text that no database keeps is refused at the door, wherever in a request it stands: NUL, half a surrogate pair."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from shared.errors import FieldError, Invalid

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: Bytes of JSON without any of these hold no such character, however they are read.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed|\x00")
#: Faults told at the most; one is enough to send it again.
_MOST = 20
Found = Iterator[tuple[str, str]]


def fault(text: str) -> str | None:
    """Why this text cannot be kept; None when it can."""
    bad = _UNSTORABLE.search(text)
    return f"含有无法保存的字符 U+{ord(bad[0]):04X}，请删除" if bad else None


async def storable(request: Request) -> None:
    """Invalid when anything in path, query or body cannot be kept, naming the fields."""
    sent: list[tuple[str, Any]] = [*request.path_params.items(), ("", await _body(request))]
    if b"%00" in request.scope["query_string"]:
        sent += request.query_params.multi_items()
    faults = [FieldError(field or "body", why) for field, text in _texts(sent) if (why := fault(text))]
    if faults:
        raise Invalid(faults[:_MOST])


async def _body(request: Request) -> Any:
    """What a body says that may hold such text; one that cannot be read is left to whoever reads it."""
    kind = request.headers.get("content-type", "").lower() if request.method != "GET" else ""
    if "json" in kind and _SUSPECT.search(await request.body()):
        try:
            return await request.json()
        except (ValueError, RecursionError):
            return None
    return await request.form() if "form" in kind else None


def _texts(waiting: list[tuple[str, Any]]) -> Found:
    """Every text with the dotted name of its field; a field's own name stands under what it lies in."""
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, str):
            yield field, value
        elif isinstance(value, dict | FormData):
            yield from ((field, name) for name in value)
            waiting += [(_below(field, name), inner) for name, inner in _items(value)]
        elif isinstance(value, list):
            waiting += [(_below(field, str(place)), inner) for place, inner in enumerate(value)]


def _items(value: dict[str, Any] | FormData) -> Iterable[tuple[str, Any]]:
    return value.multi_items() if isinstance(value, FormData) else value.items()


def _below(field: str, name: str) -> str:
    """The inner field's name; one that cannot be told itself is told as what it lies in."""
    if fault(name):
        return field
    return f"{field}.{name}" if field else name
