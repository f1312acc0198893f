"""Facts become rows, here and nowhere else: live, when a fact is told or heard, and in a replay of the stream.

What other services tell is only recorded, each in rows of its own; what follows from it the tracker tells as a fact of
its own, in the order of its commits. So a replay ends the same wherever the others' facts stood between its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.tracker.apply import after, clock, heard, imported, opening, steps, supervision
from services.tracker.numbers.watch import watch
from shared.events import (
    AgencyNamed,
    ArrearsRecorded,
    CaseAccepted,
    CaseClassed,
    CaseClosed,
    CaseImported,
    CaseOpened,
    CaseRated,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSupervised,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlinesMoved,
    DeadlineWarned,
    ExtensionAsked,
    ExtensionDecided,
    Fact,
    NoteTaken,
    OpinionGiven,
    ReviewAsked,
    ReviewDecided,
    ReviewOpened,
    RoutePaused,
    RouteResumed,
    RouteStarted,
    SupervisionReplied,
    SupplementAsked,
)
from shared.tx import Tx


async def bring_in(fact: CaseImported, tx: Tx) -> None:
    """What happened to the case before has its effect, fact by fact; nothing of it falls due any more."""
    imported.noted(fact, tx)
    story, past = fact.story(), tx.of_the_past()
    for one in story:
        await APPLY[type(one)](one, past)
    await imported.set_timers(fact, story, tx)


#: What each fact does to the rows.
APPLY: Mapping[type[Fact], Callable[[Any, Tx], Awaitable[None]]] = {
    ComplaintFiled: heard.filed,
    ComplaintWithdrawn: heard.withdrawn,
    ComplaintSupplemented: heard.supplemented,
    ComplaintHeld: heard.held,
    SupplementAsked: heard.supplement_asked,
    ComplaintLinked: heard.linked,
    ComplaintRefused: heard.refused,
    ComplaintAssigned: heard.assigned,
    ComplaintRated: heard.rated,
    ReviewAsked: heard.review_asked,
    RouteStarted: opening.route_started,
    RoutePaused: opening.route_paused,
    RouteResumed: opening.route_resumed,
    CaseOpened: opening.opened,
    CaseClosed: opening.closed,
    CaseAccepted: steps.accepted,
    CaseReturned: steps.returned,
    CaseReplied: steps.replied,
    CaseResolved: steps.resolved,
    CaseClassed: steps.classed,
    OpinionGiven: steps.opinion_given,
    NoteTaken: steps.note_taken,
    ArrearsRecorded: steps.arrears_recorded,
    CaseSuspended: clock.suspended,
    CaseResumed: clock.resumed,
    ExtensionAsked: clock.extension_asked,
    ExtensionDecided: clock.extension_decided,
    DeadlinesMoved: clock.moved,
    DeadlineWarned: supervision.warned,
    DeadlineMissed: supervision.missed,
    AgencyNamed: supervision.named,
    CaseSupervised: supervision.supervised,
    SupervisionReplied: supervision.replied,
    CaseRated: after.rated,
    ReviewOpened: after.review_opened,
    ReviewDecided: after.review_decided,
    CaseReopened: after.reopened,
    CaseImported: bring_in,
}


async def apply(fact: Fact, tx: Tx) -> None:
    """Let this fact have its effect."""
    await watch(fact.number, tx)
    await APPLY[type(fact)](fact, tx)
