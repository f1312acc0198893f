"""Prometheus beside the whole system, asked whether an alert is seen, and whether it has gone."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.yousu.distributed import prometheus
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from tests.conftest import free_port
from tests.integration.prometheus import Prometheus
from tests.integration.shortened import DAY_SECONDS, shortened
from tests.integration.whole import Whole

SCRAPE_SECONDS = 2
#: A rule looks a week back at the most, and a process may have to start again meanwhile.
PATIENCE_SECONDS = 8 * DAY_SECONDS + 60


class Alarm(Prometheus):
    """Which alerts are on; `seen` are those that a fault brought on and a mend put out again."""

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.seen: set[str] = set()

    async def on(self, alert: str, **labels: str) -> bool:
        """Whether this alert fires, with these labels among its own."""
        told = (await self.http.get("/api/v1/alerts")).json()["data"]["alerts"]
        wanted = {"alertname": alert, **labels}.items()
        return any(one["state"] == "firing" and wanted <= one["labels"].items() for one in told)

    async def fires(self, alert: str, **labels: str) -> None:
        await self._until(lambda: self.on(alert, **labels), f"{alert} {labels} fires")

    async def gone(self, alert: str, **labels: str) -> None:
        await self._until(lambda: self._off(alert, **labels), f"{alert} {labels} is gone")

    async def _off(self, alert: str, **labels: str) -> bool:
        return not await self.on(alert, **labels)

    @staticmethod
    async def _until(true: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await true():
                    await asyncio.sleep(0.3)
        except TimeoutError:
            pytest.fail(f"not within {PATIENCE_SECONDS} s: {what}")

    async def sees(self, alert: str, fault: AbstractAsyncContextManager[Any], **labels: str) -> None:
        """Silent before the fault, firing while it lasts, gone after its mend."""
        await self.sees_all((alert,), fault, **labels)

    async def sees_all(self, alerts: Sequence[str], fault: AbstractAsyncContextManager[Any], **labels: str) -> None:
        """The same of several alerts that one fault brings on."""
        for alert in alerts:
            assert not await self.on(alert, **labels), f"{alert} {labels} fires before there is a fault"
        # Some are on for no more than a day of the rules: whoever looks only after the fault may be late.
        firing = asyncio.gather(*(self.fires(alert, **labels) for alert in alerts))
        try:
            async with fault:
                await firing
        finally:
            firing.cancel()
        await asyncio.gather(*(self.gone(alert, **labels) for alert in alerts))
        self.seen.update(alerts)


@asynccontextmanager
async def alarm(whole: Whole, folder: Path) -> AsyncIterator[Alarm]:
    """Prometheus on the shortened rules, scraping every process."""
    port = free_port()
    asked = prometheus.configuration(whole.plan.ports, SCRAPE_SECONDS)
    asked["global"]["evaluation_interval"] = "1s"
    asked["rule_files"] = [str(_written(folder / name, rules)) for name, rules in shortened().items()]
    command = prometheus.prepare(folder, port, asked)
    kept = Kept(Program("prometheus", command, lambda: accepts(port)), folder, folder)
    await asyncio.to_thread(kept.start)
    found = Alarm(f"http://127.0.0.1:{port}")
    try:
        yield found
    finally:
        await found.http.aclose()
        await asyncio.to_thread(kept.stop)


def _written(path: Path, rules: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    # JSON is YAML.
    path.write_text(json.dumps(rules), encoding="utf-8")
    return path
