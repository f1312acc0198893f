"""The tracker by itself: what intake and router would tell it, and what agencies and supervisors ask of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from services.tracker.app import build
from shared.auth import Role
from shared.client import Refused
from shared.clock import in_shanghai
from shared.events import ComplaintAssigned, ComplaintFiled, Fact
from shared.reference.identifiers import new_number
from shared.testing import ManualClock, Rig
from tests.integration.alone import Alone

LEAD, CO, OTHER = "hn-gxt", "hn-czt", "hn-zrzy"
#: What tells fields of a fact, without number and moment.
Fields = dict[str, Any]


class TrackerAlone(Alone):
    """`file` and `assign` play intake and router; `ask` speaks as an agency or a supervisor."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self._ordinals = count(1)

    async def hears(self, kind: type[Fact], number: str, **fields: Any) -> None:
        """Another service tells this now."""
        await self.tell(kind(number=number, at=self.clock.now(), **fields))

    async def file(self, **changes: Any) -> str:
        """A complaint is filed; its number."""
        number = new_number(in_shanghai(self.clock.now()).date(), f"{next(self._ordinals):09d}")
        said: Fields = {
            "title": "镇政府拖欠道路工程款",
            "text": "验收后没有付款",
            "region": "410102",
            "enterprise": "ab" * 16,
        }
        await self.hears(ComplaintFiled, number, **{**said, **changes})
        return number

    async def assign(self, number: str, assignment: int = 1, **changes: Any) -> None:
        """The router names a lead agency."""
        await self.hears(ComplaintAssigned, number, **assigned(self.clock.now(), assignment, **changes))

    async def opened(self, **changes: Any) -> str:
        """A complaint that was filed and assigned just now; its number."""
        number = await self.file()
        await self.assign(number, **changes)
        return number

    async def ask(self, method: str, path: str, role: Role, agency: str | None = None, **more: Any) -> Any:
        """One request; what it set off has reached the bus when it is answered."""
        async with self.client(role, agency) as client:
            answer = await client.request(method, f"/api/v1{path}", **more)
        await self.rig.settle()
        return answer

    async def step(self, number: str, step: str, body: Fields | None = None, agency: str = LEAD, **more: Any) -> Any:
        """An agency's step on its case; the case as it stands then."""
        return await self.ask("POST", f"/cases/{number}/{step}", "agency", agency, json=body or {}, **more)

    async def supervisor(self, method: str, path: str, body: Fields | None = None, **more: Any) -> Any:
        given: Fields = {"json": body} if body is not None else {}
        return await self.ask(method, path, "supervisor", **given, **more)

    async def case(self, number: str) -> Any:
        """The case as a supervisor sees it."""
        return await self.supervisor("GET", f"/cases/{number}")

    async def refusal(self, number: str, step: str, body: Fields | None = None, agency: str = LEAD) -> Refused:
        """The problem that this step is answered with."""
        return await refusal(self.step(number, step, body, agency))

    async def resolved(self, **changes: Any) -> str:
        """A case that was accepted, replied to and resolved just now; its number."""
        number = await self.opened(**changes)
        for step, body in (("acceptance", {}), ("replies", {"text": "已付款", "met": True}), ("resolution", {})):
            await self.step(number, step, body)
        return number

    async def due(self, number: str) -> dict[str, datetime]:
        """Due times by the deadlines' names."""
        rows = (await self.case(number))["deadlines"]
        return {row["name"]: datetime.fromisoformat(row["due_at"]) for row in rows}

    async def pass_days(self, days: float) -> None:
        """Time goes by, a day at a time, and what falls due fires in its day."""
        while days > 0:
            self.clock.move(timedelta(days=min(days, 1)))
            days -= 1
            await self.rig.settle()


async def refusal(asked: Any) -> Refused:
    """The problem that this request is answered with."""
    try:
        await asked
    except Refused as refused:
        return refused
    raise AssertionError("was not refused")


def assigned(at: datetime, assignment: int = 1, **changes: Any) -> Fields:
    """The fields of an assignment."""
    named: Fields = {"lead_agency": LEAD, "co_agencies": (CO,), "matter": "6.problem.4", "decided_by": "rules"}
    said: Fields = {"title": "镇政府拖欠道路工程款", "region": "410102", "filed_at": at, "reasons": ("企业选择了事项",)}
    rest: Fields = {"assignment": assignment, "clause": "附件1", "rules_version": "2022-09-19"}
    return {**named, **said, **rest, **changes}


@asynccontextmanager
async def tracker_alone(folder: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    rig = await Rig.build([build], folder, clock)
    try:
        yield TrackerAlone(rig)
    finally:
        await rig.close()
