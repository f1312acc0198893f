"""A real Prometheus beside a running system: Debian's, on 127.0.0.1, with a data folder of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from services.yousu.distributed import prometheus
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from tests.architecture.watching import promtool
from tests.conftest import free_port, require

SCRAPE_SECONDS, PATIENCE_SECONDS = 2, 120
#: (series with its labels, seconds ago, value)
History = Sequence[tuple[str, int, float]]


class Prometheus:
    """What it is asked over HTTP."""

    def __init__(self, origin: str) -> None:
        self.http = httpx.AsyncClient(base_url=origin, timeout=30)

    async def ask(self, expr: str) -> list[dict[str, Any]]:
        """The answer to a query now; an error in it fails."""
        answer = (await self.http.get("/api/v1/query", params={"query": expr})).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def value(self, expr: str) -> float | None:
        found = await self.ask(expr)
        return float(found[0]["value"][1]) if found else None

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health and, for an alert, its state."""
        groups = (await self.http.get("/api/v1/rules")).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    async def firing(self) -> set[str]:
        return {rule["name"] for rule in await self.rules() if rule.get("state") == "firing"}

    async def until(self, expr: str) -> None:
        """Until this query has an answer."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.ask(expr):
                await asyncio.sleep(0.2)


@asynccontextmanager
async def watching(
    folder: Path, scraped: Mapping[str, str], now: float = 0, history: History = (), patience: bool = True
) -> AsyncIterator[Prometheus]:
    """Prometheus with the rules of deploy/ and these origins by job; without `patience` alerts wait for nothing."""
    require(prometheus.program() is not None and shutil.which("promtool") is not None, "Prometheus")
    ports = {name: [urlsplit(origin).port or 80] for name, origin in scraped.items()}
    asked = prometheus.configuration(ports, SCRAPE_SECONDS)
    if not patience:
        asked["rule_files"] = [str(_impatient(folder, file)) for file in sorted(prometheus.RULES.glob("*.yml"))]
    port = free_port()
    command = prometheus.prepare(folder, port, asked)
    if history:
        await asyncio.to_thread(_remember, folder, now, history)
    kept = Kept(Program("prometheus", command, lambda: accepts(port)), folder, folder)
    await asyncio.to_thread(kept.start)
    found = Prometheus(f"http://127.0.0.1:{port}")
    try:
        yield found
    finally:
        await found.http.aclose()
        await asyncio.to_thread(kept.stop)


def _impatient(folder: Path, file: Path) -> Path:
    """The same rules; an alert fires at once."""
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    for group in read["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / file.name
    made.write_text(json.dumps(read), encoding="utf-8")
    return made


def _remember(folder: Path, now: float, history: History) -> None:
    """Puts these samples into the data folder, as if they had been scraped then."""
    by_name: dict[str, list[tuple[str, int, float]]] = {}
    for series, ago, value in history:
        by_name.setdefault(series.split("{")[0], []).append((series, ago, value))
    lines = []
    for name, samples in by_name.items():
        lines.append(f"# TYPE {name} gauge")
        ordered = sorted(samples, key=lambda sample: (sample[0], -sample[1]))
        lines += [f"{series} {value} {now - ago:.0f}" for series, ago, value in ordered]
    text = folder / "history.txt"
    text.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    made = promtool("tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data"))
    assert made.returncode == 0, made.stderr
