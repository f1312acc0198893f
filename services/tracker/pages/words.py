"""The words of the board: what programs name in English, people read in Chinese; figures as people write them."""

from collections.abc import Mapping
from typing import Any

from services.tracker.domain.clock import STAGE_NAMES
from services.tracker.domain.history import REFUSAL_NAMES
from services.tracker.domain.supervision import WHY_NAMES
from services.tracker.exports.columns import CLASS_NAMES, GRADE_NAMES
from services.tracker.handlers.steps import RETURN_NAMES
from shared.reference import current
from shared.web.pages import exact, person

WHAT: Mapping[str, str] = {
    "filed": "提交投诉",
    "held": "进入人工研判",
    "supplement_asked": "要求补充材料",
    "supplemented": "补充了材料",
    "linked": "发现相关投诉",
    "assigned": "派单",
    "opened": "进入承办单位队列",
    "refusal": "决定不予受理",
    "refused": "不予受理，办件结束",
    "withdrawal": "投诉人申请撤回",
    "withdrawn": "撤回，办件结束",
    "accepted": "签收",
    "returned": "退回",
    "classed": "改变类别",
    "suspended": "中止计时",
    "resumed": "继续计时",
    "extension_asked": "申请延期",
    "extension_decided": "延期审批",
    "deadlines_moved": "期限调整",
    "opinion": "会办意见",
    "note": "内部意见",
    "replied": "答复",
    "arrears": "登记账款",
    "resolved": "办结",
    "rating": "投诉人评价",
    "rated": "评价计入",
    "review_asked": "申请复核",
    "review_opened": "复核开始",
    "review_decided": "复核决定",
    "reopened": "重新办理",
    "warned": "黄牌：期限将到",
    "missed": "红牌：期限已过",
    "named": "列入通报",
    "supervised": "督办",
    "order_replied": "回复督办",
    "imported": "由历史记录导入",
}
WHO: Mapping[str, str] = {
    "complainant": "投诉人",
    "router": "派单系统",
    "tracker": "系统",
    "clock": "系统计时",
    "supervisor": "督办人员",
    "unknown": "—",
}
CARDS: Mapping[str, str] = {"yellow": "黄牌", "red": "红牌"}
PAUSES: Mapping[str, str] = {"supplement": "等待补充材料", "expert": "专家论证或鉴定"}
REOPENED: Mapping[str, str] = {"rating": "因差评", "review": "经复核"}
REQUESTS: Mapping[str, str] = {"pending": "待审批", "approved": "同意", "refused": "不同意", "lapsed": "失效"}
REVIEWS: Mapping[str, str] = {"pending": "待决定", "upheld": "维持", "overturned": "重新办理", "lapsed": "失效"}
#: What a line of the timeline tells beside what happened, and how its value is read.
_DETAIL: Mapping[str, str] = {
    "agency": "单位",
    "stage": "环节",
    "class": "类别",
    "code": "理由",
    "days": "工作日",
    "reason": "说明",
    "text": "内容",
    "comment": "意见",
    "grade": "评价",
    "solved": "问题解决",
    "met": "诉求满足",
    "approved": "同意",
    "upheld": "维持",
    "other": "相关投诉",
    "duplicate_of": "与此件重复",
    "order": "督办单",
    "evidence": "依据",
    "claimed": "申报（元）",
    "verified": "认定（元）",
    "repaid": "已归还（元）",
    "under_agreement": "达成协议（元）",
    "origin": "原编号",
    "source": "来源",
}
_YES = {True: "是", False: "否"}
#: Values of a line that are sums of money.
_YUAN = ("claimed", "verified", "repaid", "under_agreement")
_WHYS: tuple[Mapping[Any, str], ...] = (PAUSES, REOPENED, WHY_NAMES)


def agency(code: str) -> str:
    found = current().agencies.get(code)
    return found.name if found else code


def region(code: str) -> str:
    found = current().regions.get(code)
    return found.name if found else code


def why(word: str) -> str:
    """Why a clock stands, a case was opened again, an order was given."""
    return next((names[word] for names in _WHYS if word in names), word)


def who(subject: str) -> str:
    return WHO.get(subject) or person(subject)


def detail(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a line of the timeline tells beside what happened: names and values, as people read them."""
    told = [(_DETAIL[name], _read(name, value)) for name, value in entry.items() if name in _DETAIL]
    if entry.get("why"):
        told.insert(0, ("原因", why(str(entry["why"]))))
    return [(name, value) for name, value in told if value]


def _read(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _YES[value]
    readings: Mapping[str, Mapping[Any, str]] = {
        "stage": STAGE_NAMES,
        "class": CLASS_NAMES,
        "grade": GRADE_NAMES,
        "code": {**RETURN_NAMES, **REFUSAL_NAMES},
    }
    if name == "agency":
        return agency(str(value))
    if name in _YUAN and value is not None:
        return exact(value)
    return readings.get(name, {}).get(value, "" if value is None else str(value))


def count(value: float) -> str:
    return f"{value:,.0f}"


def yuan(value: float) -> str:
    """Money at the size at which people speak of it."""
    if abs(value) >= 100_000_000:
        return f"{value / 100_000_000:,.2f} 亿元"
    if abs(value) >= 10_000:
        return f"{value / 10_000:,.2f} 万元"
    return f"{value:,.2f} 元"


def percent(value: float | None) -> str:
    """To two places, a dash where there is no rate; what is not all is never called 100 %."""
    if value is None:
        return "—"
    shown = min(f"{100 * value:.2f}", "99.99", key=float) if value < 1 else f"{100 * value:.2f}"
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown}%"
