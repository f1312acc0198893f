"""Parked facts, seen and put back through each service's door."""

from typing import Any

from rich.console import Console

from shared.client import Client, Refused
from shared.composition import issuer
from shared.settings import Settings

SERVICES = ("intake", "router", "tracker")


async def run_parked(action: str, service: str, number: str, origin: str, settings: Settings, out: Console) -> int:
    """List, show or put back; the exit code is 1 when a fact failed again."""
    failed = 0
    async with Client(origin, issuer(settings).token("admin")) as client:
        for name in [service] if service else SERVICES:
            try:
                failed += await _one(client, action, name, number, out)
            except Refused as refusal:
                out.print(f"{name}: {refusal}")
                failed += 1
    return 1 if failed else 0


async def _one(client: Client, action: str, name: str, number: str, out: Console) -> int:
    if action == "put-back":
        result = await client.request("POST", f"/api/v1/parked/{name}/{number}")
        out.print(f"{name}: {result['done']} 件已放回", f"，又失败：{result['error']}" if result["error"] else "")
        return 1 if result["error"] else 0
    query = {"number": number} if number else {}
    answer: dict[str, Any] = await client.request("GET", f"/api/v1/parked/{name}", params=query)
    out.print(f"{name}: {len(answer['parked'])} 件停放")
    for fact in answer["parked"]:
        out.print(f"  {fact['id']} {fact['number']} {fact['parked_at']} {fact['error'][:200]}", markup=False)
        if action == "show":
            out.print(f"    {fact['fact']}", markup=False, soft_wrap=True)
    return 0
