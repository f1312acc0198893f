"""What is counted, by name, with its 名称, its meaning and how it is told as a metric."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from services.tracker.domain.clock import STAGE_NAMES, WINDOWS
from services.tracker.domain.states import STATE_NAMES

Unit = Literal["case", "fen"]
#: Stages whose limits are duties; a window is none.
DUTIES = {stage: label for stage, label in STAGE_NAMES.items() if stage not in WINDOWS}
CARD_NAMES = {"yellow": "黄牌", "red": "红牌"}
#: Where a complaint stands that has no state yet.
ROUTING = "routing"


class Cell(NamedTuple):
    """Where a number stands: `day` in Asia/Shanghai, None for what is so now; "" where there is no agency or matter.

    `region` is the code of a city, "" for a complaint that names none.
    """

    measure: str
    day: str | None
    agency: str
    region: str
    matter: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing counted; `unit` case or 分; as a metric it is called `family` and carries `labels`."""

    name: str
    label: str
    meaning: str
    family: str
    unit: Unit = "case"
    labels: dict[str, str] = field(default_factory=dict)


def _plain(name: str, label: str, meaning: str, unit: Unit = "case") -> Measure:
    return Measure(name, label, meaning, name if unit == "case" else f"{name}_yuan", unit)


_FLOW = (
    _plain("filed", "收件", "Complaints filed."),
    _plain("valid", "有效件", "Complaints filed, but for those refused, withdrawn or duplicate."),
    _plain("assigned", "派单", "Assignments to a lead agency."),
    _plain("returned", "退单", "Of the assignments, those the agency returned."),
    _plain("accepted", "受理", "Cases accepted for handling, but for those withdrawn or refused since."),
    _plain("accepted_resolved", "受理件中已办结", "Of the cases accepted, those resolved."),
    _plain("resolved", "办结", "Cases resolved, and not reopened since."),
    _plain("refused", "不予受理", "Complaints refused, duplicates apart."),
    _plain("withdrawn", "撤回", "Complaints withdrawn."),
    _plain("duplicate", "重复件", "Complaints refused because the same demand is handled already."),
    _plain("contacted_in_time", "按期联系", "Of the valid complaints, those whose filer was spoken with in time."),
    _plain("solved", "反映解决", "Of the valid complaints, those whose filer calls the problem solved."),
    _plain("rated", "评价", "Resolutions rated."),
    _plain("satisfied", "满意评价", "Of the resolutions rated, those with one of the first three grades."),
    _plain("poor", "差评", "Of the resolutions rated, those with one of the last two grades."),
)
_DEADLINES = tuple(
    Measure(f"{family}_{stage}", f"{word}{label}", meaning, family, labels={"stage": stage})
    for family, word, meaning in (
        ("due", "应按期", "Duties whose limit lies before the end of today, by stage."),
        ("in_time", "已按期", "Of the duties due, those done by their limit."),
    )
    for stage, label in DUTIES.items()
)
_ARREARS = (
    _plain("arrears_cases", "账款件", "Valid complaints about a sum owed."),
    _plain("arrears_resolved", "账款件已办结", "Of the complaints about a sum owed, those resolved."),
    _plain("arrears_verified_cases", "账款已认定件", "Complaints with a verified sum."),
    _plain("arrears_repaid_cases", "账款已归还件", "Complaints with a sum repaid."),
    _plain("arrears_under_agreement_cases", "账款达成协议件", "Complaints with a sum under agreement."),
    _plain("arrears_claimed", "申报金额", "Sums claimed.", "fen"),
    _plain("arrears_verified", "认定金额", "Sums verified.", "fen"),
    _plain("arrears_repaid", "已归还金额", "Sums repaid.", "fen"),
    _plain("arrears_under_agreement", "达成协议金额", "Sums under agreement.", "fen"),
)
_STATES = {ROUTING: "派单中"} | {str(state): label for state, label in STATE_NAMES.items()}
_NOW = (
    *(
        Measure(f"now_{state}", label, "Cases now, by state.", "cases", labels={"state": state})
        for state, label in _STATES.items()
    ),
    *(
        Measure(f"now_{card}_cards", label, "Open duties with a card now.", "open_cards", labels={"card": card})
        for card, label in CARD_NAMES.items()
    ),
    Measure("now_late", "逾期办件", "Open cases whose lead agency has missed a limit.", "late_cases"),
    Measure("now_orders", "待回复督办", "Supervision orders without a reply now.", "open_orders"),
)
#: What belongs to a day, and what is so now.
DAILY: dict[str, Measure] = {measure.name: measure for measure in (*_FLOW, *_DEADLINES, *_ARREARS)}
NOW: dict[str, Measure] = {measure.name: measure for measure in _NOW}
MEASURES: dict[str, Measure] = {**DAILY, **NOW}
