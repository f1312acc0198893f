"""Exports of ten thousand cases and of a million: how fast, and how much memory the process takes at its peak."""

import asyncio
import os
import sys
import time
from pathlib import Path

from benchmarks.surroundings import Stores
from benchmarks.tracker import COPIES, SMALL, filled

KINDS = ("csv", "xlsx")
COMMAND = (sys.executable, "-m", "services.yousu", "export", "cases")


async def run(stores: Stores) -> list[str]:
    table = ["| cases | format | seconds | cases/s | file | peak memory |", "|---|---|---|---|---|---|"]
    both = zip((SMALL, SMALL * COPIES), await filled(stores, SMALL, COPIES), strict=True)
    for cases, url in both:
        for kind in KINDS:
            table.append(await asyncio.to_thread(_measured, url, cases, kind, stores.folder))
    return [*table, "", "Each is `yousu export cases`, a process of its own; memory is its resident set."]


def _measured(url: str, cases: int, kind: str, folder: Path) -> str:
    """One export as a row of the table."""
    file = folder / f"cases.{kind}"
    environment = {**os.environ, "YOUSU_TRACKER_DATABASE_URL": url, "YOUSU_DATA_DIR": str(folder / "export")}
    start = time.perf_counter()
    process = os.posix_spawn(COMMAND[0], [*COMMAND, "--out", str(file)], environment)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    assert status == 0, f"the export failed: {status}"
    size = file.stat().st_size
    file.unlink()
    figures = f"{seconds:,.1f} | {cases / seconds:,.0f} | {size / 1e6:,.1f} MB | {usage.ru_maxrss / 1024:,.0f} MB"
    return f"| {cases:,} | {kind} | {figures} |"
