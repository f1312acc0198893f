"""The AsyncAPI 3.0 document of the fact stream: every fact, who publishes it and who listens."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.bus import PARTITIONS, TOPIC
from shared.events import FACTS, Fact
from shared.web.documents_fields import NUMBER
from shared.web.documents_schema import example, name_fields, sorted_by_name
from shared.web.documents_words import ABOUT_FACTS, FACT, SERVICE

Document = dict[str, Any]
VERSION = "1"
_BY = re.compile(r"\bBy (\w+)[;.]")
_MESSAGE = "#/channels/facts/messages/"


def publisher(fact: type[Fact]) -> str:
    """The one service that publishes this fact; its docstring is where that is declared."""
    found = _BY.search(fact.__doc__ or "")
    if found is None:
        raise LookupError(f"the docstring of {fact.__name__} does not say who publishes it: «By …;»")
    return found[1]


def asyncapi(listeners: Mapping[str, Collection[type[Fact]]]) -> Document:
    """The document; `listeners` are the services with the facts that their consumers handle."""
    schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "有诉即办 Yousu：事实流",
            "version": VERSION,
            "description": ABOUT_FACTS,
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": name, "description": "：".join(SERVICE[name])} for name in listeners],
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {"facts": _channel()},
        "operations": _operations(listeners),
        "components": {
            "messages": {name: _message(fact, schemas) for name, fact in FACTS.items()},
            "schemas": sorted_by_name(schemas),
        },
    }


def _server() -> Document:
    variables = {"broker": {"default": "kafka:9092", "description": "YOUSU_KAFKA_SERVERS"}}
    return {
        "host": "{broker}",
        "protocol": "kafka",
        "description": "分布式部署时的 Kafka；单机部署时是同样约定的本地日志",
        "variables": variables,
    }


def _channel() -> Document:
    kept = {"cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1}
    topic = {"topic": TOPIC, "partitions": PARTITIONS, "topicConfiguration": kept, "bindingVersion": "0.5.0"}
    return {
        "address": TOPIC,
        "title": "全部事实",
        "description": "键为受理编号，永久保存",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in FACTS},
        "bindings": {"kafka": topic},
    }


def _operations(listeners: Mapping[str, Collection[type[Fact]]]) -> Document:
    operations: Document = {}
    for service, heard in listeners.items():
        name = SERVICE[service][0]
        told = [fact for fact in FACTS.values() if publisher(fact) == service]
        operations[f"{service}Publishes"] = _operation("send", service, f"{name}发布", told)
        receive = _operation("receive", service, f"{name}收听", [f for f in FACTS.values() if f in heard])
        group = {"groupId": {"type": "string", "const": f"yousu.{service}"}, "bindingVersion": "0.5.0"}
        operations[f"{service}Listens"] = receive | {"bindings": {"kafka": group}}
    return operations


def _operation(action: str, service: str, title: str, facts: list[type[Fact]]) -> Document:
    messages = [{"$ref": _MESSAGE + fact.__name__} for fact in facts]
    tags = [{"name": service}]
    return {
        "action": action,
        "channel": {"$ref": "#/channels/facts"},
        "title": title,
        "tags": tags,
        "messages": messages,
    }


def _schemas() -> dict[str, Document]:
    """The facts as they stand on the wire: what `encode` writes, `type` and `version` first."""
    modes: list[Any] = [(fact, "serialization") for fact in FACTS.values()]
    _, found = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Document] = found["$defs"]
    for name, fact in FACTS.items():
        schema = schemas[name]
        head = {"type": {"const": name}, "version": {"const": fact.version}}
        schema["properties"] = head | schema["properties"]
        schema["required"] = ["type", "version", "event_id", *schema["required"]]
        schema["description"] = " ".join((fact.__doc__ or "").split())
    name_fields(schemas)
    return schemas


def _message(fact: type[Fact], schemas: Mapping[str, Document]) -> Document:
    name = fact.__name__
    return {
        "name": name,
        "title": FACT.get(name, name),
        "summary": " ".join((fact.__doc__ or "").split("\n\n")[0].split()),
        "headers": {
            "type": "object",
            "properties": {"traceparent": {"type": "string", "description": "W3C Trace Context"}},
        },
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": {"type": "string", "examples": [NUMBER]}, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": example(schemas[name], schemas, name)}],
    }
