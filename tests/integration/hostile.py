"""Requests that nobody honest sends, made from the application's own description: one thing wrong at a time."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from hypothesis import strategies as st

from shared.web.documents_openapi import openapi

#: Texts of a JSON body that stand for what `json.dumps` does not write by itself.
_RAW = re.compile(r'"raw:([^"]*)"')
MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-03-10",
    "253402300799",
]
TEXTS = [
    "",
    " ",
    "\x00",
    "合\x00同",
    "\ud800",
    "合\udfff同",
    "\u202e款拖\u202c",
    "👾👾👾",
    "\u200b\u200b",
    "\r\nX: y",
    "长" * 20_001,
]
NUMBERS = [-1, 0, 2**31, 2**63, -(2**63), 1.5, -0.0, "raw:1e400", "raw:NaN", "raw:-Infinity", f"raw:1{'0' * 5000}"]
WRITTEN = [
    "1e400",
    "NaN",
    "Infinity",
    "-1",
    "1_000",
    "１２３",
    "' OR 1=1 --",
    "../../etc/passwd",
    "0001-01-01",
    "9999-12-31",
    *MOMENTS,
]
NESTED: list[Any] = [None, True, [], {}, [[]], [None], {"\ud800": 1}, {"\x00": "\x00"}, f"raw:{'[' * 900}{']' * 900}"]
VALUES = [*TEXTS, *NUMBERS, *WRITTEN, *NESTED]
BODIES = [
    *(b"", b"null", b"[]", b"{", b'"x"', b"1", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000, b"1" * 10_000),
    *('{"text":"\\u0000合"}'.encode("utf-16"), b'{"\xed\xa0\x80":1}', b'{"' + b"k" * 5000 + b'":1}', b"x" * 300_000),
]
NOW = "2026-03-10T02:00:00Z"


def cursor(*place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


CURSORS = [
    *(
        cursor(),
        cursor(1),
        cursor(NOW, 1),
        cursor(NOW, "\x00"),
        cursor(NOW, "\ud800"),
        cursor(NOW, None),
        cursor("x", "x"),
    ),
    *(cursor({"a": 1}, "x"), cursor("2026-03-10", "x"), *(cursor(moment, "x") for moment in MOMENTS), "a", "===="),
]
#: Percent-encoded as they stand in an address.
WORDS = [
    *(
        "%00",
        "a%00b",
        "%ff",
        "%ed%a0%80",
        "%E2%82",
        "",
        "%20",
        "-1",
        "0",
        "9" * 20,
        "NaN",
        "inf",
        "1e400",
        "true",
        "x" * 300,
    ),
    *(quote(text) for text in ("长" * 200, "👾", "' OR 1=1", "\u202e", *WRITTEN)),
    *CURSORS,
]
PLACES = [
    "%00",
    "%ff",
    "%ed%a0%80",
    "..%2f..%2fetc",
    "%2e%2e",
    "x",
    "0" * 16,
    "DB%00-1",
    "YQ2603101234567895-%C2%B2",
    "x" * 3000,
]
HEADERS: dict[bytes, list[bytes]] = {
    b"authorization": [
        *(b"", b"Bearer", b"Basic eA==", b"Bearer \xff", b"Bearer a.b.c", b"Bearer " + b"x" * 20_000),
        *(b"Bearer bnVsbA.bnVsbA.bnVsbA", b"Bearer W10.W10.W10", b"Bearer eyJraWQiOltdfQ.e30.AA"),
    ],
    b"idempotency-key": [b"", b'""', b'"', b"x" * 256, b"\xff", b"a b", b'"\x00"'],
    b"if-match": [b"", b"x", b"*", b'"3", "4"', b"9" * 30, b"\xff", b'"-1"', b'"\xb2"'],
    b"x-fence": [b"", b"x", b"1e400", b"9" * 30, b"-1", b"\xff"],
    b"traceparent": [b"", b"\xff", b"\x00", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00"],
    b"content-type": [b"", b"\xff", b"text/plain", b"multipart/form-data", b"application/json; charset=utf-16", b";;;"],
    b"content-length": [b"-1", b"x", b"9" * 30],
}


@dataclass(frozen=True)
class Sent:
    """One request, as it goes out; `wrong` says what was done to it."""

    wrong: str
    method: str
    url: str
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


@dataclass
class Target:
    """One operation with a request that is right: `known` fills its path, `credentials` its headers."""

    method: str
    path: str
    known: dict[str, str]
    credentials: dict[bytes, bytes]
    queries: dict[str, str | None] = field(default_factory=dict)
    example: Any = None

    def url(self, *, path: dict[str, str] | None = None, query: dict[str, str] | None = None) -> str:
        filled = re.sub(r"{(\w+)}", lambda found: (path or {}).get(found[1]) or self.known[found[1]], self.path)
        given = {name: quote(word) for name, word in self.queries.items() if word is not None} | (query or {})
        return f"{filled}?{'&'.join(f'{name}={word}' for name, word in given.items())}"

    def sent(
        self, wrong: str, *, url: str | None = None, body: bytes | None = None, header: dict[bytes, bytes] | None = None
    ) -> Sent:
        headers = {**self.credentials, b"content-type": b"application/json", **(header or {})}
        told = f"{self.method} {self.path}: {wrong[:120]}"
        right = dumped(self.example) if self.example is not None else None
        return Sent(told, self.method, url or self.url(), list(headers.items()), right if body is None else body)

    @property
    def fields(self) -> list[tuple[Any, ...]]:
        return list(_paths(self.example)) if self.example is not None else []


def targets(routers: list[APIRouter], known: dict[str, str], tokens: dict[str, str], code: str) -> Iterator[Target]:
    """Every operation of these routers; `tokens` by role."""
    document = openapi(routers)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found = Target(method.upper(), path, known, _credentials(operation, tokens, code))
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    needed = parameter.get("required")
                    found.queries[parameter["name"]] = str(parameter.get("example")) if needed else None
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                found.example = _whole(content["example"], content["schema"], document["components"]["schemas"])
            yield found


def _credentials(operation: dict[str, Any], tokens: dict[str, str], code: str) -> dict[bytes, bytes]:
    ways = operation["security"]
    if any("accessCode" in way for way in ways):
        return {b"x-access-code": code.encode()}
    roles = [role for way in ways for role in way.get("bearer", [])]
    if not roles and (not ways or {} in ways):
        return {}
    by_supervisors = operation["operationId"].endswith(("set_simple", "decide_review", "supervise"))
    role = "supervisor" if by_supervisors else "agency" if "agency" in roles else next(iter(roles), "admin")
    return {b"authorization": f"Bearer {tokens[role]}".encode()}


def _whole(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The example with every field of its schema."""
    for one in (schema, *schema.get("anyOf", [])):
        if "$ref" in one and isinstance(example, dict):
            properties = schemas[one["$ref"].rpartition("/")[2]].get("properties", {})
            return {**dict.fromkeys(properties), **example}
    return example


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in inner:
        yield from _paths(below, (*at, name))


def put(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    """The same with `other` at this place."""
    if not at:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(value[at[0]], at[1:], other)
    return copy


def dumped(value: Any) -> bytes:
    return _RAW.sub(r"\1", json.dumps(value)).encode()


@st.composite
def hostile(draw: st.DrawFn, all_: list[Target]) -> Sent:
    """A request with one thing wrong: a header, a word of the address, a field or the body as a whole."""
    target = draw(st.sampled_from(all_))
    ways = [way for way, there in _WAYS.items() if there(target)]
    match draw(st.sampled_from(ways)):
        case "header":
            header = draw(st.sampled_from(sorted(HEADERS)))
            value = draw(st.sampled_from(HEADERS[header]))
            return target.sent(f"{header!r} {value!r}", header={header: value})
        case "path":
            name, word = draw(st.sampled_from(re.findall(r"{(\w+)}", target.path))), draw(st.sampled_from(PLACES))
            return target.sent(f"{name} {word}", url=target.url(path={name: word}))
        case "query":
            name, word = draw(st.sampled_from(sorted(target.queries))), draw(st.sampled_from(WORDS))
            twice = draw(st.booleans())
            url = target.url(query={name: f"{word}&{name}=1" if twice else word})
            return target.sent(f"{name} {word}", url=url)
        case "field":
            at, other = draw(st.sampled_from(target.fields)), draw(st.sampled_from(VALUES) | st.text(max_size=12))
            return target.sent(f"{at} {other!r}", body=dumped(put(target.example, at, other)))
        case _:
            body = draw(st.sampled_from(BODIES) | st.binary(max_size=40))
            return target.sent(f"body {body[:40]!r}", body=body)


_WAYS: dict[str, Any] = {
    "header": lambda target: True,
    "path": lambda target: "{" in target.path,
    "query": lambda target: bool(target.queries),
    "field": lambda target: target.example is not None,
    "body": lambda target: target.example is not None,
}
