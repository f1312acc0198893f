"""The tracker at ten thousand cases and at a million, side by side: lifecycles, lists, timers, the numbers.

Each figure is the median of rounds that go from one database to the other. The floor of the lifecycles is asyncpg
alone, a transaction a step; that of the lists is an endpoint that reads nothing.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import asyncpg
import httpx

from benchmarks.cases import bring_in, copy
from benchmarks.surroundings import Stores
from services.tracker.app import build
from services.tracker.handlers import Step, Tracker
from shared import migrate
from shared.auth import Principal, Role
from shared.bus import Delivered
from shared.composition import issuer, surroundings
from shared.events import ComplaintAssigned, ComplaintFiled, Fact, encode
from shared.reference.identifiers import new_number
from shared.runtime import Service
from shared.settings import Settings
from shared.testing import ManualClock
from shared.timers import BATCH
from shared.web.application import application

SMALL, COPIES = 10_000, 100
#: Lifecycles of one round, timers of one sweep, reads of one round; rounds.
LIVES, DUE, READS, ROUNDS = 1_000, 10_000, 40, 3
AT_ONCE, POLL, PAGE = 64, 500, 50
LEAD = "hn-gxt"
#: The design's goals: what a figure at the million may be of that at ten thousand.
GOALS = {
    "lifecycles/s": "≥ 0.9",
    "timers/s": "≥ 0.83",
    "queue, a page of 50": "≤ 1.2",
    "/metrics": "≤ 1.2",
}
SERIES = "/metrics, series"
#: A Tuesday of a year that is published.
MORNING = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
ROLES: tuple[Role, ...] = ("agency", "supervisor", "admin")


@dataclass
class Size:
    """One tracker with its cases; the same clock, its own database."""

    name: str
    tracker: Service[Tracker]
    http: httpx.AsyncClient
    clock: ManualClock
    found: dict[str, list[float]] = field(default_factory=dict)
    _ordinals: "count[int]" = field(default_factory=lambda: count(1))
    _offsets: "count[int]" = field(default_factory=count)

    def note(self, what: str, value: float) -> None:
        self.found.setdefault(what, []).append(value)

    def median(self, what: str) -> float:
        return statistics.median(self.found[what])

    def numbers(self, many: int) -> list[str]:
        """Numbers that no copy has."""
        return [new_number(date(2020, 1, 1), f"{next(self._ordinals):09d}") for _ in range(many)]

    async def hears(self, facts: list[Fact]) -> None:
        """These facts through the consumer, a poll at a time."""
        for start in range(0, len(facts), POLL):
            polled = facts[start : start + POLL]
            await self.tracker.consumer.apply([Delivered(0, next(self._offsets), f.number, encode(f)) for f in polled])

    async def opened(self, many: int) -> list[str]:
        """So many complaints filed and assigned now, as facts tell it."""
        numbers, now = self.numbers(many), self.clock.now()
        facts: list[list[Fact]] = [[filed(number, now), assigned(number, now)] for number in numbers]
        for start in range(0, many, POLL // 2):
            await self.hears([fact for pair in facts[start : start + POLL // 2] for fact in pair])
        return numbers

    async def together(self, numbers: list[str], step: Callable[[str], Awaitable[Any]]) -> None:
        """The step on each of these, so many requests at once."""
        waiting = iter(numbers)

        async def work() -> None:
            for number in waiting:
                await step(number)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def filed(number: str, at: datetime) -> ComplaintFiled:
    said = {"title": "镇政府拖欠道路工程款", "text": "验收后没有付款", "region": "410102", "enterprise": "ab" * 16}
    return ComplaintFiled(number=number, at=at, matter="6.problem.4", **said)


def assigned(number: str, at: datetime) -> ComplaintAssigned:
    named = {"lead_agency": LEAD, "co_agencies": ("hn-czt",), "matter": "6.problem.4", "case_class": "arrears"}
    said = {"title": "镇政府拖欠道路工程款", "region": "410102", "filed_at": at, "reasons": ("企业选择了事项",)}
    rest = {"assignment": 1, "clause": "附件1", "rules_version": "2022-09-19", "decided_by": "rules"}
    return ComplaintAssigned(number=number, at=at, **named, **said, **rest)


async def lives(size: Size) -> None:
    """Whole lifecycles a second: two facts heard, three steps of the agency, each with all that it tells."""
    parts, door, who = size.tracker.parts, size.tracker.door, Principal("agency:hn-gxt", "agency", LEAD)

    async def run(number: str, handler: Callable[..., Awaitable[Any]], *told: Any) -> None:
        await door.run(number, partial(handler, Step(number, who), *told))

    start = time.perf_counter()
    numbers = await size.opened(LIVES)
    await size.together(numbers, lambda number: run(number, parts.accept))
    await size.together(numbers, lambda number: run(number, parts.reply, "已付款", True, None, False))
    await size.together(numbers, lambda number: run(number, parts.resolve))
    size.note("lifecycles/s", LIVES / (time.perf_counter() - start))


async def floor_lives(url: str) -> float:
    """The same five steps with asyncpg alone: a row of the case, a line and a fact, a transaction each."""
    pool = await asyncpg.create_pool(url.replace("+asyncpg", ""), min_size=10, max_size=10)
    await pool.execute("CREATE TABLE c (number text PRIMARY KEY, state text, at timestamptz)")
    await pool.execute("CREATE TABLE l (id bigserial PRIMARY KEY, number text, what text)")
    await pool.execute("CREATE TABLE o (id bigserial PRIMARY KEY, number text, body text)")
    body, waiting = "x" * 600, iter(range(LIVES))

    async def step(number: str, state: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            if state == "filed":
                await connection.execute("INSERT INTO c VALUES ($1, $2, now())", number, state)
            else:
                await connection.execute("UPDATE c SET state = $2, at = now() WHERE number = $1", number, state)
            await connection.execute("INSERT INTO l (number, what) VALUES ($1, $2)", number, state)
            await connection.execute("INSERT INTO o (number, body) VALUES ($1, $2)", number, body)

    async def work() -> None:
        for number in waiting:
            for state in ("filed", "assigned", "accepted", "replied", "resolved"):
                await step(str(number), state)

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - start
    await pool.close()
    return LIVES / seconds


async def sweep(size: Size) -> None:
    """Ten thousand deadlines that come near at the same moment, each told with a yellow card."""
    await size.opened(DUE)
    size.clock.move(timedelta(days=1))
    start, fired = time.perf_counter(), 0
    while found := await size.tracker.timers.fire_due():
        fired += found
        assert found <= BATCH
    size.note("timers/s", fired / (time.perf_counter() - start))
    assert fired >= DUE, fired


#: What is read, by name: the path and who reads it.
READ: dict[str, tuple[str, Role]] = {
    "nothing (/healthz)": ("/healthz", "agency"),
    "queue, a page of 50": ("/api/v1/queue", "agency"),
    "cases, a page of 50": ("/api/v1/cases", "supervisor"),
    "cases by words": ("/api/v1/cases?q=道路工程款拖欠", "supervisor"),
    "… of an agency by words": (f"/api/v1/cases?q=道路工程款拖欠&agency={LEAD}", "supervisor"),
    "late cases of an agency": (f"/api/v1/cases?agency={LEAD}&card=red", "supervisor"),
    "/metrics": ("/metrics", "admin"),
    "/api/v1/indicators": ("/api/v1/indicators", "supervisor"),
    "… of an agency, a year": (f"/api/v1/indicators?agency={LEAD}", "supervisor"),
    "… by month": ("/api/v1/indicators?group=month", "supervisor"),
    "… by agency": ("/api/v1/indicators?group=agency", "supervisor"),
    "… by agency, since January": ("/api/v1/indicators?group=agency&from=2026-01-01", "supervisor"),
    "… by agency, of a city": ("/api/v1/indicators?group=agency&region=410100", "supervisor"),
}


async def reads(both: tuple[Size, Size], tokens: dict[Role, str]) -> None:
    """Milliseconds of each read, the median of a round; they take turns, so that both meet the same weather."""
    for what, (path, role) in READ.items():
        spent: dict[str, list[float]] = {one.name: [] for one in both}
        for _ in range(READS):
            for one in both:
                start = time.perf_counter()
                answer = await one.http.get(path, headers={"Authorization": f"Bearer {tokens[role]}"})
                spent[one.name].append(1e3 * (time.perf_counter() - start))
                assert answer.status_code == 200, answer.text
                if path == "/metrics":
                    one.note(SERIES, sum(not line.startswith("#") for line in answer.text.splitlines()))
        for one in both:
            one.note(what, statistics.median(spent[one.name]))


@asynccontextmanager
async def size(name: str, url: str, stores: Stores) -> AsyncIterator[Size]:
    """A tracker on this database, its request door open, its clock moved by hand."""
    os.environ["YOUSU_TRACKER_DATABASE_URL"] = url
    clock = ManualClock(MORNING)
    around = surroundings(Settings(data_dir=stores.folder / "tracker"), lambda _loop: None, clock=clock)
    tracker = build(around)
    await migrate.upgrade(tracker.database, tracker.spec.migrations, tracker.spec.metadata)
    app = application([tracker], around.bus, around.verifier, around.settings)
    door = asyncio.create_task(tracker.door.serve())
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test") as http:
        try:
            yield Size(name, tracker, http, clock)
        finally:
            door.cancel()
            await asyncio.gather(door, return_exceptions=True)
            await tracker.database.close()


async def filled(stores: Stores, small: int, copies: int) -> tuple[str, str]:
    """Two databases: so many cases, and so many copies of them."""
    url = stores.new_database()
    async with size("small", url, stores) as first:
        await bring_in(first.tracker, small)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    # What the cases brought in wait for comes when nobody measures any more; what they told is sent.
    await connection.execute("UPDATE timer SET try_at = try_at + interval '3 years'")
    await connection.execute("UPDATE outbox SET sent_at = created_at")
    await connection.close()
    large = await asyncio.to_thread(stores.copied, url)
    await copy(url, 1)
    await copy(large, copies)
    return url, large


async def measured(both: tuple[Size, Size], tokens: dict[Role, str]) -> None:
    """The rounds, from one to the other; last the sweep. Every list has more than a page."""
    for one in both:
        await one.opened(PAGE * 4)
        await one.tracker.chores.once("numbers", one.tracker)
    for _ in range(ROUNDS):
        await reads(both, tokens)
        for one in both:
            await lives(one)
    for one in both:
        await sweep(one)


async def run(stores: Stores) -> list[str]:
    settings = Settings(data_dir=stores.folder / "tracker")
    start = time.perf_counter()
    urls = await filled(stores, SMALL, COPIES)
    filling = time.perf_counter() - start
    floor = statistics.median([await floor_lives(stores.new_database()) for _ in range(ROUNDS)])
    tokens = {role: issuer(settings).token(role, agency=LEAD if role == "agency" else None) for role in ROLES}
    async with size("small", urls[0], stores) as small, size("large", urls[1], stores) as large:
        await measured((small, large), tokens)
    return [*_table(small, large, floor), "", _note(filling)]


def _table(small: Size, large: Size, floor: float) -> list[str]:
    table = [f"| | {SMALL:,} cases | {SMALL * COPIES:,} cases | ratio | goal |", "|---|---|---|---|---|"]
    table.append(f"| lifecycles/s, asyncpg alone (no cases) | {floor:,.0f} | | | |")
    for what in ("lifecycles/s", "timers/s", SERIES, *READ):
        few, many = small.median(what), large.median(what)
        shown = f"{what}, ms | {few:.1f} | {many:.1f}" if what in READ else f"{what} | {few:,.0f} | {many:,.0f}"
        table.append(f"| {shown} | {many / few:.2f} | {GOALS.get(what, '')} |")
    return table


def _note(filling: float) -> str:
    return (
        f"Medians of {ROUNDS} rounds of {LIVES:,} lifecycles (two facts heard, three steps of the agency) and {READS} "
        f"reads; one sweep of {DUE:,} timers. PostgreSQL and client on the same cores; cases made in {filling:.0f} s."
    )
