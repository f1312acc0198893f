"""One renderer of errors, in Chinese, naming the field: application/problem+json (RFC 9457), to a browser a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from shared import trace
from shared.errors import PROBLEM_PREFIX, FieldError, Invalid, Problem
from shared.web import problem_page

#: What is said of a fault nobody found words for; a test holds that no request can meet it.
UNEXPLAINED = "不正确"
_MOMENT = "应为 RFC 3339 时间，例如 2026-11-24T09:00:00+08:00"
_YUAN = '应为金额，例如 "1260000.00"'
_REASONS = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段，请删除或检查拼写",
    "string_type": "应为文字",
    "string_unicode": "应为 UTF-8 文字",
    "string_too_short": "太短，至少 {min_length} 个字",
    "string_too_long": "太长，至多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "数字过大",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "decimal_parsing": _YUAN,
    "decimal_type": _YUAN,
    "decimal_max_places": "至多 {decimal_places} 位小数",
    "decimal_max_digits": "位数过多，至多 {max_digits} 位",
    "decimal_whole_digits": "整数部分至多 {whole_digits} 位",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "finite_number": "应为有限的数",
    "json_invalid": "不是合法的 JSON",
    "model_attributes_type": "应为对象",
    "model_type": "应为对象",
    "dict_type": "应为对象",
    "invalid_key": "字段名应为文字",
    "list_type": "应为数组",
    "tuple_type": "应为数组",
    "too_short": "太短，至少 {min_length} 个字",
    "too_long": "太长，至多 {max_length} 个字",
    "too_short List": "太少，至少 {min_length} 项",
    "too_long List": "太多，至多 {max_length} 项",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": "时间须带时区，例如 2026-11-24T09:00:00+08:00",
    "literal_error": "应为其中之一：{expected}",
    "recursion_loop": "嵌套过深",
}


#: What the framework refuses by itself, by status.
_OF_FRAMEWORK = {
    400: ("unreadable-body", "请求正文无法读取"),
    404: ("not-found", "没有这个地址"),
    405: ("method-not-allowed", "这个地址不支持该方法"),
}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's findings as fields and reasons in Chinese."""
    return [FieldError(_field(error["loc"]), _reason(error)) for error in errors]


def _field(location: Sequence[Any]) -> str:
    parts = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return _short(".".join(parts)) if parts and not parts[0].isdigit() else "body"


def _reason(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error":
        return _short(str(context.get("error", UNEXPLAINED)), 400)
    if kind == "literal_error":
        context = {"expected": str(context["expected"]).replace(" or ", "、").replace(", ", "、")}
    found = _REASONS.get(f"{kind} {context.get('field_type')}") or _REASONS.get(kind, UNEXPLAINED)
    return found.format_map({**context})


def _short(text: str, most: int = 100) -> str:
    """What a caller may have made as long as it liked, no longer than can be read."""
    return text if len(text) <= most else f"{text[:most]}…"


def render(problem: Problem, asked: Scope) -> Response:
    """The problem as the answer to what was asked."""
    return _answer(problem.as_dict(), asked, problem.headers)


def unexpected(asked: Scope) -> Response:
    """The answer to what failed in a way that nobody foresaw."""
    return _answer(_body(500, "internal", "系统内部错误", "已记录，请稍后再试"), asked)


def _answer(body: dict[str, Any], asked: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """A page for who reads pages, else application/problem+json; its `trace_id` lets an engineer find the log."""
    if current := trace.current():
        body["trace_id"] = current.split("-")[1]
    if problem_page.wanted(asked):
        answer = problem_page.shown(asked, body)
    else:
        answer = JSONResponse(body, body["status"], media_type="application/problem+json")
    answer.headers.update(headers or {})
    if not asked["path"].startswith(problem_page.PROGRAMS):
        answer.headers["Vary"] = "Accept"
    return answer


def _body(status: int, kind: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": PROBLEM_PREFIX + kind, "title": title, "status": status, "detail": detail}


async def _on_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return render(error, request.scope)


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return render(Invalid(field_errors(error.errors())), request.scope)


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, Problem):
        return render(error.__cause__, request.scope)
    kind, title = _OF_FRAMEWORK.get(error.status_code, ("http", str(error.detail)))
    return _answer(_body(error.status_code, kind, title, title), request.scope, error.headers)


def install(app: FastAPI) -> None:
    """Every error of this application that somebody foresaw becomes a problem; the others are Edge's."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
