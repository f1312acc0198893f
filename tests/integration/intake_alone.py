"""Intake by itself, with what a complainant does there and what the other services would tell it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from services.intake.app import build
from shared.client import Complaint, Filed
from shared.events import CaseAccepted, CaseReplied, CaseResolved, CaseReturned, ComplaintAssigned, Due, Fact
from shared.testing import ManualClock, Rig
from tests.integration.alone import Alone
from tests.samples import complaint

#: A fact to be told: its kind and fields, without number and moment.
Told = tuple[type[Fact], dict[str, Any]]


class IntakeAlone(Alone):
    """`file` and `see` are the complainant's; `hears` plays the others for one complaint."""

    async def file(self, **changes: Any) -> Filed:
        async with self.client() as client:
            return await client.file(complaint(**changes))

    async def see(self, filed: Filed) -> Complaint:
        async with self.client() as client:
            return await client.look_up(filed.number, filed.access_code)

    async def hears(self, filed: Filed, *facts: Told) -> None:
        await self.tell(*(kind(number=filed.number, at=self.clock.now(), **fields) for kind, fields in facts))

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.service.database.reading() as session:
            return [tuple(row) for row in await session.execute(text(query))]


@asynccontextmanager
async def intake_alone(folder: Path, clock: ManualClock) -> AsyncIterator[IntakeAlone]:
    rig = await Rig.build([build], folder, clock)
    try:
        yield IntakeAlone(rig)
    finally:
        await rig.close()


def assigned(clock: ManualClock, assignment: int = 1, lead: str = "hn-gxt") -> Told:
    named = {"lead_agency": lead, "co_agencies": ("hn-czt",), "matter": "6.problem.4", "decided_by": "rules"}
    rest = {"reasons": (), "clause": "", "rules_version": "2022-09-19", "title": "工程款", "region": "410102"}
    return ComplaintAssigned, {"assignment": assignment, "filed_at": clock.now(), **named, **rest}


def of(kind: type[Fact], assignment: int = 1, **fields: Any) -> Told:
    """A fact of the case."""
    return kind, {"assignment": assignment, **fields}


def due(clock: ManualClock, stage: str, days: int) -> Due:
    return Due(stage=stage, due_at=clock.now() + timedelta(days=days))


ACCEPTED = of(CaseAccepted, agency="hn-gxt")
RETURNED = of(CaseReturned, agency="hn-gxt", code="NOT_OUR_DUTY", reason="属住建领域")
REPLIED = of(CaseReplied, agency="hn-gxt", text="款项已列入计划", met=True)
RESOLVED = of(CaseResolved, agency="hn-gxt")
