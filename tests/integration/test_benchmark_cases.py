"""The benchmarks' cases are cases: what is copied adds up, and every copy can be found and handled."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.cases import bring_in, copy
from shared.testing import ManualClock
from tests.integration.numbers_told import differences
from tests.integration.tracker_alone import tracker_alone

COPIES, CASES = 4, 60
#: Cases that are found under the agency that leads them.
FOUND = "SELECT count(*) FROM case_ c JOIN gram g ON g.number = c.number AND g.gram = '@' || c.lead_agency"


@pytest.mark.postgres
async def test_a_recount_of_the_copied_cases_finds_no_difference(
    new_database: Callable[[], str], tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", url)
    async with tracker_alone(tmp_path, clock) as tracker:
        await bring_in(tracker.service, CASES)
        await copy(url, COPIES)
        async with tracker.service.database.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM case_")) == COPIES * CASES
            assert (await session.scalar(text("SELECT count(DISTINCT lead_agency) FROM case_")) or 0) > 20
            assert await session.scalar(text(FOUND)) == COPIES * CASES
        assert await differences(tracker.service) == []
