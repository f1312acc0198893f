"""The report's own tables of 2022-09-19, brought in as a file and read back from the indicators and from /metrics."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.tracker.app import build
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import differences, fold_all
from tests.integration.records import Row, bring_in, days, handled, resolved, sheet, spread
from tests.integration.report import LEADS, VIOLATIONS, WINDOW, tells_the_reports_figures


def violations() -> Iterator[Row]:
    """营商环境违法案件: 71 accepted, 59 closed, 95 % satisfied; 45 of arrears, 5.65 亿, 33 closed, 4.44 亿 repaid."""
    claimed, repaid = [*spread("5.00", 33), *spread("0.65", 12)], spread("4.44", 33)
    for place, day in enumerate(days(date(2021, 7, 1), date(2022, 9, 8), 71)):
        told: Row = {"class": "arrears" if place < 45 else "general"}
        told |= {"claimed": claimed[place]} if place < 45 else {}
        if place < 33:
            told |= {"verified": claimed[place], "repaid": repaid[place], "stood_at": day}
        if place < 20 or 45 <= place < 65:
            poor = place in (0, 45)
            told |= {"rated_at": day, "grade": "不满意" if poor else "满意", "solved": "否" if poor else "是"}
        closed = place < 33 or place >= 45
        yield (resolved if closed else handled)(f"违法-{place:04}", day, VIOLATIONS, **told)


def window() -> Iterator[Row]:
    """The window 有诉即办: 303 to the end of August, 347 to September 8th, each with its result."""
    moments = [*days(date(2022, 6, 1), date(2022, 8, 31), 303), *days(date(2022, 9, 1), date(2022, 9, 8), 44)]
    for place, day in enumerate(moments):
        yield resolved(f"窗口-{place:04}", day, WINDOW, matter="8.problem.1")


def leads(name: str, moments: list[str], claimed: str, verified: str, of: int, *settled: str) -> Iterator[Row]:
    """Leads of arrears, 亿元: of all, so many verified; of these, repaid and under agreement."""
    asked, found = spread(claimed, len(moments)), spread(verified, of)
    repaid, agreed = (spread(yi, of) for yi in settled)
    for place, day in enumerate(moments):
        told: Row = {"claimed": asked[place], "class": "arrears"}
        if place < of:
            told |= {"verified": found[place], "repaid": repaid[place], "under_agreement": agreed[place]}
            told |= {"stood_at": day, "evidence": "台账"}
        yield handled(f"{name}-{place:04}", day, LEADS, **told)


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alone]:
    """A tracker on the day of the report, with all its cases brought in from one file."""
    clock.moment = datetime(2022, 9, 19, 2, 0, tzinfo=UTC)
    rows = [
        *violations(),
        *window(),
        *leads("线索", days(date(2021, 1, 4), date(2021, 12, 31), 483), "14.34", "14.34", 483, "2.51", "5.79"),
        *leads("台账", days(date(2022, 1, 4), date(2022, 9, 8), 921), "27.44", "14.02", 743, "3.07", "7.86"),
    ]
    async with alone(build, tmp_path / "tracker", clock) as running:
        outcome = await bring_in(sheet(tmp_path / "report.csv", rows), running)
        assert (outcome.new, outcome.known, outcome.faults) == (71 + 347 + 483 + 921, 0, [])
        yield running


async def test_the_reports_own_percentages_are_read_back_from_the_imported_cases(tracker: Alone) -> None:
    await fold_all(tracker.service)
    await tells_the_reports_figures(tracker)
    assert await differences(tracker.service) == []
