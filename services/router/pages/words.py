"""The words of the triage desk: what programs name in English, people read in Chinese."""

from collections.abc import Mapping

STATE: Mapping[str, str] = {
    "held": "待研判",
    "supplement": "等待补充材料",
    "assigned": "已派单",
    "refused": "不予受理",
    "ended": "已结束",
}
#: The fields of the forms, as an error summary names them.
LABEL: Mapping[str, str] = {
    "matter": "事项",
    "agency": "单位",
    "refusal.code": "理由代码",
    "refusal.reason": "不予受理的理由",
    "supplement.reason": "需要补充什么",
    "supplement.days": "期限（工作日）",
    "duplicate_of": "受理编号",
    "note": "备注",
}


def chance(value: float) -> str:
    """A chance in 0..1 in whole percent; what may be is never called nothing, nor what may not be certain."""
    if 0 < value < 0.01:
        return "不到 1%"
    return f"{min(round(100 * value), 99 if value < 1 else 100)}%"
