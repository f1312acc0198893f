"""A day of complaints as a script, played on services that may be killed; and what is left on record after it."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from services.intake.requests import NewComplaint
from services.tracker.handlers import Step
from shared.auth import Principal
from shared.errors import Problem
from shared.runtime import Service
from shared.testing import Rig, ShakyBus
from tests.samples import complaint

AGENCY = "hn-gxt"


@dataclass
class World:
    """Complaints are told apart by the order they were filed in; their numbers differ from run to run."""

    rig: Rig
    chance: random.Random
    trouble: float = 0.0
    numbers: list[str] = field(default_factory=list)

    @property
    def intake(self) -> Service[Any]:
        return self.rig.services["intake"]

    @property
    def tracker(self) -> Service[Any]:
        return self.rig.services["tracker"]

    async def play(self, script: list[tuple[str, int]]) -> None:
        """Each step whole, then whatever of it has reached the others, with deaths in between when there is trouble."""
        for verb, which in script:
            await self._do(verb, which)
            await self._stumble()
            await self.rig.settle()

    async def _do(self, verb: str, which: int) -> None:
        if verb == "file":
            body = NewComplaint.model_validate(complaint(which, matter=None if which % 5 == 4 else "6.problem.3"))
            answer = await self.intake.door.run("", partial(self.intake.parts.file, body.filing(None)))
            self.numbers.append(answer["number"])
        elif verb == "wait":
            self.rig.clock.move(timedelta(hours=which))
        elif self.numbers:
            number = self.numbers[which % len(self.numbers)]
            await self._step(verb, number)

    async def _step(self, verb: str, number: str) -> None:
        """An agency's or complainant's step; what the state does not allow is refused and changes nothing."""
        step = Step(number, Principal("worker", "agency", AGENCY))
        parts = self.tracker.parts
        handlers = {
            "accept": (self.tracker, partial(parts.accept, step)),
            "reply": (self.tracker, partial(parts.reply, step, "已办理", True, None, False)),
            "resolve": (self.tracker, partial(parts.resolve, step)),
            "withdraw": (self.intake, partial(self.intake.parts.withdraw, number)),
        }
        service, handler = handlers[verb]
        try:
            await service.door.run(number, handler)
        except Problem:
            return

    async def _stumble(self) -> None:
        """Deaths at the worst moments: between send and mark, between effect and offset."""
        if not self.trouble:
            return
        if isinstance(self.rig.bus, ShakyBus):
            self.rig.bus.trouble = self.trouble
        for service in list(self.rig.services.values()):
            if self.chance.random() < self.trouble:
                await self.rig.relay(service, mark=False)
            if self.chance.random() < self.trouble:
                await self.rig.consume(service, commit=False)
            if self.chance.random() < self.trouble:
                await self.rig.forget_reader(service)

    async def record(self) -> dict[str, Any]:
        """What the databases say at the end, by complaint: states, assignments, deadlines, every effect counted."""
        ordinal = {number: f"#{i}" for i, number in enumerate(self.numbers)}
        told: dict[str, Any] = {name: [] for name in ordinal.values()}
        queries = {
            "intake": (
                "SELECT number, status, assignment, lead_agency FROM complaint",
                "SELECT number, what FROM entry",
            ),
            "router": (
                "SELECT number, state, assignment FROM routing",
                "SELECT number, assignment, lead_agency, decided_by FROM decision",
            ),
            "tracker": (
                "SELECT number, state, assignment, lead_agency, version, fence FROM case_",
                "SELECT number, stage, due_at, card, met_at IS NOT NULL AS met FROM deadline",
                "SELECT number, what, from_state FROM entry",
            ),
        }
        for name, statements in queries.items():
            async with self.rig.services[name].database.reading() as session:
                for statement in statements:
                    for row in (await session.execute(text(statement))).all():
                        told[ordinal[row[0]]].append(f"{name} {statement[12:40]} {[str(v) for v in row[1:]]}")
        return {name: sorted(rows) for name, rows in told.items()}


async def leftovers(rig: Rig) -> dict[str, int]:
    """What should be nothing when all has settled."""
    found = {}
    for name, service in rig.services.items():
        async with service.database.reading() as session:
            for what, query in (
                ("unsent", "SELECT count(*) FROM outbox WHERE sent_at IS NULL"),
                ("parked", "SELECT count(*) FROM parked"),
            ):
                count = (await session.execute(text(query))).scalar_one()
                if count:
                    found[f"{name} {what}"] = count
    return found
