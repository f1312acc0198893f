"""Faults made on purpose in the whole system, each mended at its end."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from services.yousu.distributed.supervisor import SERVICES
from services.yousu.history import bringing
from shared import calendar, reference
from shared.bus import Record
from shared.bus.kafka import KafkaBus
from shared.client import Client, Complaint, Filed
from shared.clock import SHANGHAI
from tests.conftest import free_port
from tests.integration.receiver import Receiver, receiving
from tests.integration.records import Row, handled, resolved, row, sheet
from tests.integration.whole import PATIENCE_SECONDS, Whole
from tests.samples import UNCLEAR, complaint

#: Who leads the complaints of the tests; who is late; who takes nothing up; whom nobody would propose.
LEAD, LATE, IDLE, OTHER = "hn-gxt", "hn-rst", "hn-zrzy", "hn-swt"
#: More than a reader needs to be judged by.
MANY = 60
_STATUTORY = ("01-01", "05-01", "05-02", "10-01", "10-02", "10-03")
_RELAY_LOCK = int.from_bytes(b"outbox", "big") & 0x7FFFFFFF


def ago(days: int) -> str:
    """The day in Henan so many days ago."""
    return str(datetime.now(SHANGHAI).date() - timedelta(days=days))


class Faults:
    """What goes wrong; from here on enterprises are the test's own."""

    def __init__(self, whole: Whole, folder: Path) -> None:
        self.whole, self.folder = whole, folder
        self._seeds, self._files = count(50_000), count(1)

    async def filed(self, how_many: int = 1, **changes: Any) -> list[Filed]:
        async with self.whole.client() as enterprise:
            bodies = [complaint(next(self._seeds), **changes) for _ in range(how_many)]
            return list(await asyncio.gather(*(enterprise.file(body) for body in bodies)))

    async def routed(self, filed: Iterable[Filed], status: str) -> list[Complaint]:
        return list(await asyncio.gather(*(self.whole.until(one, status) for one in filed)))

    async def brought_in(self, rows: Iterable[Row]) -> Mapping[str, str]:
        """Earlier records; the numbers here by those of the office."""
        path = sheet(self.folder / f"records-{next(self._files)}.csv", rows)
        async with self.whole.client("admin") as admin:
            outcome = await bringing.bring_in(path, admin, Console(quiet=True))
        assert outcome.faults == []
        return dict(outcome.numbers)

    @asynccontextmanager
    async def left_at_the_desk(self) -> AsyncIterator[None]:
        """A complaint that no reader is sure of, and no dispatcher there; then one decides."""
        filed = await self.filed(**UNCLEAR)
        await self.routed(filed, "triage")
        yield
        await self._decided(filed)

    async def _decided(self, filed: Iterable[Filed]) -> None:
        async with self.whole.client("dispatcher") as dispatcher:
            for one in filed:
                path = f"/api/v1/triage/{one.number}/decision"
                await dispatcher.request("POST", path, json={"agency": OTHER})

    @asynccontextmanager
    async def not_accepted(self) -> AsyncIterator[None]:
        """Assigned three weeks ago, longer than any holiday, and not taken up; then it is."""
        long_ago = ago(21)
        told = await self.brought_in([row("签收-1", long_ago, assigned_at=long_ago, lead_agency=IDLE)])
        yield
        async with self.whole.client("agency", IDLE) as agency:
            await agency.accept(told["签收-1"])

    async def kept_so_far(self) -> None:
        """An agency that has answered in time until now."""
        await self.brought_in([resolved("答复-1", ago(60), LATE)])

    @asynccontextmanager
    async def not_answered(self) -> AsyncIterator[None]:
        """Taken up a month ago, and no answer yet; then there is one, and the case is closed."""
        told = await self.brought_in([handled("答复-2", ago(30), LATE)])
        yield
        async with self.whole.client("agency", LATE) as agency:
            await agency.reply(told["答复-2"], "已核实，款项已付清。", met=True)
            await agency.resolve(told["答复-2"])

    @asynccontextmanager
    async def routed_late(self) -> AsyncIterator[None]:
        """Two weeks went by before it had an agency."""
        late = ago(30)
        told = {"assigned_at": late, "lead_agency": LATE, "accepted_at": late, "replied_at": late, "met": "是"}
        await self.brought_in([row("转办-1", ago(45), **told, resolved_at=late)])
        yield

    @asynccontextmanager
    async def given_back(self) -> AsyncIterator[None]:
        """Two thirds of what was assigned by rule is given back by the agency."""
        filed = await self.filed(MANY)
        await self.routed(filed, "assigned")
        async with self.whole.client("agency", LEAD) as agency:
            why = {"code": "NOT_OUR_DUTY", "reason": "属自然资源领域"}
            for one in filed[: MANY * 2 // 3]:
                await agency.request("POST", f"/api/v1/cases/{one.number}/return", json=why)
        yield

    @asynccontextmanager
    async def decided_otherwise(self) -> AsyncIterator[None]:
        """Dispatchers decide for another agency than the reader proposed, again and again."""
        filed = await self.filed(MANY, **UNCLEAR)
        await self.routed(filed, "triage")
        await self._decided(filed)
        yield

    async def calendar(self, year: int, status: str) -> None:
        """This year as it stands in the notice, or as it is before there is one."""
        path = self.folder / f"{year}.yaml"
        path.write_text(yaml.safe_dump(_table(year, status), allow_unicode=True), encoding="utf-8")
        await self.whole.yousu("calendar", "import", str(path))

    @asynccontextmanager
    async def not_published(self) -> AsyncIterator[None]:
        """The year in which open deadlines lie is provisional; then the notice comes."""
        year = datetime.now(SHANGHAI).year
        await self.calendar(year, "provisional")
        yield
        await self.calendar(year, "published")

    @asynccontextmanager
    async def broker_standing_still(self) -> AsyncIterator[None]:
        """Kafka answers nobody; filing goes on."""
        with self.whole.standing_still("kafka"):
            await self.filed()
            yield

    @asynccontextmanager
    async def locked(self, service: str, table: str) -> AsyncIterator[None]:
        """Somebody's session holds a table of a service, which can be read and not written."""
        async with self.whole.session(service) as session, session.transaction():
            await session.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield

    @asynccontextmanager
    async def reads_no_facts(self) -> AsyncIterator[None]:
        """The tracker cannot note what it has read."""
        async with self.locked("tracker", "inbox"):
            await self.filed(2 * MANY)
            yield

    @asynccontextmanager
    async def fires_no_deadlines(self) -> AsyncIterator[None]:
        """A deadline comes while nobody may touch the timers."""
        soon = "INSERT INTO timer (id, kind, number, payload, due_at, try_at, attempts) VALUES"
        soon += (
            " ('calendar-change:1:', 'calendar-change', '1', '{}', now() + interval '3 s', now() + interval '3 s', 0)"
        )
        async with self.whole.session("tracker") as session:
            await session.execute(soon)
        async with self.locked("tracker", "timer"):
            yield

    @asynccontextmanager
    async def folds_no_numbers(self) -> AsyncIterator[None]:
        """Cases move, and nobody may add to the totals."""
        async with self.locked("tracker", "number_through"):
            await self.filed()
            yield

    @asynccontextmanager
    async def table_missing(self) -> AsyncIterator[None]:
        """A table of the router is away and a fact cannot be handled; then it is back, and so is the fact."""
        async with self.whole.session("router") as session:
            await session.execute("ALTER TABLE standing RENAME TO standing_away")
            [filed] = await self.filed()
            yield
            await session.execute("ALTER TABLE standing_away RENAME TO standing")
        await self.whole.yousu("parked", "put-back", "--service", "router", "--number", filed.number)
        await self.whole.until(filed, "assigned")

    @asynccontextmanager
    async def unreadable(self) -> AsyncIterator[None]:
        """A fact of a kind that nobody knows; then each service's operator has taken it out."""
        number = "410000000000"
        bus = KafkaBus(f"127.0.0.1:{self.whole.plan.kafka_port}")
        await bus.send([Record(number, b'{"type": "NoSuchFact"}')])
        await bus.close()
        yield
        for service in SERVICES:
            async with self.whole.session(service) as session:
                await session.execute("DELETE FROM parked WHERE number = $1", number)

    @asynccontextmanager
    async def timer_given_up(self) -> AsyncIterator[None]:
        """A deadline of a kind that this release does not know, at its last try; then it is taken out."""
        left = "INSERT INTO timer (id, kind, number, payload, due_at, try_at, attempts)"
        left += " VALUES ('of-the-next-release:1:', 'of-the-next-release', '1', '{}', now(), now(), 7)"
        async with self.whole.session("router") as session:
            await session.execute(left)
            yield
            await session.execute("DELETE FROM timer WHERE kind = 'of-the-next-release'")

    @asynccontextmanager
    async def lock_taken(self) -> AsyncIterator[None]:
        """A stray session takes the lock of the router's relay, whose own session has ended."""
        holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        holders += " AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        async with self.whole.session("router") as stray, self.whole.session("router") as session:
            taking = asyncio.create_task(stray.execute("SELECT pg_advisory_lock($1)", _RELAY_LOCK))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not taking.done():
                    await session.execute(holders, _RELAY_LOCK)
                    await asyncio.sleep(0.2)
            await taking
            yield

    @asynccontextmanager
    async def dying(self, *names: str) -> AsyncIterator[None]:
        """These processes are killed, and killed again as soon as they are started again; then they are left alone."""
        killing = [asyncio.create_task(self._killed(name)) for name in names]
        try:
            yield
        finally:
            for task in killing:
                task.cancel()
            await asyncio.gather(*killing, return_exceptions=True)

    async def _killed(self, name: str) -> None:
        killed = 0
        while True:
            if (pid := self.whole.pid(name)) != killed:
                os.kill(pid, signal.SIGKILL)
                killed = pid
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def contradicting_rules(self) -> AsyncIterator[None]:
        """A version of the mapping that is none; then it is corrected."""
        folder, shipped = self.whole.settings.rules_folder / "2099-01-01", reference.SHIPPED / "2022-09-19"
        folder.mkdir(parents=True)
        (folder / "matters.yaml").write_text("version: 矛盾\n", encoding="utf-8")
        yield
        shutil.copytree(shipped, folder, dirs_exist_ok=True)

    @asynccontextmanager
    async def nobody_at_the_address(self) -> AsyncIterator[None]:
        """An agency's own address where nobody listens; then the agency has it taken out."""
        async with self.whole.client("admin") as admin:
            made = await self._registered(admin, f"http://127.0.0.1:{free_port()}/")
            await self.filed()
            yield
            await admin.request("DELETE", f"/api/v1/webhooks/{made}")

    @asynccontextmanager
    async def address_given_up(self) -> AsyncIterator[None]:
        """An address that says it is gone for good; then it is there again, and enabled."""
        async with receiving(Receiver(status=410)) as receiver, self.whole.client("admin") as admin:
            made = await self._registered(admin, receiver.url)
            await admin.request("POST", f"/api/v1/webhooks/{made}/test")
            yield
            receiver.status = 200
            await admin.request("PATCH", f"/api/v1/webhooks/{made}", json={"enabled": True})

    async def _registered(self, admin: Client, url: str) -> str:
        made = await admin.request("POST", "/api/v1/webhooks", json={"url": url, "agency": LEAD})
        return str(made["id"])


def _table(year: int, status: str) -> dict[str, Any]:
    """The shipped table of the year, or one with the statutory days, under this status."""
    shipped = calendar.SHIPPED / f"{year}.yaml"
    if shipped.exists():
        return {**yaml.safe_load(shipped.read_text(encoding="utf-8")), "status": status}
    days = [{"date": date.fromisoformat(f"{year}-{day}"), "name": "法定节假日", "kind": "rest"} for day in _STATUTORY]
    return {"year": year, "status": status, "source": "全国年节及纪念日放假办法", "days": days}
