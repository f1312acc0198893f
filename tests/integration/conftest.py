"""The embedded system as a fixture."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.testing import ManualClock
from tests.integration.system import System, embedded


@pytest.fixture
async def system(tmp_path: Path, clock: ManualClock) -> AsyncIterator[System]:
    async with embedded(tmp_path / "data", clock) as running:
        yield running
