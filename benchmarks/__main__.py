"""Runs the benchmarks named, or all; prints medians and ratios and appends them to benchmarks/results.md."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import exports, hops, intake, reading, replay, scrape, tracker
from benchmarks.surroundings import Stores

RESULTS = Path(__file__).parent / "results.md"
ALL: dict[str, Callable[[Stores], Awaitable[list[str]]]] = {
    "intake": intake.run,
    "hops": hops.run,
    "replay": replay.run,
    "reading": reading.run,
    "tracker": tracker.run,
    "scrape": scrape.run,
    "exports": exports.run,
}


def machine() -> str:
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return f"{os.cpu_count()} cores ({model.partition(': ')[2]}), Python {platform.python_version()}"


async def main(names: list[str]) -> None:
    lines = [f"\n## {datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine()}\n"]
    with tempfile.TemporaryDirectory() as folder, Stores(Path(folder)) as stores:
        for name in names or list(ALL):
            lines += [f"\n`python -m benchmarks {name}`\n", *await ALL[name](stores)]
    text = "\n".join(lines) + "\n"
    print(text)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(text)


asyncio.run(main(sys.argv[1:]))
