"""The case's one state machine: what may follow what, and what to say when it may not.

`python -m services.tracker.domain` prints it as the table of the docs.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from shared.errors import Conflict

State = Literal[
    "to_accept", "handling", "suspended", "replied", "resolved", "reopened", "returned", "withdrawn", "refused"
]
#: A complaint that is still being routed is no case yet: it stands nowhere.
Where = State | None
Action = Literal[
    "assign",
    "accept",
    "return",
    "set_class",
    "suspend",
    "resume",
    "ask_extension",
    "decide_extension",
    "give_opinion",
    "take_note",
    "reply",
    "record_arrears",
    "resolve",
    "withdraw",
    "refuse",
    "rate",
    "review",
    "decide_review",
    "reopen",
    "supervise",
    "answer_order",
]
Actor = Literal["lead", "co", "dispatcher", "supervisor", "complainant", "router", "clock"]

#: States in which somebody still has something to do.
OPEN: tuple[State, ...] = ("to_accept", "handling", "suspended", "replied", "reopened", "returned")
#: States in which the agency has nothing more to do; only a resolved case can come back.
ENDED: frozenset[State] = frozenset({"resolved", "withdrawn", "refused"})


def _stays(*states: State) -> Mapping[Where, State]:
    return {state: state for state in states}


def _becomes(state: State, *states: Where) -> Mapping[Where, State]:
    return dict.fromkeys(states, state)


#: What each action makes of each state; a state that an action leads to is also where its repeat changes nothing.
TRANSITIONS: Mapping[Action, Mapping[Where, State]] = {
    "assign": _becomes("to_accept", None, *OPEN),
    "accept": _becomes("handling", "to_accept", "reopened", "returned"),
    "return": _becomes("returned", "to_accept", "handling"),
    "set_class": _stays("to_accept", "handling", "suspended", "replied"),
    "suspend": _becomes("suspended", "handling", "replied"),
    "resume": _becomes("handling", "suspended"),
    "ask_extension": _stays("handling", "replied", "reopened"),
    "decide_extension": _stays("handling", "suspended", "replied", "reopened"),
    "give_opinion": _stays("to_accept", "handling", "suspended", "replied", "reopened"),
    "take_note": _stays(*OPEN),
    "reply": _becomes("replied", "handling", "replied", "reopened"),
    "record_arrears": _stays("handling", "suspended", "replied", "reopened", "resolved"),
    "resolve": _becomes("resolved", "replied"),
    "withdraw": _becomes("withdrawn", None, *OPEN),
    "refuse": _becomes("refused", None, *OPEN),
    "rate": _stays("resolved"),
    "review": _stays("resolved"),
    "decide_review": _stays("resolved"),
    "reopen": _becomes("reopened", "resolved"),
    "supervise": _stays(*OPEN, "resolved"),
    "answer_order": _stays(*OPEN, "resolved"),
}
ACTORS: Mapping[Action, tuple[Actor, ...]] = {
    "assign": ("router",),
    "accept": ("lead",),
    "return": ("lead",),
    "set_class": ("dispatcher", "supervisor"),
    "suspend": ("lead",),
    "resume": ("lead", "complainant", "clock"),
    "ask_extension": ("lead",),
    "decide_extension": ("supervisor",),
    "give_opinion": ("co",),
    "take_note": ("lead",),
    "reply": ("lead",),
    "record_arrears": ("lead",),
    "resolve": ("lead",),
    "withdraw": ("complainant",),
    "refuse": ("router",),
    "rate": ("complainant",),
    "review": ("complainant",),
    "decide_review": ("supervisor",),
    "reopen": ("complainant",),
    "supervise": ("supervisor", "clock"),
    "answer_order": ("lead",),
}
#: Who asks through this service's requests; what the others do reaches it as facts.
CALLERS: frozenset[Actor] = frozenset({"lead", "co", "dispatcher", "supervisor"})
STATE_NAMES: Mapping[State, str] = {
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
ACTION_NAMES: Mapping[Action, str] = {
    "assign": "派单",
    "accept": "签收",
    "return": "退回",
    "set_class": "定为简单件",
    "suspend": "中止",
    "resume": "继续办理",
    "ask_extension": "申请延期",
    "decide_extension": "审批延期",
    "give_opinion": "提出会办意见",
    "take_note": "记内部意见",
    "reply": "答复",
    "record_arrears": "登记账款",
    "resolve": "办结",
    "withdraw": "撤回",
    "refuse": "不予受理",
    "rate": "评价",
    "review": "申请复核",
    "decide_review": "复核决定",
    "reopen": "重新办理",
    "supervise": "督办",
    "answer_order": "回复督办",
}
ACTOR_NAMES: Mapping[Actor, str] = {
    "lead": "牵头单位",
    "co": "会办单位",
    "dispatcher": "研判人员",
    "supervisor": "督办人员",
    "complainant": "投诉人",
    "router": "派单",
    "clock": "时钟",
}


def advance(state: Where, action: Action) -> State | None:
    """The state after this action; None when it happened already; Conflict, with what is possible, when it may not."""
    after = TRANSITIONS[action].get(state)
    if after is not None:
        return after
    if state in {end for start, end in TRANSITIONS[action].items() if start != end}:
        return None
    may = possible(state)
    words = "、".join(ACTION_NAMES[other] for other in may) or "无"
    where = STATE_NAMES[state] if state else "正在派单"
    detail = f"办件{where}，不能{ACTION_NAMES[action]}；现在可以：{words}"
    raise Conflict(detail, kind="illegal-transition", state=state, possible=may)


def possible(state: Where, actors: Iterable[Actor] = CALLERS) -> list[Action]:
    """What these may do with a case in this state, in the order of a case's life."""
    who = set(actors)
    return [action for action in get_args(Action) if state in TRANSITIONS[action] and who.intersection(ACTORS[action])]


def table() -> str:
    """The machine as a table in Markdown: a row an action, with who acts, from which states, to which state."""
    return "\n".join(["| action | 名称 | who | from | to |", "|---|---|---|---|---|", *map(_row, get_args(Action))])


def _row(action: Action) -> str:
    moves = TRANSITIONS[action]
    who = "、".join(ACTOR_NAMES[actor] for actor in ACTORS[action])
    starts = " ".join(f"`{start}`" if start else "routing" for start in moves)
    ends = "same" if all(start == end for start, end in moves.items()) else f"`{next(iter(moves.values()))}`"
    return f"| `{action}` | {ACTION_NAMES[action]} | {who} | {starts} | {ends} |"
