"""What the complainant may do with a complaint as it stands."""

from typing import Literal

from services.intake.domain.view import Status, View
from shared.errors import Conflict

#: Each as its path names it, with its word.
Action = Literal["supplements", "withdrawal", "rating", "review"]
ACTIONS: dict[Action, str] = {
    "supplements": "补充材料",
    "withdrawal": "撤回",
    "rating": "评价",
    "review": "申请复核",
}
_WORDS: dict[Status, str] = {"resolved": "已办结", "refused": "不予受理", "withdrawn": "已撤回"}
_REFUSED = "不予受理的决定已经审批并说明理由；有新的事实，请另行投诉"


def possible(view: View) -> tuple[Action, ...]:
    """Supplement and withdraw until the end; rate a resolution once and contest it once."""
    if view.status == "resolved":
        open_: tuple[tuple[Action, bool], ...] = (("rating", view.rated is None), ("review", view.review is None))
        return tuple(action for action, still in open_ if still)
    return () if view.ended else ("supplements", "withdrawal")


def allow(action: Action, view: View) -> None:
    """Conflict, with what is possible instead, when the complainant may not do this now."""
    allowed = possible(view)
    if action in allowed:
        return
    kind, why = _refusal(action, view)
    instead = "、".join(ACTIONS[other] for other in allowed)
    detail = f"{why}；现在可以：{instead}" if instead else why
    raise Conflict(detail, kind=kind, state=view.status, possible=list(allowed))


def _refusal(action: Action, view: View) -> tuple[str, str]:
    if action in ("supplements", "withdrawal"):
        return "already-ended", f"投诉{_WORDS[view.status]}，不能{ACTIONS[action]}"
    if view.status == "resolved":
        return ("already-rated", "这次办结已经评价过") if action == "rating" else _already_reviewed()
    if action == "review" and view.status == "refused":
        return "not-resolved", _REFUSED
    return "not-resolved", f"投诉没有办结，不能{ACTIONS[action]}"


def _already_reviewed() -> tuple[str, str]:
    return "already-reviewed", "这次办结已经申请过复核"
