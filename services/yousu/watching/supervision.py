"""督办: the province, its cities, agencies and matters; late cases first, then rates, arrears, satisfaction."""

from typing import Any

from services.yousu.watching.grafana import chosen, dashboard, picked
from services.yousu.watching.indicators import OVER, RATE, STEPS, UNDER, figures, options
from services.yousu.watching.panels import (
    COUNT,
    GREEN,
    HOURS,
    ORANGE,
    RED,
    TEN_THOUSAND_YUAN,
    YELLOW,
    Panel,
    Query,
    Row,
    hours,
    more_is_worse,
    named,
    ten_thousands,
)
from services.yousu.watching.recording import AGENCY, CITY, MATTER, PROVINCE, Level

#: How the codes of a dimension are called.
CALLED = {"agency": "单位", "region": "城市", "matter": "事项"}
#: The dashboard of one agency, from a row that has its code, over the same days.
AGENCY_BOARD = "/d/yousu-agency?var-agency=${__data.fields.agency}&${__url_time_range}"


def supervision() -> dict[str, Any]:
    """The dashboard of whoever supervises."""
    variables = [
        picked("indicator", "指标", options()),
        chosen("region", "城市", many=True),
        chosen("agency", "单位", many=True),
        chosen("matter", "事项", many=True),
    ]
    rows = (
        Row("先看逾期", (*_late_now(), _late_by(AGENCY), _late_by(CITY), _late_over_time())),
        Row("全省指标（率、分子、分母）", figures(PROVINCE)),
        Row("所选指标：各单位、各市、各事项，最差的在前", [_compared(level) for level in (AGENCY, CITY, MATTER)]),
        Row("拖欠账款", (*_arrears(), _arrears_by(AGENCY), _arrears_by(CITY))),
        Row("评价", (_grades(), _poor_by_agency())),
    )
    meaning = (
        "督办人员用：先看逾期，再看指标；从省到市、单位、事项。数字与办件同一事务更新，与 /api/v1/indicators 相同。"
    )
    return dashboard("yousu-supervision", "有诉即办 督办", meaning, rows, variables)


def _province(family: str, label: str = "") -> str:
    return f"{PROVINCE.told(f'yousu_region_{family}{label}')} or vector(0)"


def _amount(family: str, unit: str) -> str:
    asked = _province(family)
    return ten_thousands(asked) if unit == TEN_THOUSAND_YUAN else asked


def _keys(by: str) -> dict[str, Any]:
    """The columns before the numbers: names. The code is there for what it leads to, the dashboard of the agency."""
    links = {CALLED[by]: AGENCY_BOARD} if by == "agency" else {}
    return {"keys": {by: "代码", "name": CALLED[by]}, "unseen": (by,), "links": links}


def _late_now() -> list[Panel]:
    return [
        Panel(
            "逾期办件",
            "牵头单位已超过某一期限、现在仍未办结的办件数。",
            "从下方各单位表的第一行开始，点单位名打开它的看板，逐件催办；超过 5 个工作日的列入通报。",
            (Query(_province("late_cases"), "逾期"),),
            steps=more_is_worse(1, 10),
        ),
        Panel(
            "红牌",
            "现在已超过期限而未完成的事项（签收、答复、办结、会办意见等）。",
            "红牌会自动转为督办；确认单位已收到督办，逾期不复的约谈。",
            (Query(_province("open_cards", '{card="red"}'), "红牌"),),
            steps=more_is_worse(1, 10),
        ),
        Panel(
            "黄牌",
            "离期限不足一个工作日、尚未完成的事项。",
            "今天就催办，不要等到变成红牌。",
            (Query(_province("open_cards", '{card="yellow"}'), "黄牌"),),
            steps=more_is_worse(20, 100),
        ),
        Panel(
            "待回复督办",
            "已发出、单位尚未回复的督办。",
            "核对督办期限，过期未复的升级到单位负责人。",
            (Query(_province("open_orders"), "待回复"),),
            steps=more_is_worse(5, 20),
        ),
        Panel(
            "最久待转办",
            "人工研判台上等待最久的一件已等多久；转办期限为 1 个工作日。",
            "通知研判人员按等待时间由长到短派单。",
            (Query(hours("max(yousu_triage_oldest_seconds)"), "最久"),),
            unit=HOURS,
            steps=more_is_worse(4, 8),
        ),
        Panel(
            "最久待签收",
            "已派单、还没有签收的办件中等待最久的一件已等多久，节假日和周末不计；签收期限为 1 个工作日。",
            "在下方各单位表中按“最久待签收”排序，从第一个起催办签收或按规定退回。",
            (Query(hours("max(yousu_unaccepted_oldest_seconds)"), "最久"),),
            unit=HOURS,
            steps=more_is_worse(12, 24),
        ),
    ]


def _late_by(level: Level) -> Panel:
    by = level.dimension
    only = f'{by}=~"${by}"'

    def column(family: str, label: str = "") -> str:
        return named(level.told(f"yousu_{by}_{family}{{{only}{label}}}"), by)

    unaccepted = (
        Query(column("cases", ',state="to_accept"'), "待签收", COUNT),
        Query(
            named(hours(level.told(f"yousu_unaccepted_oldest_seconds{{{only}}}")), by),
            "最久待签收",
            HOURS,
            more_is_worse(12, 24),
        ),
    )
    return Panel(
        f"逾期与红黄牌：{level.label}",
        "逾期办件最多的在前。" + ("未注明城市的投诉不在表内，但计入全省。" if by == "region" else ""),
        "从第一行开始，逐件催办；同一单位连续数日在前列的，列入通报。",
        (
            Query(column("late_cases"), "逾期"),
            Query(column("open_cards", ',card="red"'), "红牌"),
            Query(column("open_cards", ',card="yellow"'), "黄牌"),
            Query(column("open_orders"), "待回复督办"),
            *(unaccepted if level is AGENCY else ()),
        ),
        kind="table",
        width=14 if level is AGENCY else 10,
        height=9,
        steps=more_is_worse(1, 5),
        **_keys(by),
        worst=("逾期", "highest"),
    )


def _late_over_time() -> Panel:
    return Panel(
        "逾期与红黄牌的变化",
        "全省逾期办件和红黄牌随时间的变化。",
        "红牌连续上升时，按增量找到单位；黄牌先升、红牌后升，说明催办没有起作用。",
        (
            Query(_province("late_cases"), "逾期", colour=ORANGE),
            Query(_province("open_cards", '{card="red"}'), "红牌", colour=RED),
            Query(_province("open_cards", '{card="yellow"}'), "黄牌", colour=YELLOW),
        ),
        kind="timeseries",
        width=24,
        height=8,
    )


def _compared(level: Level) -> Panel:
    by, base = level.dimension, f"{level.name}:yousu_${{indicator}}:"
    only = f'{{{by}=~"${by}"}}'
    # A row with nothing due has no rate, and would stand before the worst.
    due = f"and on ({by}) {base}denominator{only} > 0"
    parts = {RATE: "ratio", OVER: "numerator", UNDER: "denominator"}
    units = {RATE: "percentunit"}
    return Panel(
        f"${{indicator:text}}：{level.label}",
        "上方“指标”中选定的指标；率、分子、分母同列，金额以元计。比率低的在前（退单率请点列头倒序）。",
        "先看分母：分母很小的比率不说明问题；分母大而比率低的，按指标自己的说明处理。",
        tuple(
            Query(named(f"{base}{part}{only} {due}", by), legend, units.get(legend)) for legend, part in parts.items()
        ),
        kind="table",
        width=8,
        height=10,
        **_keys(by),
        worst=(RATE, "lowest"),
    )


def _arrears() -> list[Panel]:
    told = (
        ("账款件", "arrears_cases", "有效投诉中涉及账款的件数。", COUNT),
        ("申报金额", "arrears_claimed_yuan", "企业申报的被拖欠金额合计。", TEN_THOUSAND_YUAN),
        ("认定金额", "arrears_verified_yuan", "单位核实认定的金额合计，化解率的分母。", TEN_THOUSAND_YUAN),
        ("已归还", "arrears_repaid_yuan", "已归还的金额合计。", TEN_THOUSAND_YUAN),
        ("达成协议", "arrears_under_agreement_yuan", "已达成还款协议的金额合计。", TEN_THOUSAND_YUAN),
    )
    what = "本项不设颜色；与去年同期和申报金额比较，久不认定的要求单位限期核实。"
    return [
        Panel(title, meaning, what, (Query(_amount(family, unit), title),), unit=unit)
        for title, family, meaning, unit in told
    ]


def _arrears_by(level: Level) -> Panel:
    by = level.dimension
    only = f'{{{by}=~"${by}"}}'
    money = {"申报": "claimed", "认定": "verified", "已归还": "repaid", "达成协议": "under_agreement"}
    claimed = level.told(f"yousu_{by}_arrears_claimed_yuan{only}")

    def column(family: str) -> str:
        told = level.told(f"yousu_{by}_arrears_{family}_yuan{only}")
        return named(ten_thousands(f"({told} or {claimed} * 0) and {claimed} > 0"), by)

    columns = [Query(column(family), title, TEN_THOUSAND_YUAN) for title, family in money.items()]
    rate = Query(named(f"{level.name}:yousu_arrears_resolution_rate:ratio{only}", by), "化解率")
    return Panel(
        f"账款：{level.label}",
        "金额与化解率；化解率 =（已归还 + 达成协议）÷ 认定金额。还没有认定的和化解率低的在前。",
        "化解率低而认定金额大的，约谈欠款单位，逐笔定还款计划；认定远小于申报的，抽查核实是否到位。",
        (rate, *columns),
        unit="percentunit",
        steps=STEPS["arrears_resolution_rate"][0],
        kind="table",
        width=12,
        height=9,
        **_keys(by),
        worst=("化解率", "lowest"),
    )


def _grades() -> Panel:
    return Panel(
        "满意与差评的变化",
        "前三档（非常满意、满意、基本满意）和后两档（差评）的评价数。",
        "差评上升快于满意时，按下表找到单位，逐件重新办理并回访。",
        (Query(_province("satisfied"), "满意", colour=GREEN), Query(_province("poor"), "差评", colour=RED)),
        kind="timeseries",
        width=12,
        height=9,
    )


def _poor_by_agency() -> Panel:
    only = '{agency=~"$agency"}'
    return Panel(
        "满意率与差评：各单位",
        "被评价的单位的满意率、评价数和差评数；差评多的在前。",
        "逐件查看差评；重新办理后仍为差评的督办。",
        (
            Query(named(AGENCY.told(f"yousu_agency_poor{only}"), "agency"), "差评"),
            Query(named(f"agency:yousu_satisfaction_rate:ratio{only}", "agency"), "满意率", "percentunit"),
            Query(named(f"agency:yousu_satisfaction_rate:denominator{only}", "agency"), "评价数", COUNT),
        ),
        kind="table",
        width=12,
        height=9,
        steps=more_is_worse(1, 5),
        **_keys("agency"),
        worst=("差评", "highest"),
    )
