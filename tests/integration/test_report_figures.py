"""The report's own tables of 2022-09-19, as cases, read back from the indicators and from /metrics."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.tracker.app import build
from shared.clock import SHANGHAI
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import Told, differences, fold_all, tell
from tests.integration.report import LEADS, VIOLATIONS, WINDOW, tells_the_reports_figures

#: 亿元, as the report counts money.
YI = Decimal(100_000_000)


def morning(day: date) -> datetime:
    return datetime.combine(day, time(9), tzinfo=SHANGHAI)


def spread(yi: str, cases: int) -> list[Decimal]:
    """So much 亿元 over so many cases, to the 分."""
    fen = int(Decimal(yi) * YI * 100)
    return [Decimal(fen // cases + (place < fen % cases)) / 100 for place in range(cases)]


def days(first: date, last: date, cases: int) -> list[datetime]:
    """Mornings of so many cases, spread over these days, both included."""
    span = (last - first).days
    return [morning(first + timedelta(days=span * place // max(1, cases - 1))) for place in range(cases)]


def opened(number: str, at: datetime, **more: Any) -> Told:
    return Told(number, **more).filed(at).assigned(at).accepted(at)


def closed(case: Told, at: datetime) -> Told:
    return case.replied(at + timedelta(hours=2), at + timedelta(hours=1)).resolved(at + timedelta(hours=3))


def violations() -> Iterator[Told]:
    """营商环境违法案件: 71 accepted, 59 closed, 95 % satisfied; 45 of arrears, 5.65 亿, 33 closed, 4.44 亿 repaid."""
    claimed, repaid = [*spread("5.00", 33), *spread("0.65", 12)], spread("4.44", 33)
    for place, at in enumerate(days(date(2021, 7, 1), date(2022, 9, 8), 71)):
        owes = place < 45
        named = {"agency": VIOLATIONS, "matter": "2.problem.2", "case_class": "arrears" if owes else "general"}
        case = opened(f"A{place:04}", at, **named, amount=claimed[place] if owes else None)
        if place < 33:
            case.owes(at, verified=claimed[place], repaid=repaid[place])
        if place < 33 or 45 <= place < 71:
            closed(case, at)
        if place < 20 or 45 <= place < 65:
            case.rated(at + timedelta(days=1), 2 if place in (0, 45) else 5 - place % 3, solved=place not in (0, 45))
        yield case


def window() -> Iterator[Told]:
    """The window 有诉即办: 303 to the end of August and 347 to September 8th, each with its result."""
    moments = [*days(date(2022, 6, 1), date(2022, 8, 31), 303), *days(date(2022, 9, 1), date(2022, 9, 8), 44)]
    for place, at in enumerate(moments):
        yield closed(opened(f"W{place:04}", at, agency=WINDOW, matter="8.problem.1"), at)


def leads(prefix: str, moments: list[datetime], claimed: str, verified: str, of: int, *settled: str) -> Iterator[Told]:
    """Leads of arrears: of all, so many verified; of these, repaid and under agreement."""
    asked, found = spread(claimed, len(moments)), spread(verified, of)
    repaid, agreed = (spread(yi, of) for yi in settled)
    for place, at in enumerate(moments):
        case = opened(f"{prefix}{place:04}", at, agency=LEADS, case_class="arrears", amount=asked[place])
        if place < of:
            case.owes(at, verified=found[place], repaid=repaid[place], under_agreement=agreed[place])
        yield case


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alone]:
    """A tracker on the day of the report, with all its cases."""
    clock.moment = datetime(2022, 9, 19, 2, 0, tzinfo=UTC)
    stories = [
        *violations(),
        *window(),
        *leads("L", days(date(2021, 1, 4), date(2021, 12, 31), 483), "14.34", "14.34", 483, "2.51", "5.79"),
        *leads("M", days(date(2022, 1, 4), date(2022, 9, 8), 921), "27.44", "14.02", 743, "3.07", "7.86"),
    ]
    async with alone(build, tmp_path, clock) as running:
        await tell(running.service, [fact for story in stories for fact in story.facts])
        yield running


async def test_the_reports_own_tables_are_read_back(tracker: Alone) -> None:
    for folded in (False, True):
        if folded:
            await fold_all(tracker.service)
        await tells_the_reports_figures(tracker)
    assert await differences(tracker.service) == []
