"""What a file says of one case, column by column; there is nothing personal in it, because the tracker has nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from services.tracker.domain.arrears import Totals
from services.tracker.domain.states import STATE_NAMES
from services.tracker.numbers.api import label
from services.tracker.numbers.contributions import city_code
from services.tracker.numbers.measures import CARD_NAMES
from services.tracker.tables import Deadline, Rating
from shared.reference.identifiers import readable_number

Value = str | int | float | Decimal | datetime | None
Kind = Literal["text", "count", "yuan", "rate", "moment"]
Told = TypeVar("Told")
CLASS_NAMES: Mapping[str, str] = {
    "general": "一般",
    "simple": "简单",
    "arrears": "拖欠账款",
    "foreign_invested": "外商投资",
}
GRADE_NAMES: Mapping[int, str] = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
_YES = {True: "是", False: "否"}


@dataclass(frozen=True, slots=True)
class Column(Generic[Told]):
    """One column: its heading, what it says, of which kind that is, and how wide it is in characters."""

    heading: str
    of: Callable[[Told], Value]
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One case as a file tells it: its row, the limits of its present assignment by stage, and what came of it."""

    case: Any
    limits: Mapping[str, Deadline]
    returns: int = 0
    rating: Rating | None = None
    owed: Totals | None = None
    orders: int = 0


def agency_name(code: str | None) -> str:
    return label("agency", code) if code else ""


def city_name(region: str) -> str:
    return label("region", city_code(region))


def _limit(stage: str, what: Literal["due_at", "met_at"]) -> Callable[[Line], Value]:
    def moment(line: Line) -> Value:
        found = line.limits.get(stage)
        return getattr(found, what) if found else None

    return moment


def _kept(stage: str) -> Callable[[Line], Value]:
    """Whether the limit was kept; nothing while it is open, or when it ended without having come."""

    def word(line: Line) -> Value:
        found = line.limits.get(stage)
        if found is None or (found.met_at is None and found.card != "red"):
            return ""
        return _YES[found.met_at is not None and found.met_at <= found.due_at]

    return word


def _owed(name: str) -> Callable[[Line], Value]:
    return lambda line: getattr(line.owed, name) if line.owed else None


CASES: Sequence[Column[Line]] = (
    Column("受理编号", lambda line: readable_number(line.case.number), width=22),
    Column("标题", lambda line: line.case.title, width=40),
    Column("状态", lambda line: STATE_NAMES.get(line.case.state, "派单中")),
    Column("类别", lambda line: CLASS_NAMES.get(line.case.case_class, line.case.case_class)),
    Column("事项编号", lambda line: line.case.matter or ""),
    Column("事项", lambda line: label("matter", line.case.matter) if line.case.matter else "", width=40),
    Column("地区代码", lambda line: line.case.region, width=10),
    Column("地市", lambda line: city_name(line.case.region)),
    Column("牵头单位", lambda line: agency_name(line.case.lead_agency), width=26),
    Column("会办单位", lambda line: "、".join(map(agency_name, line.case.co_agencies)), width=26),
    Column("收件时间", lambda line: line.case.filed_at, "moment", 17),
    Column("派单时间", lambda line: line.case.assigned_at, "moment", 17),
    Column("签收时间", lambda line: line.case.accepted_at, "moment", 17),
    Column("答复期限", _limit("reply", "due_at"), "moment", 17),
    Column("首次答复", _limit("reply", "met_at"), "moment", 17),
    Column("按期答复", _kept("reply"), width=10),
    Column("办结期限", _limit("resolve", "due_at"), "moment", 17),
    Column("办结时间", lambda line: line.case.resolved_at, "moment", 17),
    Column("按时办结", _kept("resolve"), width=10),
    Column("红黄牌", lambda line: CARD_NAMES.get(line.case.card or "", ""), width=8),
    Column("退单次数", lambda line: line.returns, "count", 10),
    Column("督办次数", lambda line: line.orders, "count", 10),
    Column("评价", lambda line: GRADE_NAMES.get(line.rating.grade, "") if line.rating else ""),
    Column("是否解决", lambda line: _YES[line.rating.solved] if line.rating else "", width=10),
    Column("申报金额（元）", _owed("claimed"), "yuan", 18),
    Column("认定金额（元）", _owed("verified"), "yuan", 18),
    Column("已归还（元）", _owed("repaid"), "yuan", 18),
    Column("达成协议（元）", _owed("under_agreement"), "yuan", 18),
)
