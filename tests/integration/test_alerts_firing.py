"""The whole system beside a real Prometheus: the report's tables by PromQL, every alert by a fault made on purpose."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
import pytest_asyncio
from rich.console import Console

from services.yousu.demo.day import run_demo
from services.yousu.distributed import prometheus
from shared.clock import SHANGHAI
from tests.architecture.watching import rules
from tests.conftest import require
from tests.integration.alarm import Alarm, alarm
from tests.integration.faults import IDLE, LATE, Faults
from tests.integration.prometheus import Prometheus
from tests.integration.records import Row, days, sheet
from tests.integration.report import LEADS, VIOLATIONS, WINDOW
from tests.integration.shortened import DAY_SECONDS
from tests.integration.test_import_report import leads, violations, window
from tests.integration.whole import Whole, whole

pytestmark = [
    pytest.mark.distributed,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(600),
]
REPLICAS = 2
PATIENCE_SECONDS = 60


class Watched:
    """The system, what watches it, and what can go wrong in it."""

    def __init__(self, running: Whole, alarm: Alarm, faults: Faults) -> None:
        self.whole, self.alarm, self.faults = running, alarm, faults

    async def reads(self, expr: str, expected: float) -> None:
        """Prometheus's answer to this query comes to be this."""
        found: float | None = None
        for _ in range(PATIENCE_SECONDS * 4):
            found = await self.alarm.value(expr)
            if found == pytest.approx(expected):
                return
            await asyncio.sleep(0.25)
        pytest.fail(f"{expr}: {found}, expected {expected}")

    async def indicators(self, **query: str) -> dict[str, Any]:
        async with self.whole.client("supervisor") as supervisor:
            found: dict[str, Any] = await supervisor.request("GET", "/api/v1/indicators", params=query)
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, distributed_programs: None) -> Iterator[Whole]:
    require(prometheus.program() is not None, "Prometheus")
    with whole(tmp_path_factory.mktemp("whole"), REPLICAS, YOUSU_TRACKER_WEBHOOK_PRIVATE="true") as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(running: Whole, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """The system with a calendar that is published, before anything was filed."""
    folder = tmp_path_factory.mktemp("watched")
    faults = Faults(running, folder)
    this = datetime.now(SHANGHAI).year
    await asyncio.gather(*(faults.calendar(year, "published") for year in (this, this + 1)))
    async with alarm(running, folder / "prometheus") as watching:
        yield Watched(running, watching, faults)


async def test_every_process_is_scraped_and_every_rule_is_loaded(day: Watched) -> None:
    shipped = Prometheus(f"http://127.0.0.1:{day.whole.plan.prometheus_port}")
    processes = sum(len(ports) for ports in day.whole.plan.ports.values())
    await shipped.until(f"sum(up) == {processes}")
    await shipped.until("province:yousu_resolution_rate:denominator or count(yousu_relay_leading) == 6")
    loaded = await shipped.rules()
    await shipped.http.aclose()
    assert {rule["name"] for rule in loaded} == {rule.get("alert") or rule["record"] for rule in _shipped()}
    assert len(loaded) == len(_shipped())
    assert [rule["name"] for rule in loaded if rule.get("lastError")] == []


def _shipped() -> list[dict[str, Any]]:
    return rules("recording.yml") + rules("alerts.yml")


async def test_the_reports_own_tables_are_read_back_by_promql_and_by_the_api(day: Watched) -> None:
    windows = list(window())
    await _imported(day, "2021.csv", [*violations(), *windows[:303], *_leads_of_2021()])
    await day.reads(_rate("resolution_rate", WINDOW, "denominator"), 303)
    await day.reads(_rate("resolution_rate", WINDOW, "numerator"), 303)
    await day.reads(_rate("arrears_resolution_rate", LEADS, "numerator"), 830_000_000)
    await day.reads(_rate("arrears_resolution_rate", LEADS, "denominator"), 1_434_000_000)
    await day.reads(f"round(100 * {_rate('arrears_resolution_rate', LEADS, 'ratio')}, 0.01)", 57.88)
    so_far = f"@ {datetime.now(UTC).timestamp():.3f}"
    await _imported(day, "2022.csv", [*windows[303:], *_leads_of_2022()])
    await _violations(day)
    await _window(day)
    await _second_year_of_leads(day, so_far)
    assert await _by_the_api(day) == {
        "violations": [(59, 71), (38, 40)],
        "window to August": [(303, 303)],
        "window": [(347, 347), (347, 347), (347, 347)],
        "leads of 2021": [(830_000_000, 1_434_000_000)],
        "leads of 2022": [(1_093_000_000, 1_402_000_000)],
    }


async def _imported(day: Watched, name: str, rows: Sequence[Row]) -> None:
    """By the command, as an office brings its records in."""
    await day.whole.yousu("import", str(sheet(day.faults.folder / name, rows)))


def _leads_of_2021() -> Iterator[Row]:
    """亿元: 14.34 claimed and verified, 2.51 repaid, 5.79 under agreement."""
    return leads("线索", days(date(2021, 1, 4), date(2021, 12, 31), 483), "14.34", "14.34", 483, "2.51", "5.79")


def _leads_of_2022() -> Iterator[Row]:
    """亿元: 27.44 claimed, 14.02 of 743 verified, 3.07 repaid, 7.86 under agreement."""
    return leads("台账", days(date(2022, 1, 4), date(2022, 9, 8), 921), "27.44", "14.02", 743, "3.07", "7.86")


def _rate(indicator: str, agency: str, part: str) -> str:
    return f'agency:yousu_{indicator}:{part}{{agency="{agency}"}}'


async def _violations(day: Watched) -> None:
    """71 accepted, 59 closed, 95 % satisfied; of arrears 45, 5.65 亿 claimed, 33 closed, 4.44 亿 repaid."""
    await day.reads(_rate("resolution_rate", VIOLATIONS, "denominator"), 71)
    await day.reads(_rate("resolution_rate", VIOLATIONS, "numerator"), 59)
    await day.reads(_rate("satisfaction_rate", VIOLATIONS, "ratio"), 0.95)
    owed = {"cases": 45, "claimed_yuan": 565_000_000, "resolved": 33, "repaid_yuan": 444_000_000}
    for family, expected in owed.items():
        await day.reads(f'max(yousu_agency_arrears_{family}{{agency="{VIOLATIONS}"}})', expected)


async def _window(day: Watched) -> None:
    """347 of 347, each routed and answered in time."""
    await day.reads(_rate("resolution_rate", WINDOW, "numerator"), 347)
    await day.reads(_rate("resolution_rate", WINDOW, "denominator"), 347)
    for indicator in ("timely_routing_rate", "on_time_reply_rate", "contact_rate"):
        await day.reads(_rate(indicator, WINDOW, "ratio"), 1)


async def _second_year_of_leads(day: Watched, so_far: str) -> None:
    """What came after the first year's file: 27.44 亿 claimed, 14.02 verified, 3.07 repaid, 7.86 under agreement."""

    def came(part: str) -> str:
        series = _rate("arrears_resolution_rate", LEADS, part)
        return f"({series} - {series} {so_far})"

    await day.reads(came("numerator"), 1_093_000_000)
    await day.reads(came("denominator"), 1_402_000_000)
    # The report says 77.93 %; its own figures, rounded as it prints them, give this.
    await day.reads(f"round(100 * {came('numerator')} / {came('denominator')}, 0.01)", 77.96)
    claimed = f'max(yousu_agency_arrears_claimed_yuan{{agency="{LEADS}"}})'
    await day.reads(claimed, 1_434_000_000 + 2_744_000_000)


async def _by_the_api(day: Watched) -> dict[str, list[tuple[float, float]]]:
    """(numerator, denominator) of what the report tells of each table, over its own days."""
    timely = ("resolution_rate", "timely_routing_rate", "on_time_reply_rate")
    first, second = {"from": "2021-01-01", "to": "2021-12-31"}, {"from": "2022-01-01", "to": "2022-09-19"}
    asked: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
        "violations": ({"agency": VIOLATIONS}, ("resolution_rate", "satisfaction_rate")),
        "window to August": ({"agency": WINDOW, "to": "2022-08-31"}, ("resolution_rate",)),
        "window": ({"agency": WINDOW, "to": "2022-09-30"}, timely),
        "leads of 2021": ({"agency": LEADS, **first}, ("arrears_resolution_rate",)),
        "leads of 2022": ({"agency": LEADS, **second}, ("arrears_resolution_rate",)),
    }
    told = {}
    for table, (query, names) in asked.items():
        found = {one["name"]: one for one in (await day.indicators(**query))["indicators"]}
        told[table] = [(found[name]["numerator"], found[name]["denominator"]) for name in names]
    return told


async def test_the_desk_left_alone_is_told(day: Watched) -> None:
    await day.alarm.sees("YousuUnroutedOld", day.faults.left_at_the_desk())


async def test_what_supervisors_are_told(day: Watched) -> None:
    alarm, faults = day.alarm, day.faults
    await faults.kept_so_far()
    missed = _rate("on_time_reply_rate", LATE, "missed")
    await alarm.until(f"{missed} offset {2 * DAY_SECONDS}s")
    await asyncio.gather(
        alarm.sees("YousuCalendarProvisional", faults.not_published()),
        alarm.sees("YousuReturnsRising", faults.given_back(), reader="none"),
        alarm.sees("YousuCorrectionsRising", faults.decided_otherwise()),
        alarm.sees("YousuUnacceptedOld", faults.not_accepted(), agency=IDLE),
        alarm.sees("YousuRoutingBelow100", faults.routed_late()),
        alarm.sees_all(("YousuRedCardsGrowing", "YousuReplyBelow100"), faults.not_answered(), agency=LATE),
    )


async def test_prometheus_says_what_the_indicators_say_after_the_demonstration_day(day: Watched) -> None:
    assert await run_demo(day.whole.origin, day.whole.settings, Console(file=StringIO())) == 0
    for level, group in (("province", None), ("city", "region"), ("agency", "agency"), ("matter", "matter")):
        await _until_told(day, level, group)


async def _until_told(day: Watched, level: str, group: str | None) -> None:
    """Until every indicator's two numbers are the same in both, for each code of the group."""
    for _ in range(PATIENCE_SECONDS):
        asked, found = await _asked(day, group), await _recorded(day, level, group)
        if asked == found:
            return
        await asyncio.sleep(1)
    differ = {key: (asked.get(key), found.get(key)) for key in asked.keys() | found.keys()}
    pytest.fail(f"{level}: {[(key, *told) for key, told in differ.items() if told[0] != told[1]]}")


async def _asked(day: Watched, group: str | None) -> dict[tuple[str, str, str], float]:
    """By code, indicator and part; where nothing is due there is nothing to tell."""
    answer = await day.indicators(**({"group": group} if group else {}))
    groups = answer["groups"] if group else [{"key": "", "indicators": answer["indicators"]}]
    return {
        (one["key"] or "", told["name"], part): float(told[part])
        for one in groups
        for told in one["indicators"]
        if told["denominator"]
        for part in ("numerator", "denominator", "value")
    }


async def _recorded(day: Watched, level: str, group: str | None) -> dict[tuple[str, str, str], float]:
    found: dict[tuple[str, str, str], float] = {}
    names = {"numerator": "numerator", "denominator": "denominator", "ratio": "value"}
    for one in await day.alarm.ask(f'{{__name__=~"{level}:yousu_.*:(numerator|denominator|ratio)"}}'):
        _, name, part = one["metric"]["__name__"].split(":")
        key = one["metric"].get(group, "") if group else ""
        found[key, name.removeprefix("yousu_"), names[part]] = float(one["value"][1])
    empty = {key[:2] for key, value in found.items() if key[2] == "denominator" and value == 0}
    return {key: value for key, value in found.items() if key[:2] not in empty}


async def test_what_those_on_duty_are_told_of_facts_and_deadlines(day: Watched) -> None:
    alarm, faults = day.alarm, day.faults
    await alarm.sees("YousuOutboxOld", faults.broker_standing_still(), service="intake")
    await alarm.sees("YousuRelayLeaderless", faults.lock_taken(), service="router")
    await alarm.sees("YousuConsumerBehind", faults.reads_no_facts(), service="tracker")
    await alarm.sees("YousuFactsParked", faults.table_missing(), service="router")
    await asyncio.gather(
        alarm.sees("YousuFactsParked", faults.unreadable(), service="intake"),
        alarm.sees("YousuTimersParked", faults.timer_given_up(), service="router"),
        alarm.sees("YousuTimersLate", faults.fires_no_deadlines(), service="tracker"),
    )


async def test_what_those_on_duty_are_told_of_what_is_beside_them(day: Watched) -> None:
    alarm, faults = day.alarm, day.faults
    await asyncio.gather(
        alarm.sees("YousuNumbersUnfolded", faults.folds_no_numbers()),
        alarm.sees("YousuRulesRefused", faults.contradicting_rules()),
        alarm.sees("YousuWebhooksFailing", faults.nobody_at_the_address()),
        alarm.sees("YousuWebhookDisabled", faults.address_given_up()),
    )


async def test_a_process_that_keeps_dying_is_told_and_so_is_a_service_without_any(day: Watched) -> None:
    alarm, faults = day.alarm, day.faults
    one = day.whole.plan.ports["intake"][1]
    await alarm.sees("YousuScrapeDown", faults.dying("intake-2"), job="intake", instance=f"127.0.0.1:{one}")
    await alarm.sees("YousuServiceGone", faults.dying("router-1", "router-2"), service="router")


async def test_every_alert_was_seen_and_went_again(day: Watched) -> None:
    assert day.alarm.seen == {rule["alert"] for rule in rules("alerts.yml")}
