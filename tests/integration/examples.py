"""Answers as the document shows them: one of each kind, the same on every run, long lists cut short."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.reference.identifiers import new_number, readable_number
from shared.web.paging import cursor, place
from tests.integration.answers import Answer

#: Items of a list, figures of a table and lines of a text that are shown.
ITEMS, FIGURES, LINES = 3, 5, 4
CODE, SECRET, URL = "K7QM4T9XRA", "whsec_3p7Yk0Qd8vJmXc2Lr5Tn9Wb1Hs6Zf4Ga0Ue8Ki2Oy4w=", "https://example.com/yousu"
_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_RECEIVER = re.compile(r"http://127\.0\.0\.1:\d+/hook\?office=1")
_SECRET = re.compile(r"whsec_[\w+/=]+")

Examples = dict[str, dict[str, Any]]


def chosen(answers: Iterable[Answer]) -> Examples:
    """The first answer of every operation and status that has a body which people can read."""
    found, same = Examples(), Same()
    for answer in answers:
        told = same.of(answer.body)
        if told is not None and ("json" in answer.media or answer.media.startswith("text/")):
            found.setdefault(answer.operation, {}).setdefault(answer.status, told)
    return dict(sorted(found.items()))


class Same:
    """Words for what chance made, in the order in which it was told."""

    def __init__(self) -> None:
        self._numbers, self._ids = dict[str, str](), dict[str, str]()

    def of(self, body: Any) -> Any:
        """The same answer in these words, cut short."""
        for number in _numbers(body):
            ordinal = len(self._numbers)
            self._numbers.setdefault(number, new_number(date(2026, 3, 10), f"{123_456_789 - ordinal:09d}"))
        return _short(self._said(body))

    def _said(self, value: Any, name: str = "") -> Any:
        match value:
            case dict():
                return {key: self._said(inner, key) for key, inner in value.items()}
            case list():
                return [self._said(inner, name) for inner in value]
            case str() if name == "access_code":
                return CODE
            case str() if name == "next" and (here := place(value)):
                return cursor(here[0], self._text(here[1]))
            case str():
                return self._text(value)
        return value

    def _text(self, text: str) -> str:
        for number, plain in self._numbers.items():
            text = text.replace(number, plain).replace(readable_number(number), readable_number(plain))
        text = _SECRET.sub(SECRET, _RECEIVER.sub(URL, text))
        return _ID.sub(lambda found: self._id(found[0]), text)

    def _id(self, id_: str) -> str:
        plain = uuid5(NAMESPACE_URL, f"yousu:{len(self._ids)}")
        return self._ids.setdefault(id_, str(plain) if "-" in id_ else plain.hex)


def _numbers(body: Any) -> Iterator[str]:
    """The number of a complaint in the receipt of its filing."""
    if isinstance(body, dict) and "access_code" in body:
        yield body["number"]


def _short(value: Any) -> Any:
    match value:
        case dict():
            figures = len(value) > FIGURES and all(isinstance(inner, int | float) for inner in value.values())
            kept = list(value.items())[:FIGURES] if figures else value.items()
            return {key: _short(inner) for key, inner in kept}
        case list():
            return [_short(inner) for inner in value[:ITEMS]]
        case str() if value.count("\n") > LINES:
            return "".join(value.splitlines(keepends=True)[:LINES])
    return value
