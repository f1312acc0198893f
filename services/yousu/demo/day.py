"""Files the demonstration day and says where to look."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.yousu.demo.work import work
from shared.client import Client, Complaint, Filed
from shared.composition import issuer
from shared.reference import current
from shared.settings import Settings

DAY = Path(__file__).parent / "complaints.jsonl"
#: How long the demonstration waits for the last complaint to be routed.
PATIENCE_SECONDS = 60


async def run_demo(origin: str, settings: Settings, out: Console) -> int:
    """File the day, wait until every complaint is assigned or held, let agencies work; an exit code."""
    lines = DAY.read_text(encoding="utf-8").splitlines()
    complaints: list[dict[str, Any]] = [json.loads(line) for line in lines]
    async with Client(origin) as client:
        gate = asyncio.Semaphore(16)

        async def file(complaint: dict[str, Any]) -> Filed:
            async with gate:
                return await client.file(complaint)

        filed = await asyncio.gather(*(file(complaint) for complaint in complaints))
        out.print(f"已提交 {len(filed)} 件投诉")
        seen = await _until_routed(client, filed)
    if settings.jwks is None:
        taken_up = await work(origin, issuer(settings), filed, seen)
        out.print(f"各单位已办理其中 {taken_up} 件：签收、答复、办结、退回，企业已评价办结的")
    waiting = sum(complaint.status == "filed" for complaint in seen)
    show(out, origin, settings, filed, seen)
    if waiting:
        out.print(f"[red]{waiting} 件在 {PATIENCE_SECONDS} 秒内没有派单，请看 {origin}/readyz[/red]")
    return 1 if waiting else 0


async def _until_routed(client: Client, filed: list[Filed]) -> list[Complaint]:
    seen: dict[str, Complaint] = {}
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    open_ = list(filed)
    while open_ and asyncio.get_running_loop().time() < deadline:
        found = await asyncio.gather(*(client.look_up(one.number, one.access_code) for one in open_))
        seen |= {complaint.number: complaint for complaint in found}
        open_ = [one for one in open_ if seen[one.number].status == "filed"]
        await asyncio.sleep(0.2)
    return [seen[one.number] for one in filed]


def show(out: Console, origin: str, settings: Settings, filed: list[Filed], seen: list[Complaint]) -> None:
    """How many complaints each agency has, and where to look at them."""
    agencies = current().agencies
    counted = Counter(complaint.lead_agency or "" for complaint in seen)
    table = Table("牵头单位", "代码", "件数", title="各单位队列")
    for code, number in counted.most_common():
        name = agencies[code].name if code else "人工研判"
        table.add_row(name, code or "—", str(number))
    out.print(table)
    busiest = next((code for code, _ in counted.most_common() if code), "hn-fgw")
    token = issuer(settings).token("agency", agency=busiest) if settings.jwks is None else "$TOKEN"
    for line in _where_to_look(origin, filed[0], token):
        # As it is: a number, a code or a token that wraps or is coloured cannot be copied.
        out.print(line, soft_wrap=True, markup=False, highlight=False)


def _where_to_look(origin: str, one: Filed, token: str) -> list[str]:
    """Lines to copy from: each says what it is, or is the address, number, code or command alone."""
    return [
        "",
        "填报：",
        f"{origin}/",
        "查询进度：",
        f"{origin}/complaints",
        f"受理编号 {one.number}",
        f"查询码 {one.access_code}",
        "单位取件：",
        f"curl -s -H 'Authorization: Bearer {token}' '{origin}/api/v1/queue?limit=3'",
        "人工研判，令牌由 yousu token dispatcher 给出：",
        f"{origin}/desk",
        "督办看板，令牌由 yousu token supervisor 给出：",
        f"{origin}/board",
    ]
