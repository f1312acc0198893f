"""Earlier records as tests write them: files of cases, brought in through the door as the command does."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from services.tracker.domain.history import FIELDS
from services.yousu.history import bringing
from services.yousu.history.bringing import Outcome
from tests.integration.alone import Alone

Row = dict[str, str]


def row(number: str, filed_at: str, **told: str) -> Row:
    """A record that is right as far as it goes."""
    return {"number": number, "title": "镇政府拖欠道路工程款", "region": "410102", "filed_at": filed_at} | told


def handled(number: str, day: str, agency: str = "hn-gxt", **told: str) -> Row:
    """A record of a case that was assigned and accepted in its day."""
    return row(number, day) | {"assigned_at": day, "lead_agency": agency, "accepted_at": day} | told


def resolved(number: str, day: str, agency: str = "hn-gxt", **told: str) -> Row:
    """A record of a case that was answered and resolved in its day."""
    closed = {"contacted_at": day, "replied_at": day, "met": "是", "resolved_at": day}
    return handled(number, day, agency) | closed | told


def sheet(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """These records as a .csv."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(FIELDS))
        writer.writeheader()
        writer.writerows(rows)
    return path


async def bring_in(path: Path, tracker: Alone, **how: Any) -> Outcome:
    """What the command does, its client speaking to the service in memory."""
    async with tracker.client("admin") as admin:
        outcome = await bringing.bring_in(path, admin, Console(quiet=True), **how)
    await tracker.rig.settle()
    return outcome


def spread(yi: str, cases: int) -> list[str]:
    """So many 亿元 over so many cases, to the 分."""
    fen = int(Decimal(yi) * 100_000_000 * 100)
    return [f"{Decimal(fen // cases + (place < fen % cases)) / 100:.2f}" for place in range(cases)]


def days(first: date, last: date, cases: int) -> list[str]:
    """So many days from the first to the last, both included."""
    span = (last - first).days
    return [str(first + timedelta(days=span * place // max(1, cases - 1))) for place in range(cases)]
