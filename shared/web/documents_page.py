"""The two documents as the page shows them: operations by service, facts in the order of a complaint's life."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.auth import Role
from shared.web.documents_rows import Row, Schema, kind, rows, rules
from shared.web.documents_words import MODEL
from shared.web.pages import ROLES

_PLACE: Mapping[str, str] = {"path": "路径", "query": "查询", "header": "请求头"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with an example of it; `fields` are those that it has beside `model`, where that is another's too."""

    status: str
    told: str
    model: str | None = None
    fields: list[Row] = field(default_factory=list)
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """What several operations answer with; `name` is its anchor."""

    name: str
    title: str
    fields: list[Row]


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
    answers: list[Answer]


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
    for method, path, operation in _all(document):
        shown = _operation(method, path, operation, document)
        found[shown.tag].append(shown)
    return found


def models(document: Schema) -> list[Model]:
    """What more than one operation answers with, by name."""
    schemas = document["components"]["schemas"]
    return [
        Model(name, MODEL.get(name, name), list(rows(schemas[name], schemas))) for name in sorted(_shared(document))
    ]


def _all(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in document["paths"].items():
        yield from ((method.upper(), path, operation) for method, operation in methods.items())


def _shared(document: Schema) -> set[str]:
    counted = Counter(
        name
        for _, _, operation in _all(document)
        for name in {_model(_content(answer)) for answer in operation["responses"].values()}
        if name
    )
    return {name for name, times in counted.items() if times > 1}


def _content(answer: Schema) -> Schema:
    """What the answer holds, in the one media type that it has."""
    found: Schema = next(iter(answer.get("content", {}).values()), {})
    return found


def _model(content: Schema) -> str:
    reference: str = content.get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2]


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
        answers=[_answer(status, answer, document) for status, answer in sorted(operation["responses"].items())],
    )


def _who(security: list[Mapping[str, list[Role]]]) -> str:
    """Who may ask, in words."""
    ways = [way for way in security if way]
    if not ways:
        return "任何人"
    told = ["查询码" if "accessCode" in way else _roles(way["bearer"]) for way in ways]
    return "，或".join(["任何人", *told] if len(ways) < len(security) else told)


def _roles(roles: list[Role]) -> str:
    return "令牌" + (f"（{'、'.join(ROLES[role] for role in roles)}）" if roles else "")


def _parameter(parameter: Schema, schemas: Schema) -> Row:
    schema = parameter["schema"]
    return Row(
        parameter["name"],
        parameter.get("description", ""),
        kind(schema, schemas),
        rules(schema),
        bool(parameter.get("required")),
        _PLACE[parameter["in"]],
    )


def _answer(status: str, answer: Schema, document: Schema) -> Answer:
    """One answer; of a problem, that it may come: all of them look alike."""
    name = answer.get("$ref", "").rsplit("/", 1)[-1]
    if name:
        return Answer(status, document["components"]["responses"][name]["description"])
    content, schemas = _content(answer), document["components"]["schemas"]
    given, model = content.get("example"), _like(content, document)
    known = schemas[model]["properties"] if model else {}
    fields = [row for row in rows(content.get("schema", {}), schemas) if _first(row) not in known]
    return Answer(status, answer["description"], model, fields, None if given is None else _pretty(given))


def _like(content: Schema, document: Schema) -> str | None:
    """The model of several operations that this is, or that it only adds to."""
    schemas = document["components"]["schemas"]
    own = schemas.get(_model(content), {}).get("properties", {})
    alike = [name for name in _shared(document) if schemas[name]["properties"].items() <= own.items()]
    return max(alike, key=lambda name: len(schemas[name]["properties"]), default=None)


def _first(row: Row) -> str:
    return row.name.partition(".")[0].removesuffix("[]")


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
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
