"""Filing at 256 connections: intake on PostgreSQL and on SQLite, against its floors; one server process each."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.surroundings import Stores, free_port
from tests.samples import complaint

CONNECTIONS, REQUESTS, ROUNDS = 256, 4000, 3


def measure(port: int, path: str, body: Path) -> tuple[float, float, float]:
    order = [sys.executable, "-m", "benchmarks.load", str(port), path, str(CONNECTIONS), str(REQUESTS), str(body)]
    out = subprocess.run(order, check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]), float(out[1]), float(out[2])


async def run(stores: Stores) -> list[str]:
    return await asyncio.to_thread(_run, stores)


def _run(stores: Stores) -> list[str]:
    body = stores.folder / "body.json"
    body.write_text(json.dumps(complaint()))
    rates: dict[str, list[tuple[float, float, float]]] = {}
    for round_ in range(ROUNDS):
        for name in ("empty endpoint", "FastAPI + asyncpg", "FastAPI + SQLModel", "intake", "intake on SQLite"):
            rates.setdefault(name, []).append(_one(stores, name, body, round_))
    median = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in rates.items()}
    floor, asyncpg = median["empty endpoint"][0], median["FastAPI + asyncpg"][0]
    table = ["| path | requests/s | p50 ms | p99 ms | × empty | × asyncpg |", "|---|---|---|---|---|---|"]
    for name, (rate, p50, p99) in median.items():
        table.append(f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {rate / floor:.2f} | {rate / asyncpg:.2f} |")
    note = f"Medians of {ROUNDS} rounds, {REQUESTS:,} requests on {CONNECTIONS} connections, one server process."
    return [*table, "", note]


def _one(stores: Stores, name: str, body: Path, round_: int) -> tuple[float, float, float]:
    port = free_port()
    kinds = {"empty endpoint": "empty", "FastAPI + asyncpg": "asyncpg", "FastAPI + SQLModel": "sqlmodel"}
    if name in kinds:
        command = ["benchmarks.floors", kinds[name], str(port), stores.new_database()]
        with stores.server(command, {}, port):
            return measure(port, "/", body)
    home = stores.folder / f"{name}-{round_}"
    environment = {"YOUSU_PORT": str(port), "YOUSU_DATA_DIR": str(home), "YOUSU_LOG_LEVEL": "ERROR"}
    if name == "intake":
        environment |= {"YOUSU_KAFKA_SERVERS": stores.kafka_servers, "YOUSU_INTAKE_DATABASE_URL": stores.new_database()}
        for other in ("ROUTER", "TRACKER"):
            environment[f"YOUSU_{other}_DATABASE_URL"] = stores.new_database()
        migrate = [sys.executable, "-m", "services.yousu", "migrate"]
        subprocess.run(migrate, env={**os.environ, **environment}, check=True)
    with stores.server(["services.intake"], environment, port):
        return measure(port, "/api/v1/complaints", body)
