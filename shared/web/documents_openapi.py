"""The OpenAPI 3.1 document of all services' routes, read from the routes themselves."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.errors import (
    Conflict,
    FieldError,
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
from shared.web.documents_schema import example, name_fields, sorted_by_name, word
from shared.web.documents_words import ABOUT, BODY, FIELD, ROUTE, SERVICE

Document = dict[str, Any]
VERSION = "1"
PROBLEMS: tuple[Problem, ...] = (
    Invalid([FieldError("contact.phone", "不是有效的电话号码，例如 13803711234 或 0371-65501234")]),
    Unauthenticated("令牌无效或已过期，请重新获取"),
    Forbidden("需要的角色：agency；当前角色：dispatcher"),
    NotFound("没有这个受理编号，或查询码不对", kind="no-such-complaint"),
    Conflict("办件已经办结，不能再签收", kind="not-possible-now"),
    Stale("办件已被更新，请重新读取"),
    TooLarge("请求正文至多 262144 字节"),
    TooMany("查询码错误次数过多，请稍后再试", retry_after=600),
    Unavailable("数据库暂不可用，请稍后再试"),
)
_ROLES = re.compile(r"must_be\(([^)]*)\)")
_LONG_NAME = re.compile(r"services__(\w+?)__\w*?__(\w+)")
#: Headers that stand as security schemes instead.
_CREDENTIALS = {"authorization", "x-access-code"}
_PLAIN = {"operations_metrics": "text/plain"}


def openapi(routers: Sequence[APIRouter]) -> Document:
    """The document of these routers."""
    routes: dict[str, APIRoute] = {}

    def identity(route: APIRoute) -> str:
        found = "_".join([owner(route), *_part(route), route.name])
        if route.include_in_schema:
            routes[found] = route
        return found

    app = FastAPI(title="有诉即办 Yousu", version=VERSION, generate_unique_id_function=identity)
    for router in routers:
        app.include_router(router)
    document = _short_names(app.openapi())
    document["info"] |= {"summary": "企业诉求接诉即办", "description": ABOUT}
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["servers"] = [{"url": "/", "description": "唯一入口"}]
    document["tags"] = [{"name": name, "description": "：".join(words)} for name, words in SERVICE.items()]
    _finish_components(document["components"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _finish(operation, routes[operation["operationId"]], f"{method.upper()} {path}", document)
    document["paths"] = sorted_by_name(document["paths"])
    return document


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
    schemas["Problem"] = _problem_schema()
    components["schemas"] = sorted_by_name(schemas)
    components["responses"] = {type(problem).__name__: _response(problem) for problem in PROBLEMS}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "登录令牌"},
        "accessCode": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Access-Code",
            "description": "查询码，提交投诉时只告知一次",
        },
    }


def _problem_schema() -> Document:
    texts = {"type": "固定的类型，供程序判断", "title": "名称", "detail": "给人看的说明", "trace_id": "日志里的追踪号"}
    properties: Document = {name: {"type": "string", "title": title} for name, title in texts.items()}
    properties["status"] = {"type": "integer", "title": "HTTP 状态码"}
    wrong = {"field": {"type": "string", "title": "字段"}, "reason": {"type": "string", "title": "为什么不对"}}
    item = {"type": "object", "properties": wrong, "required": list(wrong)}
    properties["errors"] = {"type": "array", "title": "不对的字段", "items": item}
    properties["retry_after"] = {"type": "integer", "title": "多少秒后再试"}
    required = ["type", "title", "status", "detail"]
    return {"type": "object", "title": "Problem", "properties": sorted_by_name(properties), "required": required}


def _response(problem: Problem) -> Document:
    body = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem.as_dict()}
    found: Document = {"description": problem.title, "content": {"application/problem+json": body}}
    if problem.headers:
        found["headers"] = {name: {"schema": {"type": "string"}} for name in problem.headers}
    return found


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
    answers = {status: answer for status, answer in operation["responses"].items() if status != "422"}
    _finish_answers(answers, operation["operationId"])
    for problem in _problems(operation, place, credentials):
        answers[str(problem.status)] = {"$ref": f"#/components/responses/{problem.__name__}"}
    operation["responses"] = answers


def _finish_answers(answers: Document, operation: str) -> None:
    for answer in answers.values():
        answer["description"] = "成功"
        if operation in _PLAIN:
            answer["content"] = {_PLAIN[operation]: {"schema": {"type": "string"}}}
        for content in answer.get("content", {}).values():
            content.get("schema", {}).pop("title", None)


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
    """The roles that the route or its dependencies insist on, as their sources name them."""
    sources = (inspect.getsource(call) for call in calls if inspect.isfunction(call))
    named = (re.findall(r'"(\w+)"', found) for source in sources for found in _ROLES.findall(source))
    return sorted({role for some in named for role in some})


def _problems(operation: Document, place: str, credentials: set[str]) -> Iterator[type[Problem]]:
    """The problems that this operation may answer with."""
    method, path = place.split(" ")
    headers = {p["name"].lower() for p in operation.get("parameters", ())}
    if "authorization" in credentials:
        yield Unauthenticated
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
