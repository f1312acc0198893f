"""Every error of the system, one tree.

YousuError
├── Problem              what a caller did; rendered as application/problem+json
│   ├── Invalid          422  a field is wrong; names the field, why, and what would be right
│   ├── Unauthenticated  401  no valid token
│   ├── Forbidden        403  a valid token that may not do this
│   ├── NotFound         404
│   ├── Conflict         409  the state does not allow it; says what is possible
│   ├── Stale            412  If-Match names an older version
│   ├── TooLarge         413
│   ├── TooMany          429
│   └── Unavailable      503
├── Transient            of the surroundings: back off and retry, for ever
└── Permanent            of the message: parked at once
    └── Unreadable       bytes that are no fact of ours
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

PROBLEM_PREFIX = "urn:yousu:problem:"


class YousuError(Exception):
    """The root of the tree."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its dotted name, why it is wrong and what would be right, in Chinese."""

    field: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "reason": self.reason}


class Problem(YousuError):
    """An answer that says what went wrong: `kind` for programs (stable), `detail` in Chinese for people."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "请求有误"
    kind: ClassVar[str] = "bad-request"

    def __init__(self, detail: str, *, kind: str | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.type = PROBLEM_PREFIX + (kind or self.kind)
        self.more: Mapping[str, Any] = more

    @property
    def headers(self) -> dict[str, str]:
        return {}

    def as_dict(self) -> dict[str, Any]:
        return {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail, **self.more}


class Invalid(Problem):
    """422: at least one field is wrong."""

    status, title, kind = 422, "填写有误", "invalid"

    def __init__(self, errors: Sequence[FieldError], *, kind: str | None = None) -> None:
        listed = [error.as_dict() for error in errors]
        super().__init__("；".join(f"{e.field}：{e.reason}" for e in errors), kind=kind, errors=listed)


class Unauthenticated(Problem):
    """401: the caller has not shown who it is."""

    status, title, kind = 401, "未登录或凭证无效", "unauthenticated"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """403: the caller is known and may not do this."""

    status, title, kind = 403, "没有权限", "forbidden"


class NotFound(Problem):
    """404: there is no such thing, or none that the caller may see."""

    status, title, kind = 404, "没有找到", "not-found"


class Conflict(Problem):
    """409: the present state does not allow it."""

    status, title, kind = 409, "当前状态不允许", "conflict"


class Stale(Problem):
    """412: the caller speaks of an older version."""

    status, title, kind = 412, "内容已被更新", "stale"


class TooLarge(Problem):
    """413: more bytes than the door takes."""

    status, title, kind = 413, "内容过大", "too-large"


class TooMany(Problem):
    """429: too many tries; `retry_after` in seconds."""

    status, title, kind = 429, "尝试过于频繁", "too-many"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(Problem):
    """503: come back later."""

    status, title, kind = 503, "服务暂不可用", "unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class Transient(YousuError):
    """The surroundings failed (database, broker, network); the same work may succeed later."""


class Permanent(YousuError):
    """The message itself cannot be handled, however often it is tried."""


class Unreadable(Permanent):
    """Bytes that are no fact this version can read."""
