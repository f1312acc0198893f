"""单位: one agency's own queue, limits, rates, arrears."""

from typing import Any

from services.tracker.domain.states import OPEN, STATE_NAMES
from services.tracker.numbers.measures import DUTIES
from services.yousu.watching.grafana import chosen, dashboard
from services.yousu.watching.indicators import figures
from services.yousu.watching.panels import (
    ORANGE,
    RED,
    TEN_THOUSAND_YUAN,
    YELLOW,
    Panel,
    Query,
    Row,
    more_is_worse,
    ten_thousands,
)
from services.yousu.watching.recording import AGENCY

MINE = 'agency="$agency"'
#: What the agency is to do with its cases in each open state.
TO_DO = {
    "to_accept": "今天签收；不属于本单位职责的，在 2 个工作日内写明理由退回。",
    "handling": "按期限先后办理，答复前先与投诉人联系。",
    "suspended": "材料已到的继续办理；中止合计不超过 15 个工作日。",
    "replied": "投诉人没有异议的办结。",
    "reopened": "重新办理是差评或复核的结果，由负责人办理并回访。",
    "returned": "改派之前仍由本单位负责（首接负责），期限照走。",
}


def agency() -> dict[str, Any]:
    """The dashboard of an agency."""
    rows = (
        Row("今天要办", (*_late(), _by_stage())),
        Row("在办", [_state(state) for state in OPEN]),
        Row("本单位指标（率、分子、分母）", figures(AGENCY, f"{{{MINE}}}")),
        Row("账款", [_arrears(title, family, meaning) for title, family, meaning in ARREARS]),
        Row("变化", (_flow(), _cards())),
    )
    meaning = "一个单位用：先办逾期和今天到期的；指标口径与全省相同。"
    return dashboard("yousu-agency", "有诉即办 单位", meaning, rows, [chosen("agency", "单位", many=False)])


def _now(family: str, label: str = "") -> str:
    # Without its label, so that the 0 stands in for the number and not beside it.
    return f"sum({AGENCY.told(f'yousu_agency_{family}{{{MINE}{label}}}')}) or vector(0)"


def _late() -> list[Panel]:
    return [
        Panel(
            "逾期办件",
            "本单位牵头、已超过某一期限、现在仍未办结的办件数。",
            "今天逐件办理或答复；确需更多时间的，期限内才能申请延期，已逾期的向督办人员说明。",
            (Query(_now("late_cases"), "逾期"),),
            steps=more_is_worse(1, 5),
            width=6,
        ),
        Panel(
            "红牌",
            "已超过期限而未完成的事项，含会办意见。",
            "先完成红牌对应的那一步（签收、答复、意见、办结），红牌随即取下。",
            (Query(_now("open_cards", ',card="red"'), "红牌"),),
            steps=more_is_worse(1, 5),
            width=6,
        ),
        Panel(
            "黄牌",
            "离期限不足一个工作日、尚未完成的事项。",
            "今天完成。",
            (Query(_now("open_cards", ',card="yellow"'), "黄牌"),),
            steps=more_is_worse(1, 10),
            width=6,
        ),
        Panel(
            "待回复督办",
            "督办人员发出、本单位尚未回复的督办。",
            "在督办期限内回复，写明办理情况。",
            (Query(_now("open_orders"), "待回复"),),
            steps=more_is_worse(1, 3),
            width=6,
        ),
    ]


def _state(state: str) -> Panel:
    name = {str(key): label for key, label in STATE_NAMES.items()}[state]
    query = _now("cases", f',state="{state}"')
    return Panel(name, f"本单位牵头、现在处于“{name}”的办件数。", TO_DO[state], (Query(query, name),))


def _by_stage() -> Panel:
    def column(family: str) -> str:
        return AGENCY.told(f"yousu_agency_{family}{{{MINE}}}").replace("max by (agency)", "max by (stage)")

    return Panel(
        "各环节：应按期与已按期",
        "期限在今天结束前届满的件数，和其中在期限内完成的件数。",
        "两数相差的就是超期或今天到期而未完成的：对照队列逐件完成。",
        (Query(column("due"), "应按期"), Query(f"{column('in_time')} or {column('due')} * 0", "已按期")),
        kind="table",
        width=24,
        height=8,
        keys={"stage": "环节"},
        words={"环节": {str(stage): label for stage, label in DUTIES.items()}},
        worst=("应按期", "highest"),
    )


ARREARS = (
    ("申报金额", "claimed", "企业申报的被拖欠金额合计。"),
    ("认定金额", "verified", "本单位核实认定的金额合计。"),
    ("已归还", "repaid", "已归还的金额合计。"),
    ("达成协议", "under_agreement", "已达成还款协议的金额合计。"),
)


def _arrears(title: str, family: str, meaning: str) -> Panel:
    what = "本项不设颜色；久未认定的限期核实，已认定的逐笔定还款计划并登记凭证。"
    return Panel(
        title, meaning, what, (Query(ten_thousands(_now(f"arrears_{family}_yuan")), title),), TEN_THOUSAND_YUAN, width=6
    )


def _flow() -> Panel:
    return Panel(
        "收件与办结",
        "累计派给本单位、受理、办结、退回的件数。",
        "办结线与受理线的距离变大，说明积压在增加：增派人手或与督办人员商定顺序。",
        tuple(
            Query(_now(family), label)
            for family, label in (
                ("assigned", "派单"),
                ("accepted", "受理"),
                ("resolved", "办结"),
                ("returned", "退单"),
            )
        ),
        kind="timeseries",
        width=12,
        height=8,
    )


def _cards() -> Panel:
    return Panel(
        "逾期与红黄牌的变化",
        "本单位的逾期办件和红黄牌随时间的变化。",
        "红牌上升时先停下新件，办完红牌。",
        (
            Query(_now("late_cases"), "逾期", colour=ORANGE),
            Query(_now("open_cards", ',card="red"'), "红牌", colour=RED),
            Query(_now("open_cards", ',card="yellow"'), "黄牌", colour=YELLOW),
        ),
        kind="timeseries",
        width=12,
        height=8,
    )
