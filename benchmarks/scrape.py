"""A scrape of intake and router after ten thousand complaints and after a million; the tracker's is in tracker.py.

The rows are made by the database: complaints long decided on, a tenth of the decisions returned and a fifth made by
dispatchers; at both sizes as many wait at the desk.
"""

import os
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx

from benchmarks.surroundings import Stores
from services.intake.app import build as intake
from services.router.app import build as router
from shared import migrate
from shared.composition import Surroundings, surroundings
from shared.runtime import Service
from shared.settings import Settings
from shared.web.application import application

SIZES = (10_000, 1_000_000)
SCRAPES, WAITING = 60, 200
BUILDS: dict[str, Callable[[Surroundings], Service[Any]]] = {"intake": intake, "router": router}
_EACH = "FROM generate_series(1, $1) n"
_NUMBER, _AT = "lpad(n::text, 16, '0')", "now() - n * interval '20 s'"
#: What a service's tables hold when so many complaints went through it.
KERNEL = (
    "INSERT INTO timer (id, kind, number, payload, due_at, try_at, attempts, fired_at)"
    f" SELECT n, 'k', {_NUMBER}, '{{}}', {_AT}, {_AT}, 1, {_AT} {_EACH}",
    f"INSERT INTO outbox (event_id, number, body, created_at, sent_at) SELECT n, {_NUMBER}, 'x', {_AT}, {_AT} {_EACH}",
)
ROWS = {
    "intake": (
        "INSERT INTO complaint (number, code_digest, filed_at, region, identity, content, respondents, status,"
        " assignment, co_agencies, deadlines, held, asks)"
        f" SELECT {_NUMBER}, '', {_AT}, '410102', 'x', 'x', '[]', 'closed', 1, '[]', '[]', false, '[]' {_EACH}",
    ),
    "router": (
        "INSERT INTO routing (number, question, filed_at, state, assignment, held_at, candidates, reasons)"
        f" SELECT {_NUMBER}, '{{}}', {_AT}, CASE WHEN n > {WAITING} THEN 'assigned' ELSE 'held' END, 1, {_AT}, '[]',"
        f" '[]' {_EACH}",
        "INSERT INTO decision (number, assignment, at, lead_agency, co_agencies, participants, clause, reasons,"
        " rules_version, decided_by, reader, proposed, returned_code)"
        f" SELECT {_NUMBER}, 1, {_AT}, 'hn-' || n % 40, '[]', '[]', 'clause ' || n % 80, '[]', '2022-09-19',"
        " CASE WHEN n % 5 = 0 THEN 'dispatcher' ELSE 'rules' END, 'reader ' || n % 3, 'hn-' || n % 37,"
        f" CASE WHEN n % 10 = 0 THEN 'NOT_OUR_DUTY' END {_EACH}",
    ),
}


@asynccontextmanager
async def after(name: str, many: int, stores: Stores) -> AsyncIterator[httpx.AsyncClient]:
    """This service after so many complaints, and its chores done."""
    url = os.environ[f"YOUSU_{name.upper()}_DATABASE_URL"] = stores.new_database()
    service = BUILDS[name](around := surroundings(Settings(data_dir=stores.folder / "scrape"), lambda _loop: None))
    await migrate.upgrade(service.database, service.spec.migrations, service.spec.metadata)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in (*KERNEL, *ROWS[name]):
        await connection.execute(statement, many)
    for chore in service.spec.chores:
        await service.chores.once(chore, service)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    app = application([service], around.bus, around.verifier, around.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://yousu.test") as http:
        try:
            yield http
        finally:
            await service.database.close()


async def scraped(clients: list[httpx.AsyncClient]) -> list[float]:
    """Milliseconds of a scrape, the median; they take turns, so that all meet the same weather."""
    spent: list[list[float]] = [[] for _ in clients]
    for _ in range(SCRAPES):
        for http, mine in zip(clients, spent, strict=True):
            start = time.perf_counter()
            (await http.get("/metrics")).raise_for_status()
            mine.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(mine) for mine in spent]


async def run(stores: Stores) -> list[str]:
    table = ["| /metrics of | 10,000 complaints, ms | 1,000,000, ms | ratio | goal |", "|---|---|---|---|---|"]
    for name in BUILDS:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(after(name, many, stores)) for many in SIZES]
            few, many = await scraped(clients)
        table.append(f"| {name} | {few:.1f} | {many:.1f} | {many / few:.2f} | ≤ 1.2 |")
    return [*table, "", f"Medians of {SCRAPES} scrapes in turn; the same {WAITING} complaints wait at the desk."]
