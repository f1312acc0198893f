"""A problem as a person reads it: a small page that says what is wrong and where to go on."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from starlette.types import Scope

from shared.web.pages import FRAME, ROLES, Pages

#: Addresses of programs, which are told problems as programs read them, whatever they say that they accept.
PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json")
#: The parts that have a frame and a sign-in of their own; everything else is the enterprises' side.
PLACES: Mapping[str, str] = {"/desk": "人工研判", "/board": "督办看板", "/docs": "接口文档"}
STAFF = ("/desk", "/board")
#: What to do, by the problem's type, else by its status.
_ADVICE: Mapping[str | int, str] = {
    "other-origin": "请重新打开下面的页面，从那里提交。",
    400: "请返回上一页重新填写。",
    401: "请重新登录。",
    403: "现在登录的令牌没有这项权限，可以换一个令牌登录。",
    404: "请核对地址；也可能是内容已经不在。您可以从这里重新进入：",
    405: "这个地址只供提交使用，不能直接打开。请从这里重新进入：",
    409: "请返回上一页，刷新后再看。",
    412: "请返回上一页，刷新后再看。",
    413: "请返回上一页，减少内容后再提交。",
    422: "请返回上一页改正。",
    429: "请稍等一会儿再试。",
    500: "请稍后再试；仍然不行，请把追踪号告诉管理员。",
    503: "请稍后再试。",
}
_ROLE = re.compile(rf"\b({'|'.join(ROLES)})\b")
_pages = Pages(FRAME)


def wanted(scope: Scope) -> bool:
    """Whether a browser asks for a page: it accepts HTML, rather than JSON, at an address that is not a program's."""
    if scope["path"].startswith(PROGRAMS):
        return False
    accepted = _weights(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))
    json = (accepted.get(kind, 0.0) for kind in ("application/json", "application/problem+json"))
    return accepted.get("text/html", 0.0) > max(json)


def _weights(accept: str) -> dict[str, float]:
    """How much each media type of an Accept header is wanted, 0..1; what cannot be read is not."""
    found = {}
    for part in accept.split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((word.removeprefix("q=") for word in parameters if word.startswith("q=")), "1")
        found[kind] = float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 0.0
    return found


def shown(scope: Scope, problem: Mapping[str, Any]) -> Response:
    """The page of this problem, in the frame of the part that it was met in."""
    home = next((start for start in PLACES if f"{scope['path']}/".startswith(f"{start}/")), "/")
    status, kind = problem["status"], problem["type"].rpartition(":")[2]
    return _pages.show(
        Request(scope),
        "problem.html",
        status,
        who=None,
        home=home,
        place=PLACES.get(home, "有诉即办"),
        problem=problem,
        detail=_ROLE.sub(lambda found: ROLES[found[0]], problem["detail"])
        if kind == "forbidden"
        else problem["detail"],
        advice=_ADVICE.get(kind) or _ADVICE.get(status, _ADVICE[500]),
        staff=home in STAFF,
        again=home in STAFF and kind == "forbidden",
    )
