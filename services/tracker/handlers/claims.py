"""Claims on the queue: a lease with a fencing token, so that a worker that died or slept cannot write late."""

from datetime import timedelta

from services.tracker.store import queue
from services.tracker.store.cases import Filters
from services.tracker.tables import Case
from shared.errors import Conflict, NotFound
from shared.tx import Tx


async def claim(filters: Filters, worker: str, limit: int, lease_seconds: int, tx: Tx) -> list[Case]:
    """Up to `limit` of the agency's most urgent free cases, each with a new fence."""
    until = tx.now + timedelta(seconds=lease_seconds)
    await tx.flush()
    found = await queue.claimable(tx.session, filters, tx.now, limit)
    for case in found:
        case.holder, case.fence, case.lease_until = worker, case.fence + 1, until
    await tx.flush()
    return list(found)


async def renew(agency: str, number: str, fence: int, lease_seconds: int, tx: Tx) -> Case:
    """The heartbeat: the lease runs on; Conflict when it was lost."""
    case = await _held(agency, number, fence, tx)
    case.lease_until = tx.now + timedelta(seconds=lease_seconds)
    return case


async def release(agency: str, number: str, fence: int, tx: Tx) -> None:
    """The case goes back to the queue."""
    case = await _held(agency, number, fence, tx)
    case.holder, case.lease_until = None, None


async def _held(agency: str, number: str, fence: int, tx: Tx) -> Case:
    case = await tx.lock(Case, number)
    if case is None or case.lead_agency != agency:
        raise NotFound("没有这个办件", kind="no-such-case")
    if case.fence != fence or case.lease_until is None or case.lease_until <= tx.now:
        raise Conflict("领取已失效，该办件已由他人领取或已归还", kind="fence-lost", fence=case.fence)
    return case
