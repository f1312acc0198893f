"""The OpenAPI 3.1 document of all services' routes, read from the routes themselves."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic_core import from_json

from shared.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Stale,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from shared.web.callers import caller, known_caller
from shared.web.documents_fields import BODY, FIELD
from shared.web.documents_problems import PROBLEMS, described, problem_schema
from shared.web.documents_schema import example, name_fields, sorted_by_name, word
from shared.web.documents_words import ABOUT, ROUTE, SERVICE

Document = dict[str, Any]
VERSION = "1"
#: Answers of the running system, by operation and status; `python -m tests.integration.life` writes them anew.
GIVEN = Path(__file__).parent / "contracts" / "examples.json"
_ROLES = re.compile(r"must_be\(([^)]*)\)")
_LONG_NAME = re.compile(r"services__([a-z]+)__\w+__([A-Za-z]+)")
_PROBLEM_OF = {str(problem.status): type(problem) for problem in PROBLEMS}
#: Headers that stand as security schemes instead.
_CREDENTIALS = {"authorization", "x-access-code"}


def openapi(routers: Sequence[APIRouter]) -> Document:
    """The document of these routers."""
    routes: dict[str, APIRoute] = {}

    def identity(route: APIRoute) -> str:
        found = "_".join([owner(route), *_part(route), route.name])
        if route.include_in_schema:
            routes[found] = route
        return found

    app = FastAPI(title="Yousu", version=VERSION, generate_unique_id_function=identity)
    for router in routers:
        app.include_router(router)
    document = _short_names(app.openapi())
    document["info"] |= {"summary": "有诉即办：企业诉求接诉即办", "description": ABOUT}
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["servers"] = [{"url": "/", "description": "唯一入口"}]
    document["tags"] = [{"name": name, "description": "：".join(words)} for name, words in SERVICE.items()]
    _finish_components(document["components"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _finish(operation, routes[operation["operationId"]], f"{method.upper()} {path}", document)
    document["paths"] = sorted_by_name(document["paths"])
    return document


@cache
def given_answers() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = from_json(GIVEN.read_bytes())
    return found


def owner(route: APIRoute) -> str:
    """The service whose route it is; `operations` of those that every process has."""
    parts = route.endpoint.__module__.split(".")
    return str(parts[1] if parts[0] == "services" else parts[-1])


def _part(route: APIRoute) -> list[str]:
    """The part of a service that has routes of its own beside `api`, where the same names may come again."""
    parts = route.endpoint.__module__.split(".")
    return parts[2:3] if parts[0] == "services" and parts[2] not in ("api", "pages") else []


def _short_names(document: Document) -> Document:
    """Models of the same name in two services as IntakeRespondent and RouterRespondent."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {_short(key): short(one) for key, one in value.items()}
        if isinstance(value, list):
            return [short(one) for one in value]
        return _short(value) if isinstance(value, str) and value.startswith("#/") else value

    found: Document = short(document)
    return found


def _short(name: str) -> str:
    return _LONG_NAME.sub(lambda found: found[1].title() + found[2], name)


def _finish_components(components: Document) -> None:
    schemas = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    name_fields(schemas)
    for name, schema in schemas.items():
        schema["title"] = name
    schemas["Problem"] = problem_schema()
    components["schemas"] = sorted_by_name(schemas)
    components["responses"] = {type(problem).__name__: described(problem) for problem in PROBLEMS}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "登录令牌"},
        "accessCode": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Access-Code",
            "description": "查询码，提交投诉时只告知一次",
        },
    }


def _finish(operation: Document, route: APIRoute, place: str, document: Document) -> None:
    operation["tags"] = [owner(route)]
    operation["summary"] = ROUTE.get(place, operation["summary"])
    parameters = operation.get("parameters", [])
    credentials = {p["name"].lower() for p in parameters} & _CREDENTIALS
    operation["parameters"] = [_parameter(p, place) for p in parameters if p["name"].lower() not in _CREDENTIALS]
    if not operation["parameters"]:
        del operation["parameters"]
    _finish_body(operation, place, document["components"]["schemas"])
    calls = list(_calls(route.dependant))
    operation["security"] = _security(calls, "x-access-code" in credentials)
    own = {str(status) for status, said in route.responses.items() if "model" not in said}
    answers = {status: answer for status, answer in operation["responses"].items() if status not in {"422", *own}}
    _finish_answers(answers, operation["operationId"])
    for problem in (*_problems(operation, place, credentials), *(_PROBLEM_OF[status] for status in own)):
        answers[str(problem.status)] = {"$ref": f"#/components/responses/{problem.__name__}"}
    operation["responses"] = answers


def _finish_answers(answers: Document, operation: str) -> None:
    """What it answers when all is well, and what it says itself when it is not."""
    for status, answer in answers.items():
        answer["description"] = "成功" if status < "300" else "未就绪"
        for media, content in answer.get("content", {}).items():
            content["schema"].pop("title", None)
            if not media.startswith(("text/", "application/json")):
                content["schema"]["format"] = "binary"
            if (given := given_answers().get(operation, {}).get(status)) is not None:
                content["example"] = given


def _parameter(parameter: Document, place: str) -> Document:
    key = parameter["name"].lower()
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()
    found = FIELD.get(f"{place} {key}") or FIELD.get(key)
    parameter["schema"].pop("title", None)
    if found is not None:
        parameter["description"], parameter["example"] = found
    return parameter


def _finish_body(operation: Document, place: str, schemas: Mapping[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"].pop("title", None)
        # A body that may be left out need not be null as well.
        content["schema"] = content["schema"].get("anyOf", [content["schema"]])[0]
        content["example"] = BODY[place] if place in BODY else example(content["schema"], schemas)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _security(calls: Sequence[Callable[..., Any]], by_code: bool) -> list[dict[str, list[str]]]:
    """Who may ask: nobody needs to be known, anybody may be, or one of the roles that the code names."""
    if known_caller in calls:
        return [{"bearer": roles(calls)}]
    if by_code:
        return [{"accessCode": []}, {"bearer": []}]
    return [{}, {"bearer": []}] if caller in calls else []


def roles(calls: Sequence[Callable[..., Any]]) -> list[str]:
    """The roles that the route and all its dependencies let in, as their sources name them."""
    sources = (inspect.getsource(call) for call in calls if inspect.isfunction(call))
    named = [set(re.findall(r'"(\w+)"', "".join(found))) for source in sources if (found := _ROLES.findall(source))]
    return sorted(set.intersection(*named)) if named else []


def _problems(operation: Document, place: str, credentials: set[str]) -> Iterator[type[Problem]]:
    """The problems that this operation may answer with."""
    method, path = place.split(" ")
    headers = {p["name"].lower() for p in operation.get("parameters", ())}
    if "authorization" in credentials:
        yield from (Unauthenticated, Unavailable)
    if any(way.get("bearer") or way.keys() == {"bearer"} for way in operation["security"]):
        yield Forbidden
    if "{" in path:
        yield NotFound
    if method != "GET":
        yield from (Conflict, Unavailable)
    if "if-match" in headers:
        yield Stale
    if "requestBody" in operation:
        yield TooLarge
    if "requestBody" in operation or operation.get("parameters"):
        yield Invalid
    if "x-access-code" in credentials:
        yield TooMany


def wordless(document: Document) -> Iterator[str]:
    """Operations, parameters and services that have no words yet."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            place = f"{method.upper()} {path}"
            if place not in ROUTE:
                yield place
            for parameter in operation.get("parameters", ()):
                if word(place, parameter["name"].lower()) is None:
                    yield f"{place} {parameter['name']}"
