"""值班: whether everything runs, and what waits where."""

from typing import Any

from services.yousu.watching.grafana import dashboard
from services.yousu.watching.panels import (
    GREEN,
    HOURS,
    RED,
    YELLOW,
    Panel,
    Query,
    Row,
    hours,
    more_is_worse,
    named,
)
from services.yousu.watching.quality import BOOK, quality

SERVICE = "{{service}}"
#: What waits at the desk, and what Prometheus says of an alert, by its code.
WAITING = {"held": "待派单", "supplement": "待补正"}
SEVERITIES = {"critical": "紧急", "warning": "警告"}
STATES = {"firing": "告警中", "pending": "即将告警"}


def duty() -> dict[str, Any]:
    """The dashboard of the engineer on duty."""
    rows = (
        Row("告警", (_alerts(), _up(), _leaders(), _scrapes())),
        Row("等待：从先到后，投诉走的路", _waiting()),
        Row("停下来等人的", _stuck()),
        Row("推送（webhook）", _webhooks()),
        Row("派单质量", quality()),
        Row("变化", (_ages(), _lag())),
    )
    meaning = f"值班人员用：先看告警；每条告警的含义和处理见 {BOOK}。"
    return dashboard("yousu-duty", "有诉即办 值班", meaning, rows, days=1)


def _alerts() -> Panel:
    told = 'sum by (alertname, severity, alertstate, service, agency) (ALERTS{alertname=~"Yousu.*"})'
    return Panel(
        "正在告警",
        "Prometheus 中处于 firing 或 pending 的告警；没有行就是没有告警。",
        f"在 {BOOK} 中按告警名查到含义和处理办法；critical 立即处理。",
        # An alert of an agency with the agency's name, then those of none.
        (Query(f"{named(told, 'agency')} or {told} unless on (agency) yousu_agency_info", "条数"),),
        kind="table",
        width=16,
        height=8,
        keys={
            "alertname": "告警",
            "severity": "级别",
            "alertstate": "状态",
            "service": "服务",
            "name": "单位",
            "agency": "代码",
        },
        unseen=("agency",),
        words={"级别": SEVERITIES, "状态": STATES},
        worst=("级别", "lowest"),
    )


def _up() -> Panel:
    return Panel(
        "进程",
        "每个副本最近一次采集是否成功。",
        "看该副本的 /healthz 和日志 logs/NAME.log；进程退出会自动重启，反复退出的看最后一条 critical 日志。",
        (Query('up{job!="prometheus"}', "{{job}} {{instance}}"),),
        width=8,
        height=8,
        steps=((0, RED), (1, GREEN)),
        said={"1": "正常", "0": "失败"},
    )


def _leaders() -> Panel:
    return Panel(
        "发件副本",
        "每个服务中正在转发发件箱的副本数，应为 1。",
        "0：看数据库能否连接，重启该服务一个副本；2 持续超过一分钟：看数据库的会话级锁是否被连接池打断。",
        (Query("sum by (service) (yousu_relay_leading)", SERVICE),),
        width=12,
        height=4,
        steps=((0, RED), (1, GREEN), (2, YELLOW)),
    )


def _scrapes() -> Panel:
    return Panel(
        "采集用时",
        "每个副本一次采集用多久；与办件总数无关。",
        "看数据库是否繁忙；超过 10 秒采集失败，数字会断。",
        (Query('max by (job) (scrape_duration_seconds{job!="prometheus"})', "{{job}}"),),
        unit="s",
        width=12,
        height=4,
        steps=more_is_worse(1, 5),
    )


def _waiting() -> list[Panel]:
    return [
        Panel(
            "发件箱最久",
            "已提交、还没有发到总线的事实等了多久。",
            "总线是否可用（/readyz 的 bus）；可用而不发，看发件副本。填报不受影响，恢复后自动补发。",
            (Query("max by (service) (yousu_outbox_oldest_seconds)", SERVICE),),
            unit="s",
            width=5,
            steps=more_is_worse(10, 60),
        ),
        Panel(
            "未读事实",
            "总线上已有、服务还没有读的事实数，各副本合计。",
            "看该服务的日志是否反复重试同一条；增加副本数可以加快补读。",
            (Query("sum by (service) (yousu_consumer_lag_records)", SERVICE),),
            width=5,
            steps=more_is_worse(200, 1000),
        ),
        Panel(
            "最久待研判",
            "人工研判台上等待最久的一件已等多久。",
            "通知研判人员；是否因为读者没有加载而全部转人工，看 /readyz 的 reader。",
            (Query(hours("max(yousu_triage_oldest_seconds)"), "最久"),),
            unit=HOURS,
            width=5,
            steps=more_is_worse(4, 8),
        ),
        Panel(
            "研判台件数",
            "人工研判台上的件数：等待派单的和等待企业补正的。",
            "突然增多时，先看读者和对应关系是否刚换过版本。",
            tuple(Query(f'max(yousu_triage_waiting{{state="{state}"}})', title) for state, title in WAITING.items()),
            width=4,
            steps=more_is_worse(50, 200),
        ),
        Panel(
            "时钟最迟",
            "已到时而没有执行的定时任务迟了多久。",
            "看该服务日志中 timer failed 和数据库是否繁忙；恢复后自动补做，红黄牌不会漏。",
            (Query("max by (service) (yousu_timers_oldest_seconds)", SERVICE),),
            unit="s",
            width=5,
            steps=more_is_worse(10, 60),
        ),
    ]


def _stuck() -> list[Panel]:
    return [
        Panel(
            "搁置的事实",
            "处理失败、等待人工的事实；同一投诉后面的事实排在它后面等。",
            "yousu parked 列出，yousu parked show --number N 看原因，修好后 yousu parked put-back --number N。",
            (Query("max by (service) (yousu_parked_facts)", SERVICE),),
            steps=more_is_worse(1, 1),
            width=5,
        ),
        Panel(
            "搁置的定时任务",
            "多次失败后不再重试的定时任务。",
            "看日志 timer failed 中的错误；修好后在该服务的数据库把该行的 parked_at 清空、attempts 归零，随即再做。",
            (Query("max by (service) (yousu_parked_timers)", SERVICE),),
            steps=more_is_worse(1, 1),
            width=5,
        ),
        Panel(
            "未汇总的数字最久",
            "数字的增量等了多久没有并入合计；读数不受影响，只是慢。",
            "看 tracker 日志 chore waits；用 yousu recount 核对，不一致时 yousu recount --repair。",
            (Query("max(yousu_numbers_oldest_delta_seconds)", "最久"),),
            unit="s",
            width=5,
            steps=more_is_worse(60, 300),
        ),
        Panel(
            "被拒的对应关系版本",
            "自相矛盾、没有启用的对应关系版本数；派单仍按上一版。",
            "GET /api/v1/routing/versions（研判或督办令牌）指出哪个文件夹、矛盾在哪；改正后自动启用。",
            (Query("max(yousu_rules_refused)", "被拒"),),
            steps=more_is_worse(1, 1),
            width=4,
        ),
        Panel(
            "依据未公布年份的期限",
            "未了结、而依据的年份国务院尚未公布放假安排的期限数。",
            "国务院公布后用 yousu calendar import 录入该年，期限自动重算。",
            (Query("max(yousu_deadlines_provisional)", "期限"),),
            steps=((1, YELLOW),),
            width=5,
        ),
    ]


def _webhooks() -> list[Panel]:
    return [
        Panel(
            "推送最久未达",
            "还没有送到的推送中最久的等了多久；失败的按越来越长的间隔重试。",
            "GET /api/v1/webhooks 找到失败的地址，联系订阅方；全部失败的看本机出口网络。",
            (Query("max(yousu_webhook_oldest_waiting_seconds)", "最久"),),
            unit="s",
            width=6,
            steps=more_is_worse(600, 3600),
        ),
        Panel(
            "未达的推送",
            "还没有送到的推送数。",
            "只增不减说明有地址一直失败，或推送的进程停了：看 tracker 日志。",
            (Query("max(yousu_webhook_deliveries_waiting)", "未达"),),
            width=6,
            steps=more_is_worse(100, 1000),
        ),
        Panel(
            "失败的地址",
            "最近一次推送失败、仍在启用的地址数。",
            "GET /api/v1/webhooks/{id}/deliveries 看订阅方答复了什么，联系订阅方。",
            (Query("max(yousu_webhook_endpoints_failing)", "失败"),),
            width=6,
            steps=more_is_worse(1, 5),
        ),
        Panel(
            "停用的地址",
            "因连续数日失败或答复 410 被停用的地址数。",
            "联系订阅方改正后重新启用，不再需要的删除。",
            (Query("max(yousu_webhook_endpoints_disabled)", "停用"),),
            width=6,
            steps=more_is_worse(1, 1),
        ),
    ]


def _ages() -> Panel:
    return Panel(
        "等待时间的变化",
        "发件箱和时钟最久的等待。",
        "锯齿是正常的，一直上升的是停了：按上方对应的一格处理。",
        (
            Query("max by (service) (yousu_outbox_oldest_seconds)", f"发件箱 {SERVICE}"),
            Query("max by (service) (yousu_timers_oldest_seconds)", f"时钟 {SERVICE}"),
        ),
        unit="s",
        kind="timeseries",
        width=12,
        height=8,
    )


def _lag() -> Panel:
    return Panel(
        "未读事实的变化",
        "各服务未读的事实数。",
        "升而不降的服务读得比来得慢：增加副本，或看它卡在哪一条。",
        (Query("sum by (service) (yousu_consumer_lag_records)", SERVICE),),
        kind="timeseries",
        width=12,
        height=8,
    )
