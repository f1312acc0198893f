"""What tests need of the machine: a PostgreSQL, a Kafka, a Chromium; found, or skipped loudly, never in CI."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.yousu.distributed import gateway, kafka, postgres
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from shared.testing import ManualClock

_missing: set[str] = set()


def require(found: bool, what: str) -> None:
    """Skip loudly without `what`; in CI that is a failure."""
    if found:
        return
    _missing.add(what)
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and nothing may be skipped in CI")
    pytest.skip(f"needs {what}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for what in sorted(_missing):
        terminalreporter.write_line(f"SKIPPED for want of {what}: its tests did not run", red=True, bold=True)


def from_npm(package: str, version: str) -> Path:
    """The folder of an npm package, which npm puts once into a cache of this user, outside the tree."""
    require(shutil.which("npm") is not None, f"npm (for {package})")
    name = f"{package.strip('@').replace('/', '-')}-{version}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yousu" / name
    folder = cache / "node_modules" / package
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        order = ["npm", "install", "--prefix", str(cache), "--no-save", f"{package}@{version}"]
        subprocess.run(order, capture_output=True, timeout=120)
    require(folder.exists(), f"{package} (npm could not fetch it)")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_range() -> int:
    """A port with room above it for a whole distributed system, below those that the system hands to connections."""
    return free_port() // 4 + 10_000


@pytest.fixture
def clock() -> ManualClock:
    """A Tuesday morning in Henan."""
    return ManualClock(datetime(2026, 3, 10, 2, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real PostgreSQL server."""
    require(postgres.binaries() is not None, "PostgreSQL")
    port, home = free_port(), tmp_path_factory.mktemp("postgres")
    run = tmp_path_factory.mktemp("postgres-run")
    command = [*postgres.prepare(home, port), "-c", "fsync=off"]
    kept = Kept(Program("postgres", command, lambda: accepts(port)), run, run)
    kept.start()
    asked = [f"{postgres.binaries()}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    wait_until(lambda: subprocess.run(asked, check=False).returncode == 0, 60, "PostgreSQL takes connections")
    yield port
    kept.stop()


def database(port: int) -> str:
    """A fresh database of the server on this port; its URL."""
    name = f"t{secrets.token_hex(6)}"
    server = ["-h", "127.0.0.1", "-p", str(port), "-U", "yousu"]
    subprocess.run([f"{postgres.binaries()}/createdb", *server, name], check=True)
    return postgres.url(port, name)


@pytest.fixture
def new_database(postgres_port: int) -> Callable[[], str]:
    """Makes fresh databases; their URLs."""
    return partial(database, postgres_port)


@pytest.fixture(scope="session")
def kafka_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Kafka broker."""
    require(kafka.missing() is None, "Java and Maven (for Kafka)")
    port, home = free_port(), tmp_path_factory.mktemp("kafka")
    kept = Kept(Program("kafka", kafka.prepare(home, port), lambda: accepts(port)), home, home)
    kept.start()
    yield f"127.0.0.1:{port}"
    kept.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    require(found is not None, "Chromium")
    return str(found)


@pytest.fixture(scope="session")
def distributed_programs() -> None:
    """All that the distributed way needs."""
    require(kafka.missing() is None, "Java and Maven (for Kafka)")
    require(postgres.binaries() is not None, "PostgreSQL")
    require(not gateway.missing(), "nginx")


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)


@pytest.fixture
def report() -> Path:
    """The report of 2022 that the mapping comes from; it lies beside the project, not in it."""
    path = Path(os.environ.get("YOUSU_REPORT") or Path(__file__).parents[2] / "shared" / "seed" / "report.md")
    if not path.exists():
        pytest.skip(f"the report is not at {path}; set YOUSU_REPORT")
    return path
