"""Processes kept alive: started in order, started again when they die, stopped in the reverse order."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 20
READY_SECONDS = 90
#: A process that dies at once, again and again, is started again ever more slowly.
_RESTART_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Program:
    """One process: its name, command, extra environment and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM


class Kept:
    """A program's running process, its log and its pid file."""

    def __init__(self, program: Program, run: Path, logs: Path) -> None:
        self.program = program
        self._pid_file = run / f"{program.name}.pid"
        self._log = logs / f"{program.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Start it and keep it; returns when it is ready, TimeoutError when it never is."""
        self._spawn()
        self._watcher = threading.Thread(target=self._watch, name=self.program.name, daemon=True)
        self._watcher.start()
        deadline = time.monotonic() + READY_SECONDS
        while not self.program.ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.program.name} is not ready; see {self._log}")
            self._stopping.wait(0.1)

    def _spawn(self) -> None:
        environment = {**os.environ, **self.program.environment}
        with self._log.open("ab") as log:
            # Its own session: an interrupt at the terminal reaches the supervisor alone, which stops in order.
            self._process = subprocess.Popen(
                self.program.command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        draft = self._pid_file.with_suffix(".draft")
        draft.write_text(f"{self._process.pid}\n")
        draft.rename(self._pid_file)

    def _watch(self) -> None:
        deaths, born = 0, time.monotonic()
        while not self._stopping.is_set() and self._process is not None:
            self._process.wait()
            if self._stopping.is_set():
                return
            deaths = 0 if time.monotonic() - born > 10 else deaths + 1
            if self._stopping.wait(_RESTART_SECONDS[min(deaths, len(_RESTART_SECONDS) - 1)]):
                return
            born = time.monotonic()
            self._spawn()

    def stop(self) -> None:
        """Ask it to stop, then insist."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(self.program.stop_signal)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watcher is not None:
            self._watcher.join()
        self._pid_file.unlink(missing_ok=True)
