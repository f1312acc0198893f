"""A real Prometheus against the running embedded system: every query has an answer, every alert is seen once."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI, Response

from shared.bus import Record
from shared.testing import ManualClock
from tests.architecture.watching import (
    DASHBOARDS,
    OURS,
    Asked,
    filled,
    offered,
    panel_queries,
    panels,
    rule_queries,
    rules,
    variables,
)
from tests.conftest import free_port
from tests.integration.prometheus import PATIENCE_SECONDS, History, Prometheus, watching
from tests.integration.system import System
from tests.integration.watched import Days, demonstration, scraped, served, unreadable, until_scraped, watched

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
LEAD = "hn-gxt"
#: A Tuesday of December: limits of fifteen working days lie in a year that is not published yet.
DAY = datetime(2026, 12, 15, 2, 0, tzinfo=UTC)
#: What cannot have an answer on a system a few minutes old, and why.
WITHOUT_AN_ANSWER = {
    "reader:yousu_routing_returned:baseline28d": "the four weeks before the last one",
    "reader:yousu_routing_corrected:baseline28d": "the four weeks before the last one",
}
#: What is seen firing in another test, and why not here.
ELSEWHERE = {"YousuRelayLeaderless": "SQLite has one writer and no lock to lose; see test_prometheus_distributed"}


class Watched:
    """The system after its days, and what watches it."""

    def __init__(self, system: System, prometheus: Prometheus) -> None:
        self.system, self.prometheus = system, prometheus


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """The demonstration day and what follows, watched long enough that every rule was evaluated on it."""
    folder = tmp_path_factory.mktemp("watched")
    async with watched(folder / "data", ManualClock(DAY)) as (system, origin):
        await demonstration(system, origin)
        await Days(system).pass_by()
        async with watching(folder / "prometheus", {"yousu": origin}) as prometheus:
            await prometheus.until("matter:yousu_arrears_resolution_rate:ratio")
            await prometheus.until('min_over_time(up{job="yousu"}[10s]) and count_over_time(up{job="yousu"}[30s]) > 3')
            yield Watched(system, prometheus)


async def test_every_rule_is_loaded_and_evaluates(day: Watched) -> None:
    loaded = await day.prometheus.rules()
    assert len(loaded) == len(rules("recording.yml")) + len(rules("alerts.yml"))
    assert {(rule["name"], rule["health"], rule.get("lastError")) for rule in loaded if rule["health"] != "ok"} == set()


async def test_every_panel_and_every_recording_rule_has_an_answer(day: Watched) -> None:
    recorded = [Asked(rule["record"], rule["record"]) for rule in rules("recording.yml")]
    every = (*panel_queries({"agency": LEAD}), *recorded)
    silent = [asked.where for asked in every if not await day.prometheus.ask(asked.expr)]
    assert sorted(silent) == sorted(WITHOUT_AN_ANSWER), silent


async def test_every_alert_can_be_asked_and_everything_it_looks_at_is_there(day: Watched) -> None:
    for asked in rule_queries():
        await day.prometheus.ask(asked.expr)
        for name in set(OURS.findall(asked.expr)) - WITHOUT_AN_ANSWER.keys():
            assert await day.prometheus.ask(name), f"{asked.where} looks at {name}"


async def test_prometheus_says_what_the_indicators_say_for_the_province_each_city_agency_and_matter(
    day: Watched,
) -> None:
    for level, group in (("province", None), ("city", "region"), ("agency", "agency"), ("matter", "matter")):
        for key, indicators in (await _told(day.system, group)).items():
            for told in indicators:
                base = f"{level}:yousu_{told['name']}"
                only = f'{{{group}="{key}"}}' if group else ""
                value = await day.prometheus.value(f"{base}:ratio{only}")
                assert value == pytest.approx(told["value"]), (base, key)
                for part in ("numerator", "denominator"):
                    found = await day.prometheus.value(f"{base}:{part}{only}")
                    assert (found or 0) == told[part], (base, key, part)


async def _told(system: System, group: str | None) -> dict[str, list[dict[str, Any]]]:
    """The indicators by the key of the group; what names none has the key ""."""
    async with system.client("supervisor") as supervisor:
        query = {"group": group} if group else {}
        answer = await supervisor.request("GET", "/api/v1/indicators", params=query)
    if group is None:
        return {"": answer["indicators"]}
    return {one["key"] or "": one["indicators"] for one in answer["groups"]}


async def test_codes_are_picked_by_their_names(day: Watched) -> None:
    codes = {"agency": LEAD, "region": "410100", "matter": "6.problem.4"}
    picked = [one for board in DASHBOARDS.values() for one in variables(board).values() if one["type"] == "query"]
    assert {one["name"] for one in picked} == codes.keys()
    for variable in picked:
        query = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
        answer = await day.prometheus.ask(query)
        found = offered(variable, answer)
        assert sorted(found.values()) == sorted(one["metric"][variable["name"]] for one in answer)
        assert codes[variable["name"]] in found.values()
        assert all(re.search(r"[\u4e00-\u9fff]", name) for name in found)


async def test_what_is_one_number_has_one_answer(day: Watched) -> None:
    for name, board in DASHBOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                if panel["type"] != "table" and "{{" not in target["legendFormat"]:
                    for expr in filled(target["expr"], board, {"agency": LEAD}):
                        assert len(await day.prometheus.ask(expr)) == 1, (name, panel["title"], expr)


async def test_every_alert_is_seen_firing_by_a_fault_made_on_purpose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUSU_TRACKER_WEBHOOK_PRIVATE", "true")
    async with watched(tmp_path / "data", ManualClock(DAY)) as (system, origin):
        await Days(system).pass_by()
        faults = Faults(system)
        await faults.of_agencies_and_the_desk()
        now, dead = time.time(), f"http://127.0.0.1:{free_port()}"
        history = _yesterday(await scraped(system))
        scrape = {"yousu": origin, "dead": dead}
        async with watching(tmp_path / "prometheus", scrape, now, history, patience=False) as prometheus:
            await prometheus.until("matter:yousu_arrears_resolution_rate:ratio")
            assert "YousuOutboxOld" not in await prometheus.firing()
            wanted = {rule["alert"] for rule in rules("alerts.yml")} - ELSEWHERE.keys()
            seen = asyncio.create_task(_all_fired(prometheus, wanted - {"YousuServiceGone"}))
            await faults.of_the_machine()
            await seen
            with faults.a_service_gone():
                await _all_fired(prometheus, {"YousuServiceGone"})


async def _all_fired(prometheus: Prometheus, wanted: set[str]) -> None:
    """Until each has been seen firing, whether or not it still is."""
    seen: set[str] = set()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while wanted - seen:
                seen |= await prometheus.firing()
                await asyncio.sleep(0.3)
    except TimeoutError:
        pytest.fail(f"not seen firing: {sorted(wanted - seen)}")


def _yesterday(told: str) -> History:
    """As if what is assigned now had been assigned a day ago, and limits had been missed in the day since."""
    where = ',instance="before",job="yousu"'
    found: list[tuple[str, int, float]] = []
    for labels, value in re.findall(r"^yousu_agency_assigned\{(.*)\} (\S+)$", told, re.MULTILINE):
        found.append((f"yousu_agency_assigned{{{labels}{where}}}", 25 * 3600, float(value)))
    missed = ("province:yousu_timely_routing_rate:missed", f'agency:yousu_on_time_reply_rate:missed{{agency="{LEAD}"}}')
    for series in missed:
        found += [(series, hours * 3600, float(hours < 24)) for hours in range(1, 48)]
    return found


class Faults:
    """Each makes one or more alerts fire."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.days = Days(system)

    async def of_agencies_and_the_desk(self) -> None:
        """Waiting at the desk and in queues, red cards, returns, corrections; a year that is not published."""
        self.late = await self.days.file(99)
        await asyncio.gather(*(self._returned(seed) for seed in range(100, 160)))
        await asyncio.gather(*(self._corrected(seed) for seed in range(200, 255)))
        await self.days.held(300)
        self.system.clock.move(timedelta(hours=9))

    async def of_the_machine(self) -> None:
        """Unreadable facts, failing addresses and timers, contradicting rules, loops that stand still."""
        await unreadable(self.system, "410000000000")
        await self._webhooks()
        await self._broken_rules()
        await self._timer_that_fails()
        await self._stands_still("intake", "relay")
        for loop in ("timers", "consumer", "numbers"):
            await self._stands_still("tracker", loop)
        lost = [Record(f"lost-{place}", b'{"type": "NoSuchFact"}') for place in range(1001)]
        await self.system.service("tracker").bus.send(lost)
        await self.days.only_file(400)
        await self.days.step(self.late, "supervision-orders", {"reason": "久拖不决", "days": 2}, "supervisor")
        self.system.clock.move(timedelta(days=3))

    @contextmanager
    def a_service_gone(self) -> Iterator[None]:
        """The process tells nothing of the router any more, as if it ran elsewhere and had ended."""
        services = self.system.app.state.services
        router = services.pop("router")
        yield
        services["router"] = router

    async def _returned(self, seed: int) -> None:
        filed = await self.days.file(seed)
        await self.days.step(filed, "return", {"code": "NOT_OUR_DUTY", "reason": "属自然资源领域"})

    async def _corrected(self, seed: int) -> None:
        """Decided for another agency than any reader would propose."""
        await self.days.decided(await self.days.held(seed), {"agency": "hn-swt"})

    async def _webhooks(self) -> None:
        """One address where nobody answers, one that says it is gone."""
        gone = FastAPI()
        gone.post("/")(lambda: Response(status_code=410))
        async with served(gone) as away, self.system.client("admin") as admin:
            for url in (f"http://127.0.0.1:{free_port()}/", f"{away}/"):
                made = await admin.request("POST", "/api/v1/webhooks", json={"url": url, "agency": LEAD})
                await admin.request("POST", f"/api/v1/webhooks/{made['id']}/test")
            await until_scraped(self.system, lambda told: "yousu_webhook_endpoints_disabled 1.0" in told)

    async def _broken_rules(self) -> None:
        folder = self.system.settings.rules_folder / "2027-01-01"
        folder.mkdir(parents=True)
        (folder / "matters.yaml").write_text("version: 矛盾\n", encoding="utf-8")

    async def _timer_that_fails(self) -> None:
        """A deadline that no handler knows, given up after its tries."""
        service, clock = self.system.service("router"), self.system.clock
        timer = service.spec.kernel.timer
        row = {"id": "unknown:1:", "kind": "unknown", "number": "1", "payload": "{}", "attempts": 0}
        async with service.database.writing() as session:
            await session.execute(timer.insert().values(**row, due_at=clock.now(), try_at=clock.now()))
        async with asyncio.timeout(60):
            while not await service.timers.parked_count():
                clock.move(timedelta(minutes=30))
                await service.timers.fire_due()

    async def _stands_still(self, service: str, loop: str) -> None:
        task = self.system.service(service)._tasks[loop]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
