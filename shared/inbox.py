"""The inbox: event ids whose effect is in this database; a parked fact keeps later ones of its complaint behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from shared import reached
from shared.batch import Done, Failed, Outcome, Work
from shared.parking import Behind, Parking
from shared.tables import Kernel
from shared.tx import Unit


@dataclass
class Inbox:
    """Of `works` messages at once; when all of them have their effect, `positions` are reached in the same transaction.

    `noted` tells whether the last transaction said so: one in which a message failed, or nothing was new, does not.
    """

    kernel: Kernel
    parking: Parking
    works: int = 0
    positions: Mapping[int, int] = field(default_factory=dict)
    noted: bool = False
    _new: int = 0

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        inbox, ids = self.kernel.inbox, {work.id for work in works}
        done = set(await unit.session.scalars(select(inbox.c.event_id).where(inbox.c.event_id.in_(ids))))
        held = await self.parking.held(unit, {work.key for work in works})
        settled: dict[int, Outcome] = {}
        for index, work in enumerate(works):
            if work.id in done:
                settled[index] = Done()
            elif work.key in held:
                settled[index] = Failed(Behind())
            elif work.id:
                done.add(work.id)
        self.noted, self._new = False, self.works - sum(isinstance(outcome, Done) for outcome in settled.values())
        return settled

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        rows = [{"event_id": work.id, "done_at": unit.now} for work, _ in done if work.id]
        if rows:
            await unit.session.execute(self.kernel.inbox.insert(), rows)
        if self.positions and len(done) == self._new:
            await reached.keep(unit.session, self.kernel, self.positions)
            self.noted = True
