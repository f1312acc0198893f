"""Brings up the distributed system on this machine, keeps it up, and takes it down in order."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from services.yousu.distributed import gateway, kafka, postgres, prometheus
from services.yousu.distributed.processes import Kept, Program
from shared.settings import Settings

SERVICES = ("intake", "router", "tracker")
#: Offsets from YOUSU_PORT of everything behind the gateway, so that several systems fit on one machine.
KAFKA_OFFSET, POSTGRES_OFFSET, PROMETHEUS_OFFSET, SERVICE_OFFSET = 100, 110, 115, 120
MAX_REPLICAS = 20


def accepts(port: int) -> bool:
    """Whether somebody listens on this port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    """Whether the service on this port says it can take work."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Plan:
    """What runs where, from the settings and the number of replicas."""

    def __init__(self, settings: Settings, replicas: int) -> None:
        if not 1 <= replicas <= MAX_REPLICAS:
            raise ValueError(f"YOUSU_REPLICAS: 1 to {MAX_REPLICAS}")
        self.settings = settings
        self.home = settings.data_dir.absolute()
        self.kafka_port = settings.port + KAFKA_OFFSET
        self.postgres_port = settings.port + POSTGRES_OFFSET
        self.prometheus_port = settings.port + PROMETHEUS_OFFSET
        first = settings.port + SERVICE_OFFSET
        self.ports = {
            name: [first + place * MAX_REPLICAS + replica for replica in range(replicas)]
            for place, name in enumerate(SERVICES)
        }

    @property
    def environment(self) -> dict[str, str]:
        """What the services need to find each other's surroundings."""
        urls = {f"YOUSU_{name.upper()}_DATABASE_URL": postgres.url(self.postgres_port, name) for name in SERVICES}
        servers = f"127.0.0.1:{self.kafka_port}"
        return {**urls, "YOUSU_KAFKA_SERVERS": servers, "YOUSU_DATA_DIR": str(self.home), "YOUSU_HOST": "127.0.0.1"}

    def stores(self) -> Iterator[Program]:
        """Kafka and PostgreSQL."""
        yield Program("kafka", kafka.prepare(self.home / "kafka", self.kafka_port), lambda: accepts(self.kafka_port))
        server = postgres.prepare(self.home / "postgres", self.postgres_port)
        yield Program("postgres", server, lambda: accepts(self.postgres_port), stop_signal=signal.SIGINT)

    def services(self) -> Iterator[Program]:
        """Every replica of every service."""
        for name, ports in self.ports.items():
            for replica, port in enumerate(ports, start=1):
                command = [sys.executable, "-m", f"services.{name}"]
                environment = {**self.environment, "YOUSU_PORT": str(port)}
                yield Program(f"{name}-{replica}", command, lambda port=port: is_ready(port), environment)  # type: ignore[misc]

    def gateway(self) -> Program:
        command = gateway.prepare(self.home / "gateway", self.settings.host, self.settings.port, self.ports)
        return Program("gateway", command, lambda: accepts(self.settings.port), stop_signal=signal.SIGQUIT)

    def prometheus(self) -> Iterator[Program]:
        """Prometheus, where it is installed; what is watched does not need it."""
        if prometheus.program() is not None:
            scraped = prometheus.configuration(self.ports)
            command = prometheus.prepare(self.home / "prometheus", self.prometheus_port, scraped)
            yield Program("prometheus", command, lambda: accepts(self.prometheus_port))


def _create_databases(plan: Plan) -> None:
    programs = postgres.binaries()
    connect = ["-h", "127.0.0.1", "-p", str(plan.postgres_port), "-U", "yousu"]
    for name in SERVICES:
        made = subprocess.run([f"{programs}/createdb", *connect, name], capture_output=True, text=True, check=False)
        if made.returncode and "already exists" not in made.stderr:
            raise RuntimeError(made.stderr)


def _migrate(plan: Plan) -> None:
    command = [sys.executable, "-m", "services.yousu", "migrate"]
    subprocess.run(command, env={**os.environ, **plan.environment}, check=True)


def run_distributed(settings: Settings, replicas: int) -> int:
    """Everything up until SIGINT or SIGTERM; an exit code."""
    if lacking := (kafka.missing() or ("nginx" if gateway.missing() else None)):
        sys.stderr.write(f"{lacking} is not installed; the embedded way (yousu serve) needs none of it\n")
        return 2
    plan, asked = Plan(settings, replicas), threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: asked.set())
    run, logs = plan.home / "run", plan.home / "logs"
    for folder in (run, logs):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        for program in plan.stores():
            _keep(program, run, logs, running)
        _create_databases(plan)
        _migrate(plan)
        for program in (*plan.services(), plan.gateway(), *plan.prometheus()):
            if asked.is_set():
                break
            _keep(program, run, logs, running)
        sys.stderr.write(f"有诉即办 (distributed): http://{settings.host}:{settings.port}/\n")
        if prometheus.program() is not None:
            sys.stderr.write(f"Prometheus: http://127.0.0.1:{plan.prometheus_port}/\n")
        asked.wait()
        sys.stderr.write("stopping\n")
    return 0


def _keep(program: Program, run: Path, logs: Path, running: ExitStack) -> None:
    kept = Kept(program, run, logs)
    running.callback(kept.stop)
    kept.start()
    sys.stderr.write(f"{program.name} is up\n")
