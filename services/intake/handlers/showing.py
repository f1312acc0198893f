"""What intake does with a fact: the complainant sees it."""

from typing import Any

from services.intake import store
from services.intake.domain import follow, is_late, told
from services.intake.tables import Complaint, Entry
from shared.errors import NotFound
from shared.events import Fact
from shared.tx import Tx


async def show(fact: Fact, tx: Tx) -> None:
    """Another service's fact reaches the complainant; of an older assignment it is recorded and changes nothing."""
    write(await existing(fact.number, tx), fact, tx)


async def existing(number: str, tx: Tx) -> Complaint:
    """The complaint, locked; NotFound without one."""
    complaint = await tx.lock(Complaint, number)
    if complaint is None:
        raise NotFound("没有这个受理编号", kind="no-such-complaint")
    return complaint


def write(complaint: Complaint, fact: Fact, tx: Tx, **more: Any) -> None:
    """The fact's line, with what `more` is told here alone, and the view after it."""
    view = store.view_of(complaint)
    if line := told(fact):
        what, detail = line
        late = {"late": True} if is_late(view, fact) else {}
        tx.insert(Entry, number=fact.number, at=fact.at, what=what, detail={**detail, **more, **late})
    store.put_view(complaint, follow(view, fact))
