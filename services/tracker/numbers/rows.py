"""From a case's rows to what the numbers see of it; the one place that reads the tables of the case for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.tracker.domain.arrears import Totals
from services.tracker.numbers.definitions import FEN
from services.tracker.numbers.snapshot import Assigned, Contact, Limit, Owed, Rated, Snapshot
from services.tracker.tables import Arrears, Assignment, Case, Deadline, Order, Rating, Reply, Table

#: The tables beside the case itself, in the order of Rows.
COUNTED: tuple[type[Table], ...] = (Assignment, Deadline, Reply, Rating, Arrears, Order)
#: The code under which the router refuses what is handled already.
DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one case."""

    assignments: Sequence[Assignment] = ()
    deadlines: Sequence[Deadline] = ()
    replies: Sequence[Reply] = ()
    ratings: Sequence[Rating] = ()
    arrears: Sequence[Arrears] = ()
    orders: Sequence[Order] = ()


def snapshot(case: Case, rows: Rows) -> Snapshot:
    """The case as the numbers see it."""
    return Snapshot(
        region=case.region,
        state=case.state,
        lead_agency=case.lead_agency,
        matter=case.matter,
        filed_at=case.filed_at,
        accepted_at=case.accepted_at,
        resolved_at=case.resolved_at,
        closed_at=case.closed_at,
        paused_at=case.paused_at,
        duplicate=case.refusal == DUPLICATE,
        assignments=tuple(map(_assigned, rows.assignments)),
        limits=tuple(map(_limit, rows.deadlines)),
        contacts=tuple(Contact(one.assignment, one.contacted_at) for one in rows.replies if one.contacted_at),
        ratings=tuple(Rated(one.assignment, one.round, one.at, one.grade, one.solved) for one in rows.ratings),
        owed=_owed(case, rows.arrears),
        open_orders=tuple(one.agency for one in rows.orders if one.replied_at is None and one.ended_at is None),
    )


def _assigned(row: Assignment) -> Assigned:
    returned = row.returned_at is not None
    return Assigned(row.assignment, row.at, row.lead_agency, row.region, row.matter, returned)


def _limit(row: Deadline) -> Limit:
    return Limit(row.assignment, row.stage, row.due_at, row.agency, row.met_at, row.ended_at, row.card)


def _owed(case: Case, records: Sequence[Arrears]) -> Owed | None:
    """What is known of a sum owed; as long as nobody recorded what is claimed, what the complaint itself claims."""
    if case.case_class != "arrears" and not records:
        return None
    found = Totals(claimed=case.amount)
    for row in sorted(records, key=lambda row: (row.stood_at, row.at, row.id)):
        found = found.merged(Totals(row.claimed, row.verified, row.repaid, row.under_agreement))
    return Owed(_fen(found.claimed), _fen(found.verified), _fen(found.repaid), _fen(found.under_agreement))


def _fen(yuan: Decimal | None) -> int:
    return round((yuan or Decimal(0)) * FEN)
