"""The problems as the OpenAPI document has them: one schema, and an answer of each class of the error tree."""

from typing import Any

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
from shared.web.documents_schema import sorted_by_name

Document = dict[str, Any]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
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


def problem_schema() -> Document:
    """What every error answers, RFC 9457; a kind of error may say more, as the state that does not allow it."""
    texts = {"type": "固定的类型，供程序判断", "title": "名称", "detail": "给人看的说明", "trace_id": "日志里的追踪号"}
    properties: Document = {name: {"type": "string", "description": said} for name, said in texts.items()}
    properties["status"] = {"type": "integer", "description": "HTTP 状态码"}
    wrong = {
        "field": {"type": "string", "description": "字段"},
        "reason": {"type": "string", "description": "为什么不对，怎样才对"},
    }
    item = {"type": "object", "properties": wrong, "required": list(wrong)}
    properties["errors"] = {"type": "array", "description": "不对的字段", "items": item}
    properties["retry_after"] = {"type": "integer", "description": "多少秒后再试"}
    required = ["type", "title", "status", "detail"]
    return {"type": "object", "title": "Problem", "properties": sorted_by_name(properties), "required": required}


def described(problem: Problem) -> Document:
    """The answer that this problem is, with an example of it."""
    body = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": {**problem.as_dict(), "trace_id": TRACE_ID}}
    found: Document = {"description": problem.title, "content": {"application/problem+json": body}}
    if problem.headers:
        found["headers"] = {name: {"schema": {"type": "string"}} for name in problem.headers}
    return found
