"""The indicators as panels: the rate beside the two numbers it is made of, with the definition people read."""

from services.tracker.numbers.definitions import INDICATORS, Indicator
from services.yousu.watching.panels import (
    COUNT,
    TEN_THOUSAND_YUAN,
    Panel,
    Query,
    less_is_worse,
    more_is_worse,
    ten_thousands,
)
from services.yousu.watching.recording import Level, series

RATE, OVER, UNDER = "率", "分子", "分母"
#: From where on a rate is yellow and green, and what to do while it is red. The report promises 100 % of the first two.
STEPS: dict[str, tuple[tuple[tuple[float, str], ...], str]] = {
    "timely_routing_rate": (
        less_is_worse(0.98, 1),
        "在人工研判台按等待时间由长到短派单；值班人员看《值班》看板，确认派单服务没有停。",
    ),
    "on_time_reply_rate": (
        less_is_worse(0.98, 1),
        "在下方各单位表中找到最低的单位，催办其逾期办件，必要时督办。当天到期而未到时限的也在分母里，下班前会回升。",
    ),
    "resolution_rate": (
        less_is_worse(0.6, 0.8),
        "查看办理中和中止的办件，逾期的督办，中止超过 15 个工作日的不应存在。",
    ),
    "on_time_resolution_rate": (
        less_is_worse(0.9, 0.98),
        "逐件查看逾期办件，要求单位说明原因和办结日期，仍不办的督办。",
    ),
    "contact_rate": (less_is_worse(0.8, 0.95), "要求单位在答复期限内与投诉人联系，并在答复中填写联系时间。"),
    "solved_rate": (less_is_worse(0.5, 0.8), "抽查评价为“未解决”的办件，答复空泛的退回重新办理；未评价的也在分母里。"),
    "satisfaction_rate": (less_is_worse(0.8, 0.9), "逐件查看差评，重新办理后仍为差评的督办。"),
    "return_rate": (more_is_worse(0.05, 0.1), "查看退回理由：规则有误的改对应关系，文本判断有误的交研判人员标注。"),
    "routing_accuracy": (less_is_worse(0.9, 0.95), "与退单率同看：按读者查看退回和改派，必要时退回上一版读者。"),
    "arrears_resolution_rate": (
        less_is_worse(0.5, 0.8),
        "按账龄和金额列出未归还、未达成协议的账款，逐笔约谈欠款单位。",
    ),
}


def figure(level: Level, indicator: Indicator, only: str = "") -> Panel:
    """One indicator at one level, narrowed by a selector such as {agency="$agency"}."""
    steps, when_red = STEPS[indicator.name]
    money = indicator.unit == "yuan"
    unit = TEN_THOUSAND_YUAN if money else COUNT

    def counted(part: str) -> str:
        asked = series(level, indicator.name, part) + only
        return ten_thousands(asked) if money else asked

    return Panel(
        indicator.label,
        f"{indicator.definition}。分母为 0 时没有比率，不是 0 也不是 100 %。",
        when_red,
        (
            Query(series(level, indicator.name, "ratio") + only, RATE),
            Query(counted("numerator"), OVER, unit),
            Query(counted("denominator"), UNDER, unit),
        ),
        unit="percentunit",
        width=12 if money else 6,
        steps=steps,
    )


def figures(level: Level, only: str = "") -> list[Panel]:
    """All of them."""
    return [figure(level, indicator, only) for indicator in INDICATORS]


def options() -> dict[str, str]:
    """The indicators by their 名称, to be picked from."""
    return {indicator.label: indicator.name for indicator in INDICATORS}
