"""The two documents as the page shows them: operations by service, facts in the order of a complaint's life."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.auth import Role

Schema = Mapping[str, Any]
_KIND: Mapping[tuple[str, str], str] = {
    ("string", ""): "文字",
    ("string", "date-time"): "时间",
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
_ROLE: Mapping[Role, str] = {
    "enterprise": "企业",
    "agency": "承办单位",
    "dispatcher": "研判人员",
    "supervisor": "督办人员",
    "admin": "管理员",
}
_PLACE: Mapping[str, str] = {"path": "路径", "query": "查询", "header": "请求头"}


@dataclass(frozen=True, slots=True)
class Row:
    """A field or parameter: its dotted name, what it is called, its kind and rules in Chinese."""

    name: str
    label: str
    kind: str
    rules: str
    required: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A route as the page shows it; `id` is its anchor."""

    id: str
    tag: str
    method: str
    path: str
    title: str
    text: str
    who: str
    parameters: list[Row]
    fields: list[Row]
    example: str | None
    answers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FactShown:
    """A fact as the page shows it."""

    id: str
    title: str
    name: str
    text: str
    publishers: list[str]
    listeners: list[str]
    fields: list[Row]
    example: str


def operations(document: Schema) -> dict[str, list[Operation]]:
    """The operations of the OpenAPI document, by service."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(method.upper(), path, operation, document)
            found[shown.tag].append(shown)
    return found


def _operation(method: str, path: str, operation: Schema, document: Schema) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schemas = document["components"]["schemas"]
    return Operation(
        id=operation["operationId"],
        tag=operation["tags"][0],
        method=method,
        path=path,
        title=operation["summary"],
        text=operation.get("description", ""),
        who=_who(operation["security"]),
        parameters=[_parameter(parameter, schemas) for parameter in operation.get("parameters", ())],
        fields=list(rows(body.get("schema", {}), schemas)),
        example=_pretty(body["example"]) if body.get("example") else None,
        answers=[(status, _told(answer, document)) for status, answer in sorted(operation["responses"].items())],
    )


def _who(security: list[Mapping[str, list[Role]]]) -> str:
    """Who may ask, in words."""
    ways = [way for way in security if way]
    if not ways:
        return "任何人"
    told = ["查询码" if "accessCode" in way else _roles(way["bearer"]) for way in ways]
    return "，或".join(["任何人", *told] if len(ways) < len(security) else told)


def _roles(roles: list[Role]) -> str:
    return "令牌" + (f"（{'、'.join(_ROLE[role] for role in roles)}）" if roles else "")


def _parameter(parameter: Schema, schemas: Schema) -> Row:
    schema = parameter["schema"]
    return Row(
        parameter["name"],
        parameter.get("description", ""),
        kind(schema, schemas),
        _rules(schema),
        bool(parameter.get("required")),
        _PLACE[parameter["in"]],
    )


def _told(answer: Schema, document: Schema) -> str:
    name = answer.get("$ref", "").rsplit("/", 1)[-1]
    return str(document["components"]["responses"][name]["description"] if name else answer["description"])


def rows(schema: Schema, schemas: Schema, before: str = "") -> Iterator[Row]:
    """Every field of this schema, those of what it holds under dotted names."""
    schema = _meant(schema, schemas)
    for name, field in schema.get("properties", {}).items():
        inner, full = _meant(field, schemas), f"{before}{name}"
        label = str(field.get("title", ""))
        yield Row(full, label, kind(field, schemas), _rules(field), name in schema.get("required", ()))
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


def _rules(schema: Schema) -> str:
    given = {**schema}
    for one in schema.get("anyOf", ()):
        given |= one
    told = [text.format(_plain(given[rule])) for rule, text in _RULE.items() if given.get(rule) is not None]
    return "；".join(told)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value


def problems(document: Schema) -> list[tuple[int, str, str]]:
    """Status, name and an example of every problem."""
    found = document["components"]["responses"].values()
    told = [(answer["description"], answer["content"]["application/problem+json"]["example"]) for answer in found]
    return sorted((body["status"], title, _pretty(body)) for title, body in told)


def facts(document: Schema) -> list[FactShown]:
    """The facts of the AsyncAPI document."""
    schemas = document["components"]["schemas"]
    return [
        FactShown(
            id=name,
            title=message["title"],
            name=name,
            text=message["summary"],
            publishers=_doing("send", name, document),
            listeners=_doing("receive", name, document),
            fields=list(rows(message["payload"], schemas)),
            example=_pretty(message["examples"][0]["payload"]),
        )
        for name, message in document["components"]["messages"].items()
    ]


def _doing(action: str, fact: str, document: Schema) -> list[str]:
    """The services that send or receive this fact."""
    return [
        operation["tags"][0]["name"]
        for operation in document["operations"].values()
        if operation["action"] == action and any(one["$ref"].endswith(f"/{fact}") for one in operation["messages"])
    ]


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
