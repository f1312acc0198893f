"""The indicators of the field: one definition each, used by the page, the export and the metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.tracker.numbers.measures import MEASURES

#: 分 in a yuan.
FEN = 100


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rate as two numbers, never only a percentage: sums of `numerator` measures over sums of `denominator` ones.

    `less` is taken from the numerator; `definition` is what people read beside the figure.
    """

    name: str
    label: str
    definition: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    less: tuple[str, ...] = ()

    @property
    def unit(self) -> Literal["case", "yuan"]:
        """What both numbers count: cases, or yuan."""
        return "yuan" if MEASURES[self.denominator[0]].unit == "fen" else "case"

    def of(self, numbers: Mapping[str, int]) -> "Value":
        """Its value in these numbers, by measure."""
        over = _sum(numbers, self.numerator) - _sum(numbers, self.less)
        return Value(self, over, _sum(numbers, self.denominator))


@dataclass(frozen=True, slots=True)
class Value:
    """What an indicator comes to; money in 分. Where nothing is due it is neither 0 nor 100 %, but has no value."""

    indicator: Indicator
    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def _sum(numbers: Mapping[str, int], names: tuple[str, ...]) -> int:
    return sum(numbers.get(name, 0) for name in names)


INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "timely_routing_rate",
        "及时转办率",
        "转办期限内派单（或不予受理）的件数 ÷ 转办期限在统计期内届满的件数；期限届满前撤回的、等待补正期间的不计",
        ("in_time_route",),
        ("due_route",),
    ),
    Indicator(
        "on_time_reply_rate",
        "按期回复率",
        "答复期限内首次答复的件数 ÷ 答复期限在统计期内届满的件数，不论办件是否已结；中止期间的、期限届满前终止的不计",
        ("in_time_reply",),
        ("due_reply",),
    ),
    Indicator(
        "resolution_rate",
        "办结率",
        "统计期内受理（签收）的办件中现已办结的件数 ÷ 统计期内受理的件数；撤回和不予受理的不计",
        ("accepted_resolved",),
        ("accepted",),
    ),
    Indicator(
        "on_time_resolution_rate",
        "按时办结率",
        "办结期限内办结的件数 ÷ 办结期限在统计期内届满的件数，中止期间的、期限届满前终止的不计；重新办理另计",
        ("in_time_resolve",),
        ("due_resolve",),
    ),
    Indicator(
        "contact_rate",
        "响应率",
        "答复期限内已与投诉人联系的件数 ÷ 统计期内收到的有效件数；有效件不含不予受理、撤回和重复件",
        ("contacted_in_time",),
        ("valid",),
    ),
    Indicator(
        "solved_rate",
        "解决率",
        "投诉人评价为“已解决”的件数 ÷ 统计期内收到的有效件数；有效件不含不予受理、撤回和重复件",
        ("solved",),
        ("valid",),
    ),
    Indicator(
        "satisfaction_rate",
        "满意率",
        "非常满意、满意、基本满意的评价数 ÷ 统计期内的评价数",
        ("satisfied",),
        ("rated",),
    ),
    Indicator(
        "return_rate",
        "退单率",
        "统计期内的派单中被退回的次数 ÷ 统计期内的派单次数",
        ("returned",),
        ("assigned",),
    ),
    Indicator(
        "routing_accuracy",
        "派单准确率",
        "统计期内的派单中未被退回的次数 ÷ 统计期内的派单次数",
        ("assigned",),
        ("assigned",),
        less=("returned",),
    ),
    Indicator(
        "arrears_resolution_rate",
        "化解率",
        "（已归还金额 + 达成协议金额）÷ 认定金额，按统计期内收到的有效账款件",
        ("arrears_repaid", "arrears_under_agreement"),
        ("arrears_verified",),
    ),
)
