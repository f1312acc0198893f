"""Reading the files of reference data into rows that know their place and have the right shape."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from shared.reference.findings import Finding, MappingError

LINE = "第 {} 行"
#: The loader's own key for a mapping's line; no field of a file can be named so.
_PLACE = "\0line"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field may hold, and how that is called in Chinese."""

    name: str
    holds: Callable[[Any], bool]
    required: bool = True


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_successor(value: Any) -> bool:
    named = isinstance(value, dict) and value.keys() == {"code", "name", "from"}
    return named and _is_text(value["code"]) and _is_text(value["name"]) and _is_day_or_none(value["from"])


def _is_day_or_none(value: Any) -> bool:
    return value is None or type(value) is date


TEXT = Kind("文字", _is_text)
COUNT = Kind("正整数", lambda value: type(value) is int and value > 0)
FLAG = Kind("true 或 false", lambda value: isinstance(value, bool))
DAY = Kind("日期", lambda value: type(value) is date)
TEXTS = Kind("文字的列表", lambda value: isinstance(value, list) and all(map(_is_text, value)))
WORDS = Kind(
    "词语到单位代码的对照",
    lambda value: isinstance(value, dict) and all(map(_is_text, (*value, *value.values()))),
    required=False,
)
SUCCESSORS = Kind(
    "承接单位的列表（code、name、from）",
    lambda value: isinstance(value, list) and all(map(_is_successor, value)),
    required=False,
)
MAY_BE_EMPTY = Kind("文字或空", lambda value: isinstance(value, str))

HEAD = {"version": TEXT}
MATTERS_HEAD = {**HEAD, "effective_from": DAY, "source": TEXT}
MATTER = {
    **dict.fromkeys(("ref", "column", "title", "form"), TEXT),
    **dict.fromkeys(("item", "sequence", "section"), COUNT),
    **dict.fromkeys(("leads", "participants"), TEXTS),
    "local": FLAG,
    "arrears": Kind(FLAG.name, FLAG.holds, required=False),
    "fields": WORDS,
}
AGENCY = {
    **dict.fromkeys(("code", "name", "level", "region"), TEXT),
    "aliases": TEXTS,
    "successors": SUCCESSORS,
}
REGION = {**dict.fromkeys(("code", "name", "level"), TEXT), "parent": MAY_BE_EMPTY}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a file."""

    file: str
    line: int
    values: dict[str, Any]

    def fault(self, reason: str) -> Finding:
        return Finding(self.file, LINE.format(self.line), reason)


def shape_faults(row: Row, shape: Mapping[str, Kind]) -> Iterator[Finding]:
    """Fields that are missing, unknown or of the wrong kind."""
    for name in (name for name in row.values if name not in shape):
        yield row.fault(f"没有 {name} 这个字段")
    for name, kind in shape.items():
        if name not in row.values:
            if kind.required:
                yield row.fault(f"缺少字段 {name}")
        elif not kind.holds(row.values[name]):
            yield row.fault(f"字段 {name} 应为{kind.name}，现为 {row.values[name]!r}")


def yaml_rows(path: Path, key: str) -> tuple[Row, list[Row]]:
    """The head of a YAML file and the entries under `key`; MappingError when it cannot be read so."""
    try:
        found: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Lines)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = LINE.format(error.problem_mark.line + 1) if error.problem_mark else ""
        raise MappingError([Finding(path.name, line, f"不是合格的 YAML：{error.problem}")]) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError([Finding(path.name, "", f"无法读取：{error}")]) from error
    entries = found.pop(key, None) if isinstance(found, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise MappingError([Finding(path.name, "", f"应有 {key}，其下每项为一组键值")])
    return Row(path.name, found.pop(_PLACE), found), [_row(path.name, entry) for entry in entries]


def csv_rows(path: Path, columns: list[str]) -> list[Row]:
    """The entries of a CSV file with exactly these columns; MappingError when it has others."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="多余的列")
            rows = [Row(path.name, reader.line_num, entry) for entry in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MappingError([Finding(path.name, "", f"无法读取：{error}")]) from error
    if reader.fieldnames != columns:
        raise MappingError([Finding(path.name, LINE.format(1), f"列应为 {','.join(columns)}")])
    return rows


def _row(file: str, entry: dict[str, Any]) -> Row:
    line = entry.pop(_PLACE)
    return Row(file, line, _without_places(entry))


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_places(inner) for name, inner in value.items() if name != _PLACE}
    return [_without_places(inner) for inner in value] if isinstance(value, list) else value


class _Lines(yaml.SafeLoader):
    """Keeps the line of every mapping, and refuses a key given twice, which YAML readers let pass."""


def _with_line(loader: _Lines, node: yaml.MappingNode) -> dict[str, Any]:
    names = [key.value for key, _ in node.value]
    for key, _ in node.value:
        if names.count(key.value) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"键 {key.value} 重复", key.start_mark)
    found: Any = loader.construct_mapping(node, deep=True)
    return {**found, _PLACE: node.start_mark.line + 1}


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _with_line)
