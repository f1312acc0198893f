"""Every answer that a test receives from the API, held to the document: its status, media type, and each field.

The document lets readers ignore fields they do not know; here a field that it does not name is a fault.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from shared.web.documents import document

Document = dict[str, Any]
_FORMATS: Any = FormatChecker()
_PROBLEM = "application/problem+json"


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


_FORMATS.checks("date-time", ValueError)(_is_moment)


@dataclass(frozen=True)
class Answer:
    """One answer to an operation of the document."""

    operation: str
    status: str
    media: str
    content: bytes

    @property
    def body(self) -> Any:
        """JSON as values, anything else as text."""
        if not self.content:
            return None
        return json.loads(self.content) if "json" in self.media else self.content.decode(errors="replace")


class Held(httpx.AsyncBaseTransport):
    """Holds what comes through `inner` to the document, and tells it to `told`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, told: Callable[[Answer], None] = lambda _answer: None) -> None:
        self._inner, self._told = inner, told

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        content = await response.aread()
        operation = operation_of(request.method, request.url.path)
        if operation is not None:
            media = response.headers.get("content-type", "")
            answer = Answer(operation, str(response.status_code), media, content)
            assert list(faults(answer)) == [], f"{request.method} {request.url.path}: {content[:2000]!r}"
            self._told(answer)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def operations() -> dict[str, Document]:
    """The operations of the document, by their id."""
    paths = document("openapi.json")["paths"].values()
    return {operation["operationId"]: operation for methods in paths for operation in methods.values()}


@cache
def _routes() -> list[tuple[str, re.Pattern[str], str]]:
    """Method, path and id of every operation, those with fewer parameters first."""
    paths = sorted(document("openapi.json")["paths"].items(), key=lambda item: item[0].count("{"))
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation["operationId"])
        for path, methods in paths
        for method, operation in methods.items()
    ]


def operation_of(method: str, path: str) -> str | None:
    """The id of the operation at this address; None for a page."""
    return next((id_ for verb, form, id_ in _routes() if verb == method and form.fullmatch(path)), None)


def faults(answer: Answer) -> Iterator[str]:
    """Where the answer is not as its operation says."""
    described = operations()[answer.operation]["responses"].get(answer.status)
    if described is None:
        yield f"{answer.operation} does not say that it may answer {answer.status}"
        return
    name = described.get("$ref", "").rpartition("/")[2]
    content = (document("openapi.json")["components"]["responses"][name] if name else described).get("content", {})
    media = answer.media if answer.media in content else answer.media.partition(";")[0]
    if not content:
        yield from () if not answer.content else ("a body, where none is described",)
    elif media not in content:
        yield f"{answer.media} instead of {'、'.join(content)}"
    elif "json" in media:
        schema = json.dumps(content[media]["schema"])
        found = _validator(schema, strict=media != _PROBLEM).iter_errors(answer.body)
        yield from (f"{error.json_path}: {error.message[:300]}" for error in found)


@cache
def _validator(schema: str, *, strict: bool) -> Draft202012Validator:
    components = document("openapi.json")["components"]
    found = {**json.loads(schema), "components": closed(components) if strict else components}
    return Draft202012Validator(found, format_checker=_FORMATS)


def closed(components: Document) -> Document:
    """The same schemas, taking no field that they do not name."""
    found = deepcopy(components)
    for schema in _objects(found["schemas"]):
        schema.setdefault("additionalProperties", False)
    return found


def _objects(value: Any) -> Iterator[Document]:
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict) and value.get("type") == "object":
            yield value
        for one in value.values():
            yield from _objects(one)
    if isinstance(value, list):
        for one in value:
            yield from _objects(one)
