"""How well complaints are sent on, by the reader that proposed where to."""

from services.yousu.watching.panels import COUNT, Panel, Query, more_is_worse

READER = "{{reader}}"
BOOK = "docs/alerts.md"


def quality() -> list[Panel]:
    """Returned and corrected: the rates of seven days, then the totals."""
    return [
        Panel(
            "退单率（读者，7 天）",
            "最近 7 天的派单中被单位退回的比例，按读文本的读者；不读文本、按规则派的单列一行。",
            f"见 {BOOK} 的 YousuReturnsRising：看退回理由，必要时退回上一版读者。",
            (
                Query("max by (reader) (reader:yousu_routing_returned:ratio7d)", "退单率"),
                Query("max by (reader) (reader:yousu_routing_returned:denominator7d)", "派单数", COUNT),
            ),
            unit="percentunit",
            kind="table",
            width=12,
            height=6,
            keys={"reader": "读者"},
            words={"读者": {"none": "按规则，不读文本"}},
            worst=("退单率", "highest"),
            steps=more_is_worse(0.05, 0.1),
        ),
        Panel(
            "改派率（读者，7 天）",
            "最近 7 天研判人员没有采纳读者建议的牵头单位的比例。",
            f"见 {BOOK} 的 YousuCorrectionsRising：抽查改派的件，补充标注，重新训练。",
            (
                Query("max by (reader) (reader:yousu_routing_corrected:ratio7d)", "改派率"),
                Query("max by (reader) (reader:yousu_routing_corrected:denominator7d)", "研判数", COUNT),
            ),
            unit="percentunit",
            kind="table",
            width=12,
            height=6,
            keys={"reader": "读者"},
            words={"读者": {"none": "按规则，不读文本"}},
            worst=("改派率", "highest"),
            steps=more_is_worse(0.4, 0.6),
        ),
        Panel(
            "派单与退回（累计）",
            "各读者的派单数与其中被退回的；none 为按规则、不读文本派的。",
            "退回突然上升而派单没有，看是否有单位误用退回。",
            (
                Query("max by (reader) (yousu_routing_decisions)", f"{READER} 派单"),
                Query("max by (reader) (yousu_routing_returned)", f"{READER} 退回"),
            ),
            kind="timeseries",
            width=12,
            height=7,
        ),
        Panel(
            "建议与采纳（累计）",
            "研判人员决定时看到的建议数，与其中被采纳的。",
            "两线分开得越来越快，说明读者在变差。",
            (
                Query("max by (reader) (yousu_routing_proposed)", f"{READER} 建议"),
                Query("max by (reader) (yousu_routing_agreed)", f"{READER} 采纳"),
            ),
            kind="timeseries",
            width=12,
            height=7,
        ),
    ]
