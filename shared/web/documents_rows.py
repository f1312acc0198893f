"""A schema as the page shows it: its fields as rows, with what may stand there in Chinese."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
_KIND: Mapping[tuple[str, str], str] = {
    ("string", ""): "文字",
    ("string", "date-time"): "时间",
    ("string", "date"): "日期",
    ("string", "uuid"): "UUID",
    ("integer", ""): "整数",
    ("number", ""): "数",
    ("boolean", ""): "true 或 false",
    ("object", ""): "对象",
    ("null", ""): "null",
}
_RULE: Mapping[str, str] = {
    "minLength": "至少 {} 字",
    "maxLength": "至多 {} 字",
    "minimum": "不小于 {}",
    "maximum": "不大于 {}",
    "exclusiveMinimum": "大于 {}",
    "default": "默认 {}",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A field or parameter: its dotted name, what it is called, its kind and rules in Chinese."""

    name: str
    label: str
    kind: str
    rules: str
    required: bool
    place: str = ""


def rows(schema: Schema, schemas: Schema, before: str = "") -> Iterator[Row]:
    """Every field of this schema, those of what it holds under dotted names."""
    for one in _either(schema):
        yield from _rows(_meant(one, schemas), schemas, before)


def _either(schema: Schema) -> list[Schema]:
    """What may stand there, each of several."""
    others = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return others if len(others) > 1 else [schema]


def _rows(schema: Schema, schemas: Schema, before: str) -> Iterator[Row]:
    for name, value in schema.get("properties", {}).items():
        inner, full = _meant(value, schemas), f"{before}{name}"
        label = str(value.get("description", ""))
        yield Row(full, label, kind(value, schemas), rules(value), name in schema.get("required", ()))
        many = inner.get("type") == "array"
        below = _meant(inner["items"], schemas) if many else inner
        yield from rows(below, schemas, f"{full}[]." if many else f"{full}.")


def _meant(schema: Schema, schemas: Schema) -> Schema:
    """What stands behind a reference, or beside null."""
    if "$ref" in schema:
        found: Schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
        return found
    others = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return _meant(others[0], schemas) if others else schema


def kind(schema: Schema, schemas: Schema) -> str:
    """What may stand there, in Chinese."""
    if schema.get("anyOf"):
        told = [kind(one, schemas) for one in schema["anyOf"]]
        return " 或 ".join(dict.fromkeys(told))
    found = _meant(schema, schemas)
    if "const" in found:
        return f"固定为 {found['const']}"
    if "enum" in found:
        return "其中之一：" + "、".join(str(one) for one in found["enum"])
    if found.get("type") == "array":
        return kind(found["items"], schemas) + " 的列表"
    return _KIND.get((found.get("type", ""), found.get("format", "")), "任意值")


def rules(schema: Schema) -> str:
    """What else is asked of it, in Chinese."""
    given = {**schema}
    for one in schema.get("anyOf", ()):
        given |= one
    told = [text.format(_plain(given[rule])) for rule, text in _RULE.items() if given.get(rule) is not None]
    return "；".join(told)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
