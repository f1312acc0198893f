"""A real PostgreSQL, durable, and a real Kafka for one run; servers under test as processes of their own."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from services.yousu.distributed import kafka, postgres
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stores:
    """PostgreSQL and Kafka in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres_port, self.kafka_port = free_port(), free_port()
        self._kept: list[Kept] = []

    @property
    def kafka_servers(self) -> str:
        return f"127.0.0.1:{self.kafka_port}"

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        database = postgres.prepare(self.folder / "postgres", self.postgres_port)
        broker = kafka.prepare(self.folder / "kafka", self.kafka_port)
        for program in (
            Program("postgres", database, lambda: accepts(self.postgres_port)),
            Program("kafka", broker, lambda: accepts(self.kafka_port)),
        ):
            kept = Kept(program, self.folder, self.folder)
            self._kept.append(kept)
            kept.start()
        return self

    def __exit__(self, *_: object) -> None:
        for kept in reversed(self._kept):
            kept.stop()

    def new_database(self) -> str:
        """The URL of a fresh database."""
        return self._created()

    def copied(self, url: str) -> str:
        """The URL of a copy of this database, which nobody may be connected to."""
        return self._created("-T", url.rpartition("/")[2])

    def _created(self, *how: str) -> str:
        name = f"b{secrets.token_hex(4)}"
        server = ["-h", "127.0.0.1", "-p", str(self.postgres_port), "-U", "yousu"]
        subprocess.run([f"{postgres.binaries()}/createdb", *server, *how, name], check=True)
        return postgres.url(self.postgres_port, name)

    @contextmanager
    def server(self, command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
        """A server process, up until the block ends."""
        with (self.folder / "servers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], env={**os.environ, **environment}, stdout=log, stderr=log
            )
        try:
            while not accepts(port):
                if process.poll() is not None:
                    raise RuntimeError((self.folder / "servers.log").read_text()[-2000:])
            yield
        finally:
            process.terminate()
            process.wait(30)
