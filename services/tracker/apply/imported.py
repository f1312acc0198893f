"""A case of earlier records: where it comes from, and what of its past is still to come."""

from datetime import timedelta

from services.tracker.apply.rows import NAME, PAUSE_END, case_of, note, open_deadlines, schedule
from services.tracker.domain.search import plain
from services.tracker.tables import Case, Imported
from shared.events import CaseImported, DeadlineMissed, Fact
from shared.tx import Tx


def noted(fact: CaseImported, tx: Tx) -> None:
    """The case is remembered by its number in the records it comes from."""
    tx.add(
        Imported(
            key=f"{fact.source}/{fact.origin}",
            number=fact.number,
            source=fact.source,
            origin=fact.origin,
            word=plain(fact.origin),
            digest=fact.digest,
            at=fact.at,
            by=fact.by or "unknown",
        )
    )
    note(fact, "imported", fact.by, tx, origin=fact.origin, source=fact.source or None)


async def set_timers(fact: CaseImported, story: tuple[Fact, ...], tx: Tx) -> None:
    """What is open falls due, what is late will be named, a pause ends; of what is over nothing comes."""
    case: Case = await case_of(fact, tx)
    bulletins = {one.name: one.bulletin_at for one in story if isinstance(one, DeadlineMissed)}
    for row in await open_deadlines(case, tx):
        if row.card != "red":
            schedule(row, tx)
        elif (late := bulletins.get(row.name)) is not None:
            tx.schedule(NAME, row.number, late, name=f"{row.name}.{row.moves}")
    if case.state == "suspended" and case.paused_until is not None:
        tx.schedule(PAUSE_END, case.number, case.paused_until + timedelta(seconds=1), name=str(case.pauses))
