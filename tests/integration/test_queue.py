"""The queue: most urgent first, narrowed and paged; claims by many workers, some of which die."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.tracker.app import build
from services.tracker.handlers import Step, claims
from services.tracker.store.cases import Filters
from shared.auth import Principal
from shared.batch import Batch, Done, Failed, Work
from shared.bus import Record
from shared.bus.embedded import EmbeddedBus
from shared.db import Database
from shared.errors import Conflict
from shared.events import ComplaintAssigned, ComplaintFiled, encode
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from shared.tx import Tx
from tests.integration.tracker_alone import CO, LEAD, OTHER, TrackerAlone, assigned, refusal, tracker_alone


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


async def numbers(tracker: TrackerAlone, path: str = "/queue", **query: Any) -> list[str]:
    found = await tracker.ask("GET", path, "agency", LEAD, params=query)
    return [case["number"] for case in found["cases"]]


async def test_the_most_urgent_case_comes_first_and_a_suspended_one_by_the_end_of_its_pause(
    tracker: TrackerAlone,
) -> None:
    first = await tracker.opened()
    tracker.clock.move(timedelta(days=1))
    second = await tracker.opened()
    assert await numbers(tracker) == [first, second]
    await tracker.step(first, "acceptance")
    assert await numbers(tracker) == [second, first]
    await tracker.step(second, "acceptance")
    assert await numbers(tracker) == [first, second]
    await tracker.step(first, "suspension", {"reason": "缺少合同"})
    assert await numbers(tracker) == [second, first]


async def test_the_queue_and_the_claims_are_narrowed_by_state_matter_region_and_card(tracker: TrackerAlone) -> None:
    plain = await tracker.opened()
    elsewhere = await tracker.opened(matter="6.problem.3", region="410302")
    await tracker.step(elsewhere, "acceptance")
    assert await numbers(tracker, state="handling") == [elsewhere]
    assert await numbers(tracker, matter="6.problem.4") == [plain]
    assert await numbers(tracker, region="410302") == [elsewhere]
    assert await numbers(tracker, card="red") == []
    await tracker.pass_days(2)
    assert await numbers(tracker, card="red") == [plain]
    claimed = await tracker.ask("POST", "/queue/claims", "agency", LEAD, json={"limit": 5, "region": "410302"})
    assert [case["number"] for case in claimed["cases"]] == [elsewhere]


async def test_a_list_of_cases_is_narrowed_and_paged_without_a_gap(tracker: TrackerAlone) -> None:
    made = []
    for index in range(5):
        made.append(await tracker.opened(case_class="simple" if index % 2 else "general"))
        tracker.clock.move(timedelta(minutes=1))
    seen, query = [], {"limit": 2}
    while True:
        found = await tracker.supervisor("GET", "/cases", params=query)
        seen += [case["number"] for case in found["cases"]]
        if found["next"] is None:
            break
        query["cursor"] = found["next"]
    assert seen == made[::-1]
    assert await numbers(tracker, "/cases", **{"class": "simple"}) == [made[3], made[1]]
    await tracker.assign(made[0], 2, lead_agency=OTHER, co_agencies=())
    assert made[0] not in await numbers(tracker, "/cases")


async def test_late_cases_are_told_from_those_in_time(tracker: TrackerAlone) -> None:
    late = await tracker.opened()
    tracker.clock.move(timedelta(days=2))
    fresh = await tracker.opened()
    done = await tracker.resolved()
    assert await numbers(tracker, "/cases", late=True) == [late]
    assert sorted(await numbers(tracker, "/cases", late=False)) == sorted([fresh, done])


async def test_a_case_is_found_by_words_of_its_title_and_by_its_number(tracker: TrackerAlone) -> None:
    road = await tracker.opened(title="镇政府拖欠道路工程款两年")
    permit = await tracker.opened(title="施工许可（ＢＩＭ）审批超过承诺时限")
    for words, found in (
        ("工程款", [road]),
        ("拖欠 道路", [road]),
        ("许可", [permit]),
        ("bim", [permit]),
        ("欠款", []),
        (road, [road]),
        ("'; DROP TABLE case_; --款项", []),
    ):
        assert await numbers(tracker, "/cases", q=words) == found, words


async def test_a_waiting_pull_is_answered_as_soon_as_there_is_a_case(tracker: TrackerAlone) -> None:
    async with tracker.client("agency", LEAD) as client:
        pull = asyncio.create_task(client.queue(wait_seconds=20))
        await asyncio.sleep(0)
        number = await tracker.opened()
        async with asyncio.timeout(10):
            assert [case.number for case in (await pull).cases] == [number]


async def test_a_resolution_sent_again_under_the_claim_it_ended_changes_nothing(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    (claimed,) = (await tracker.ask("POST", "/queue/claims", "agency", LEAD, json={"limit": 1}))["cases"]
    fence = {"X-Fence": str(claimed["fence"])}
    for step, body in (("acceptance", {}), ("replies", {"text": "已付款", "met": True}), ("resolution", {})):
        first = await tracker.step(number, step, body, headers=fence)
        assert (await tracker.step(number, step, body, headers=fence))["version"] == first["version"]
    late = await refusal(tracker.step(number, "resolution", {}, headers={"X-Fence": str(claimed["fence"] - 1)}))
    assert (late.status, late.type) == (409, "urn:yousu:problem:fence-lost")


async def test_any_version_will_do_for_a_step_that_says_so(tracker: TrackerAlone) -> None:
    number = await tracker.opened()
    assert (await tracker.step(number, "acceptance", headers={"If-Match": "*"}))["state"] == "handling"


async def test_a_lease_is_bounded_and_a_claim_is_for_the_agency_alone(tracker: TrackerAlone) -> None:
    await tracker.opened()
    too_long = {"limit": 1, "lease_seconds": 999_999}
    refused = await refusal(tracker.ask("POST", "/queue/claims", "agency", LEAD, json=too_long))
    assert (refused.status, refused.errors[0]["field"]) == (422, "lease_seconds")
    for agency in (OTHER, CO):
        taken = await tracker.ask("POST", "/queue/claims", "agency", agency, json={"limit": 1})
        assert taken["cases"] == []


CASES, WORKERS = 120, 20


async def rig_with_cases(folder: Path, clock: ManualClock, cases: int, replicas: int = 1, **changes: Any) -> Rig:
    """Trackers on one database in whose lead agency's queue so many cases stand."""
    rig = await Rig.build([build], folder, clock, EmbeddedBus(folder / "facts.db", 2), replicas)
    now, records = clock.now(), []
    for ordinal in range(cases):
        number = f"{ordinal:016d}"
        filed = ComplaintFiled(number=number, at=now, title="款", text="款", region="410102", enterprise="ab")
        named = ComplaintAssigned(number=number, at=now, **assigned(now, **changes))
        records += [Record(number, encode(filed)), Record(number, encode(named))]
    await rig.bus.send(records)
    await rig.settle()
    return rig


class Worker:
    """An agency's worker with a connection of its own; it may die with cases in its hands."""

    def __init__(self, service: Service[Any], name: str, chance: random.Random) -> None:
        self.service, self.name, self.chance = service, name, chance
        self.database = Database(service.database.url.render_as_string(hide_password=False), pool_size=1)
        self.batch = Batch(self.database, service.spec.kernel, service.clock)
        self.held: list[tuple[str, int]] = []
        self.handled: list[str] = []

    async def do(self, run: Callable[[Tx], Any], key: str = "") -> Any:
        (outcome,) = await self.batch.run([Work(key, run)])
        match outcome:
            case Done(value):
                return value
            case Failed(error):
                raise error

    async def work(self) -> None:
        """Claim and handle until nothing is free, or die."""
        mine = Filters(LEAD)
        while found := await self.do(lambda tx: claims.claim(mine, self.name, 3, 60, tx)):
            self.held = [(case.number, case.fence) for case in found]
            for number, fence in list(self.held):
                if self.chance.random() < 0.1:
                    return
                await self.handle(number, fence)
                self.held.remove((number, fence))

    async def handle(self, number: str, fence: int) -> None:
        """Accept, reply, resolve, each under the claim's fence."""
        tracker, step = self.service.parts, Step(number, Principal(self.name, "agency", LEAD), None, fence)
        await self.do(lambda tx: tracker.accept(step, tx), number)
        await self.do(lambda tx: tracker.reply(step, f"{self.name} 答复", True, None, False, tx), number)
        await self.do(lambda tx: tracker.resolve(step, tx), number)
        self.handled.append(number)


@pytest.mark.postgres
async def test_twenty_workers_of_which_some_die_handle_every_case_once(
    tmp_path: Path, clock: ManualClock, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", new_database())
    rig = await rig_with_cases(tmp_path, clock, CASES)
    chance, workers, dead = random.Random(7), [], []
    try:
        service = rig.services["tracker"]
        for generation in range(40):
            shift = [Worker(service, f"w{generation}-{n}", random.Random(chance.random())) for n in range(WORKERS)]
            workers += shift
            await asyncio.gather(*(worker.work() for worker in shift))
            dead += [worker for worker in shift if worker.held]
            if not any(worker.held for worker in shift):
                break
            clock.move(timedelta(seconds=61))
        assert dead
        for worker in dead:
            number, fence = worker.held[0]
            with pytest.raises(Conflict, match="领取已失效"):
                await worker.handle(number, fence)
        handled = [number for worker in workers for number in worker.handled]
        assert sorted(handled) == sorted({f"{ordinal:016d}" for ordinal in range(CASES)})
        async with service.database.reading() as session:
            told = "SELECT count(*), count(DISTINCT number) FROM entry WHERE what = 'resolved'"
            assert (await session.execute(text(told))).one() == (CASES, CASES)
    finally:
        for worker in workers:
            await worker.database.close()
        await rig.close()
