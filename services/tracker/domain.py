"""The case's one state machine: what may follow what, and what to say when it may not."""

from typing import Literal, get_args

from shared.errors import Conflict

State = Literal[
    "to_accept", "handling", "suspended", "replied", "resolved", "reopened", "returned", "withdrawn", "refused"
]
Action = Literal["accept", "reply", "resolve", "withdraw"]

#: What each action makes of each state; a state that an action leads to is also where its repeat changes nothing.
TRANSITIONS: dict[Action, dict[State, State]] = {
    "accept": {"to_accept": "handling", "reopened": "handling"},
    "reply": {"handling": "replied", "replied": "replied"},
    "resolve": {"replied": "resolved"},
    "withdraw": {"to_accept": "withdrawn", "handling": "withdrawn", "suspended": "withdrawn", "replied": "withdrawn"},
}
#: States in which the agency has nothing more to do.
ENDED: frozenset[State] = frozenset({"resolved", "returned", "withdrawn", "refused"})
_WORDS: dict[State, str] = {
    "to_accept": "待签收",
    "handling": "办理中",
    "suspended": "中止",
    "replied": "已答复",
    "resolved": "已办结",
    "reopened": "重新办理",
    "returned": "已退回",
    "withdrawn": "已撤回",
    "refused": "不予受理",
}
_ACTIONS: dict[Action, str] = {"accept": "签收", "reply": "答复", "resolve": "办结", "withdraw": "撤回"}


def advance(state: State, action: Action) -> State | None:
    """The state after this action; None when it happened already; Conflict, with what is possible, when it may not."""
    after = TRANSITIONS[action].get(state)
    if after is not None:
        return after
    if action != "reply" and state in TRANSITIONS[action].values():
        return None
    possible = [other for other in get_args(Action) if state in TRANSITIONS[other] and other != "withdraw"]
    words = "、".join(_ACTIONS[other] for other in possible) or "无"
    detail = f"办件{_WORDS[state]}，不能{_ACTIONS[action]}；现在可以：{words}"
    raise Conflict(detail, kind="illegal-transition", state=state, possible=possible)
