"""The hook in the transaction: whoever applies a fact to a complaint says so first, and the numbers follow."""

from collections import Counter
from dataclasses import dataclass, field

from services.tracker.numbers.contributions import contributions, moved
from services.tracker.numbers.measures import Cell
from services.tracker.numbers.rows import Rows, snapshot
from services.tracker.numbers.tables import Delta
from services.tracker.tables import Arrears, Assignment, Case, Deadline, Order, Rating, Reply
from shared.tx import Tx


@dataclass(slots=True)
class Watched:
    """What the complaints of one transaction added to the numbers before it; at its end the deltas are written."""

    before: dict[str, Counter[Cell]] = field(default_factory=dict)

    async def __call__(self, tx: Tx) -> None:
        change: Counter[Cell] = Counter()
        for number, before in self.before.items():
            change.update(moved(before, await _counted(number, tx)))
        for cell, value in change.items():
            if value:
                place = {"day": cell.day or "", "agency": cell.agency, "region": cell.region, "matter": cell.matter}
                tx.insert(Delta, at=tx.now, measure=cell.measure, **place, value=value)


async def watch(number: str, tx: Tx) -> None:
    """From here on, whatever happens to this complaint in this transaction moves the numbers with it."""
    watched = tx.at_end(Watched)
    if number not in watched.before:
        watched.before[number] = await _counted(number, tx)


async def _counted(number: str, tx: Tx) -> Counter[Cell]:
    case = await tx.lock(Case, number)
    if case is None:
        return Counter()
    await tx.skip_empty((Reply, Rating, Arrears, Order), number)
    rows = Rows(
        assignments=await tx.family(Assignment, number),
        deadlines=await tx.family(Deadline, number),
        replies=await tx.family(Reply, number),
        ratings=await tx.family(Rating, number),
        arrears=await tx.family(Arrears, number),
        orders=await tx.family(Order, number),
    )
    return contributions(snapshot(case, rows))
