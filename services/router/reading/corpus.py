"""Labelled complaints, a JSON object a line: {"text", "title", "region", "accept": [refs]}; [] is out of scope."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import FieldError, Invalid

FOLDER = Path(__file__).parents[1] / "corpus"


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str = Field(max_length=10_000)
    title: str = ""
    region: str | None = None
    accept: list[str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A complaint and every matter that is right for it, best first; `source` is the file's stem."""

    title: str
    text: str
    region: str | None
    accept: tuple[str, ...]
    source: str = ""


def corpus(part: str, folder: Path = FOLDER) -> list[Labelled]:
    """The shipped texts of `train` or `held-out`."""
    return [one for path in sorted((folder / part).glob("*.jsonl")) for one in read_labelled(path)]


def read_labelled(path: Path, known: Iterable[str] = ()) -> list[Labelled]:
    """The labelled texts of a file; Invalid names each wrong line, and refs not in `known` where it is given."""
    found, faults, refs = [], [], set(known)
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                one = _Line.model_validate_json(line)
            except ValidationError as error:
                faults.append(FieldError(f"{path.name}:{number}", _why(error.errors())))
                continue
            if refs and (unknown := [ref for ref in one.accept if ref not in refs]):
                faults.append(FieldError(f"{path.name}:{number}", f"没有事项 {'、'.join(unknown)}"))
            found.append(Labelled(one.title, one.text, one.region, tuple(one.accept), path.stem))
    if faults:
        raise Invalid(faults)
    return found


def split(labelled: Iterable[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Four fifths to learn from and one to calibrate on, by each text's own digest: the same ones every time."""
    parts: tuple[list[Labelled], list[Labelled]] = ([], [])
    for one in labelled:
        parts[hashlib.sha256(one.text.encode()).digest()[0] % 5 == 0].append(one)
    return parts


def _why(errors: list[Any]) -> str:
    return "；".join(f"{'.'.join(map(str, e['loc'])) or '整行'}: {e['msg']}" for e in errors)


def joined(title: str, text: str, longest: int) -> str:
    """Title and text as one; of a long story the beginning and, where demands stand, the longer end."""
    whole = f"{title}。{text}" if title else text
    if len(whole) <= longest:
        return whole
    start = longest * 2 // 5
    return whole[:start] + whole[start - longest :]
