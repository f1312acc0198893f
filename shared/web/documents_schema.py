"""What OpenAPI and AsyncAPI share: schemas with their Chinese names, and examples made of the words."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.web.documents_answers import ANSWER
from shared.web.documents_fields import FIELD, MOMENT

Schema = dict[str, Any]
_EVENT_ID = FIELD["event_id"][1]


def word(owner: str, name: str) -> tuple[str, Any] | None:
    """What this field of this model (or query of this route) is called, and an example of it."""
    return FIELD.get(f"{owner}.{name}") or FIELD.get(f"{owner} {name}") or FIELD.get(name)


def meaning(owner: str, name: str) -> str | None:
    """What this field of this model is called, the most particular word first."""
    sent, answered = f"{owner}.{name}" in FIELD, f"{owner}.{name}" in ANSWER
    if answered and not sent:
        return ANSWER[f"{owner}.{name}"]
    found = word(owner, name)
    return found[0] if found is not None else ANSWER.get(name)


def name_fields(schemas: Mapping[str, Schema]) -> None:
    """Every property with its Chinese name as its description; a title would only say its name again."""
    for owner, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            field.pop("title", None)
            if (found := meaning(owner, name)) is not None:
                field["description"] = found


def nameless(schemas: Mapping[str, Schema]) -> Iterator[str]:
    """The properties that have no Chinese name yet."""
    for owner, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            if str(field.get("description", "")).isascii():
                yield f"{owner}.{name}"


def example(schema: Schema, schemas: Mapping[str, Schema], owner: str = "", name: str = "") -> Any:
    """An example that fits this schema, of the words where they have one."""
    if "const" in schema:
        return schema["const"]
    if (found := word(owner, name)) is not None and found[1] is not None:
        return found[1]
    if "$ref" in schema:
        model = schema["$ref"].rsplit("/", 1)[1]
        return example(schemas[model], schemas, model)
    if "enum" in schema:
        return schema["enum"][0]
    for one in schema.get("anyOf", ()):
        if one != {"type": "null"}:
            return example(one, schemas, owner)
    return _of_kind(schema, schemas, owner)


def _of_kind(schema: Schema, schemas: Mapping[str, Schema], owner: str) -> Any:
    match schema.get("type"), schema.get("format"):
        case "object", _:
            return {n: example(s, schemas, owner, n) for n, s in schema.get("properties", {}).items()}
        case "array", _:
            return [example(schema["items"], schemas, owner)]
        case "boolean", _:
            return False
        case "integer" | "number", _:
            return schema.get("minimum", 1)
        case "string", "date-time":
            return MOMENT
        case _:
            return None


def sorted_by_name(found: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(found.items()))
