"""`make distributed` brings a Prometheus that scrapes every replica and knows every rule; a relay without a leader."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from services.yousu.distributed import postgres, prometheus
from services.yousu.distributed.supervisor import POSTGRES_OFFSET, PROMETHEUS_OFFSET, SERVICES
from tests.architecture.watching import rules
from tests.conftest import require
from tests.integration.prometheus import Prometheus
from tests.integration.test_kills import distributed_system

__all__ = ["distributed_system"]
pytestmark = [pytest.mark.distributed, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
#: Two scrapes, and some.
SOON_SECONDS = 90
#: The lock of whoever relays a service's outbox, in the database of that service.
LEADERSHIP = int.from_bytes(b"outbox", "big") & 0x7FFFFFFF


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    require(prometheus.program() is not None, "Prometheus")


async def test_prometheus_scrapes_all_replicas_knows_all_rules_and_sees_a_relay_without_a_leader(
    distributed_system: tuple[int, Path],
) -> None:
    port, home = distributed_system
    found = Prometheus(f"http://127.0.0.1:{port + PROMETHEUS_OFFSET}")
    try:
        async with asyncio.timeout(SOON_SECONDS):
            while len(await found.ask("up == 1")) < 2 * len(SERVICES):
                await asyncio.sleep(0.5)
        assert {one["metric"]["job"] for one in await found.ask("up")} == set(SERVICES)
        assert len(await found.ask("up")) == 2 * len(SERVICES)
        assert len(await found.rules()) == len(rules("recording.yml")) + len(rules("alerts.yml"))
        _stands_where_it_should(home)
        await found.until('sum by (service) (yousu_relay_leading{service="intake"}) == 1')
        await _without_a_leader(port, found)
        # Two replicas tell the same rows: they are one number, not two.
        assert {one["value"][1] for one in await found.ask("max(yousu_rules_refused)")} == {"0"}
    finally:
        await found.http.aclose()


def _stands_where_it_should(home: Path) -> None:
    """Its process id beside the others', started last so that it ends first."""
    assert (home / "run" / "prometheus.pid").read_text().strip().isdigit()
    started = [line for line in (home / "supervisor.log").read_text().splitlines() if line.endswith(" is up")]
    assert started[-2:] == ["gateway is up", "prometheus is up"]


async def _without_a_leader(port: int, found: Prometheus) -> None:
    """Somebody waits for the lock of intake's relay, and has it when the leader's session is ended."""
    url = postgres.url(port + POSTGRES_OFFSET, "intake").replace("+asyncpg", "")
    thief, operator = await asyncpg.connect(url), await asyncpg.connect(url)
    locks = f"FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = 'intake' AND objid = {LEADERSHIP}"
    try:
        waiting = asyncio.create_task(thief.execute("SELECT pg_advisory_lock($1)", LEADERSHIP))
        async with asyncio.timeout(SOON_SECONDS):
            while not await operator.fetchval(f"SELECT count(*) {locks} AND NOT granted"):
                await asyncio.sleep(0.1)
            await operator.execute(f"SELECT pg_terminate_backend(pid) {locks} AND granted")
            await waiting
            while not await found.ask('ALERTS{alertname="YousuRelayLeaderless",service="intake"}'):
                await asyncio.sleep(0.5)
    finally:
        await thief.close()
        await operator.close()
    await found.until('sum by (service) (yousu_relay_leading{service="intake"}) == 1')
