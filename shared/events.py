"""The life of a complaint, as facts on the wire; read from the top, it is told in order.

A fact is past tense, frozen and complete. `number` is the complaint's 受理编号 and the partition key, `at` the
moment of the commit, `event_id` is made once, where the fact is made, and is the dedup key on the way in.
A version is a type's own integer: an old one is read for ever (`UPCASTS`), golden files under tests guard the bytes.
No fact carries a name, a phone or an unmasked text.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from shared.errors import Unreadable


class Fact(BaseModel):
    """Something that happened to one complaint."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    version: ClassVar[int] = 1

    event_id: UUID = Field(default_factory=uuid4)
    number: str
    at: AwareDatetime


class Candidate(BaseModel):
    """A matter the router considered, `score` in 0..1."""

    model_config = ConfigDict(frozen=True)
    ref: str
    score: float


class Due(BaseModel):
    """One deadline of a case: its stage and the last moment that is still in time."""

    model_config = ConfigDict(frozen=True)
    stage: str
    due_at: AwareDatetime


class Term(BaseModel):
    """A deadline in full, so that the clock can be rebuilt from facts alone.

    `name` tells it apart within the complaint (1.resolve, 1.opinion.hn-czt, 2.supervision.1) and `agency` is whose it
    is. It runs from `start_at` for `limit` of `unit`, moved by `pauses` and `extensions` in working days, no further
    than `cap` calendar days; `calendar` is the version of the years it was computed on, `warn_at` the yellow card.
    """

    model_config = ConfigDict(frozen=True)
    name: str
    stage: str
    agency: str | None = None
    start_at: AwareDatetime
    limit: int
    unit: Literal["working_day", "calendar_day"]
    pauses: int = 0
    extensions: int = 0
    cap: int | None = None
    due_at: AwareDatetime
    warn_at: AwareDatetime | None = None
    calendar: str = ""


class ComplaintFiled(Fact):
    """An enterprise filed a complaint. By intake; for router (decides) and tracker (counts).

    `title` and `text` are masked; `enterprise` is a keyed digest of the 统一社会信用代码, the same for the same
    enterprise; `amount` is yuan.
    """

    title: str
    text: str
    region: str
    matter: str | None = None
    enterprise: str
    respondent: str | None = None
    respondent_agency: str | None = None
    amount: Decimal | None = None
    foreign_invested: bool = False
    confidential: bool = False


class RouteStarted(Fact):
    """The limit for naming a lead agency runs from the filing on. By tracker; for who rebuilds it."""

    clock: tuple[Term, ...]


class ComplaintWithdrawn(Fact):
    """The complainant took the complaint back. By intake; for router (drops it) and tracker (closes the case)."""


class ComplaintSupplemented(Fact):
    """The complainant gave more; `text` is masked. By intake; for router (a held one) and tracker (a suspended one)."""

    text: str


class ComplaintHeld(Fact):
    """The router would not decide; a dispatcher will. By router; for intake (shows 人工研判) and tracker (records it).

    `out_of_scope` in 0..1 is how far the text seems to be none of this system's matters; a person decides that too.
    """

    candidates: tuple[Candidate, ...] = ()
    out_of_scope: float = 0.0
    reasons: tuple[str, ...]


class SupplementAsked(Fact):
    """A dispatcher needs more by `due_at`. By router; for intake (shows 需要补充材料), tracker (its clock stands)."""

    reason: str
    due_at: AwareDatetime


class RoutePaused(Fact):
    """The limit for naming a lead agency stands until the complainant answers. By tracker; for who rebuilds it."""

    reason: str
    until: AwareDatetime


class RouteResumed(Fact):
    """The limit for naming a lead agency runs on, moved by `days`. By tracker; for who rebuilds it."""

    days: int
    clock: tuple[Term, ...]


class ComplaintLinked(Fact):
    """The same enterprise's open complaint on the same matter and respondent, `other`, is known.

    By router; for intake and tracker (both show it). Both complaints go on; nothing is merged.
    """

    other: str


class ComplaintRefused(Fact):
    """A dispatcher refused it, a supervisor approved. By router; for intake (shows why) and tracker (ends the case).

    `code` is one of the refusal codes of the domain; `duplicate_of` names the complaint that is handled instead.
    """

    code: str
    reason: str
    duplicate_of: str | None = None


class ComplaintAssigned(Fact):
    """A lead agency was named. By router; for tracker (opens the case) and intake (shows who handles it).

    `assignment` counts from 1: what speaks of an older one is late. `clause` is the rule that decided. A `designated`
    agency was named after a return and may not return again. `key_supervision` says why the case is to be watched:
    large_amount, long_overdue, repeated.
    """

    assignment: int
    matter: str | None = None
    lead_agency: str
    co_agencies: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    case_class: Literal["foreign_invested", "arrears", "general", "simple"] = "general"
    filed_at: AwareDatetime
    title: str
    region: str
    amount: Decimal | None = None
    reasons: tuple[str, ...]
    clause: str
    rules_version: str
    decided_by: Literal["rules", "dispatcher"]
    designated: bool = False
    key_supervision: tuple[str, ...] = ()
    enterprise: str | None = None


class CaseOpened(Fact):
    """The case stands in the lead agency's queue with its deadlines. By tracker; for intake (shows the deadlines).

    `deadlines` concern the complainant; `clock` holds all, those between the agencies too. `policy` is the clock's
    policy as it stood, frozen onto the case.
    """

    assignment: int
    deadlines: tuple[Due, ...]
    clock: tuple[Term, ...] = ()
    policy: dict[str, Any] | None = None


class CaseAccepted(Fact):
    """The lead agency took the case. By tracker; for intake. `by` is the subject of who did it, here and below."""

    assignment: int
    agency: str
    by: str | None = None


class CaseReturned(Fact):
    """The agency says it is not its duty; it stays responsible until the next assignment. By tracker; for router."""

    assignment: int
    agency: str
    code: str
    reason: str
    by: str | None = None


class CaseClassed(Fact):
    """The case was put into another class, its resolution limit follows. By tracker; for who counts."""

    assignment: int
    case_class: Literal["foreign_invested", "arrears", "general", "simple"]
    policy: dict[str, Any] | None = None
    by: str | None = None


class CaseSuspended(Fact):
    """The clock stands. By tracker; for intake, which asks the complainant when `why` is supplement."""

    assignment: int
    why: Literal["supplement", "expert", "other"]
    reason: str
    until: AwareDatetime
    by: str | None = None


class CaseResumed(Fact):
    """The clock runs on, its deadlines moved by the pause of `days` working days. By tracker; for intake."""

    assignment: int
    reason: str
    deadlines: tuple[Due, ...]
    days: int = 0
    clock: tuple[Term, ...] = ()
    by: str | None = None


class ExtensionAsked(Fact):
    """The lead agency asks for `days` more working days, inside its limit. By tracker; for who supervises."""

    assignment: int
    request: str
    agency: str
    days: int
    reason: str
    by: str | None = None


class ExtensionDecided(Fact):
    """A supervisor decided on a request for more time. By tracker; for the agency that asked."""

    assignment: int
    request: str
    approved: bool
    reason: str | None = None
    by: str | None = None


class DeadlinesMoved(Fact):
    """Deadlines changed as the clock ran: by an extension, a published calendar, another class. By tracker; for intake.

    `days` are the working days of an extension.
    """

    assignment: int
    reason: str
    deadlines: tuple[Due, ...]
    why: Literal["extension", "calendar", "class"] | None = None
    days: int = 0
    clock: tuple[Term, ...] = ()
    by: str | None = None


class OpinionGiven(Fact):
    """A co-agency gave its opinion to the lead; the text stays in the tracker, under the fact's id.

    By tracker; for the agencies of the case.
    """

    assignment: int
    agency: str
    by: str | None = None


class NoteTaken(Fact):
    """The lead agency wrote an internal note; the text stays in the tracker, under the fact's id.

    By tracker; for the agencies of the case.
    """

    assignment: int
    agency: str
    by: str | None = None


class CaseReplied(Fact):
    """The agency answered; `text` is public, `met` says whether the demand is met. By tracker; for intake.

    `contacted_at` is when the agency spoke with the complainant.
    """

    assignment: int
    agency: str
    text: str
    met: bool
    contacted_at: AwareDatetime | None = None
    by: str | None = None


class ArrearsRecorded(Fact):
    """What is known of a sum owed, totals in yuan as they stood at `stood_at`. By tracker; for who counts."""

    assignment: int
    agency: str
    claimed: Decimal | None = None
    verified: Decimal | None = None
    repaid: Decimal | None = None
    under_agreement: Decimal | None = None
    stood_at: AwareDatetime
    evidence: str
    by: str | None = None


class CaseResolved(Fact):
    """Handling ended. By tracker; for intake (status) and router (the complaint is no longer open).

    `missing_opinions` are co-agencies that gave none; the lead signed off without them.
    """

    assignment: int
    agency: str
    missing_opinions: tuple[str, ...] = ()
    by: str | None = None


class CaseClosed(Fact):
    """The case ended without a resolution, taken back or refused, at `closed_at`. By tracker; for who counts."""

    assignment: int
    why: Literal["withdrawn", "refused"]
    closed_at: AwareDatetime | None = None


class ComplaintRated(Fact):
    """评价 of a resolution, `grade` 5 非常满意 … 1 非常不满意. By intake; for tracker (counts, reopens)."""

    grade: int = Field(ge=1, le=5)
    solved: bool
    comment: str | None = None


class CaseRated(Fact):
    """A rating counts for this resolution, the first one that came. By tracker; for who counts."""

    assignment: int
    grade: int = Field(ge=1, le=5)
    solved: bool


class ReviewAsked(Fact):
    """The complainant contests the result; `reason` is masked. By intake; for tracker (a supervisor reviews)."""

    reason: str


class ReviewOpened(Fact):
    """A supervisor is to review the result, with a deadline. By tracker; for who supervises."""

    assignment: int
    reason: str
    due_at: AwareDatetime
    clock: tuple[Term, ...] = ()


class ReviewDecided(Fact):
    """A supervisor reviewed the result and reopened the case, or let it stand. By tracker; for intake."""

    assignment: int
    upheld: bool
    reason: str
    by: str | None = None


class CaseReopened(Fact):
    """The case is handled again, after a 差评 or a review. By tracker; for intake and router (it is open again)."""

    assignment: int
    why: Literal["rating", "review"]
    deadlines: tuple[Due, ...]
    clock: tuple[Term, ...] = ()


class DeadlineWarned(Fact):
    """A deadline is about to be missed, the yellow card. By tracker; for who reminds (催办)."""

    assignment: int
    stage: str
    due_at: AwareDatetime
    name: str | None = None
    agency: str | None = None


class DeadlineMissed(Fact):
    """A deadline passed unmet, the red card. By tracker; for intake and who supervises.

    At `bulletin_at` the agency is named, if it is late still.
    """

    assignment: int
    stage: str
    due_at: AwareDatetime
    name: str | None = None
    agency: str | None = None
    bulletin_at: AwareDatetime | None = None


class AgencyNamed(Fact):
    """A deadline is so late that its agency is named in the bulletin 通报. By tracker; for who supervises."""

    assignment: int
    stage: str
    agency: str
    due_at: AwareDatetime
    name: str


class CaseSupervised(Fact):
    """A supervision order 督办 with a number of its own and a deadline. By tracker; for who supervises.

    `agency` is to reply; `stage` is the missed one where a red card gave the order.
    """

    assignment: int
    order: str
    why: Literal["supervisor", "red_card", "rating", "key_supervision"]
    reason: str
    due_at: AwareDatetime
    agency: str | None = None
    stage: str | None = None
    clock: tuple[Term, ...] = ()
    by: str | None = None


class SupervisionReplied(Fact):
    """The agency answered a supervision order, which closes it. By tracker; for who supervises."""

    order: str
    agency: str
    text: str
    by: str | None = None


class CaseImported(Fact):
    """A case of an office's earlier records, with all that happened to it before. By tracker; for intake and router.

    `facts` are the ordinary ones, each as the wire carries it, at its own time: they have their effect and call for
    nothing, no decision, no message. `origin` is the case's number in the records of `source`, `digest` of what they
    say of it.
    """

    origin: str
    source: str = ""
    digest: str
    facts: tuple[dict[str, Any], ...]
    by: str | None = None

    def story(self) -> tuple[Fact, ...]:
        """What happened, in order; Unreadable when one of them is no fact of ours."""
        return tuple(map(told_in, self.facts))


FACTS: dict[str, type[Fact]] = {
    fact.__name__: fact
    for fact in (
        ComplaintFiled,
        RouteStarted,
        ComplaintWithdrawn,
        ComplaintSupplemented,
        ComplaintHeld,
        SupplementAsked,
        RoutePaused,
        RouteResumed,
        ComplaintLinked,
        ComplaintRefused,
        ComplaintAssigned,
        CaseOpened,
        CaseAccepted,
        CaseReturned,
        CaseClassed,
        CaseSuspended,
        CaseResumed,
        ExtensionAsked,
        ExtensionDecided,
        DeadlinesMoved,
        OpinionGiven,
        NoteTaken,
        CaseReplied,
        ArrearsRecorded,
        CaseResolved,
        CaseClosed,
        ComplaintRated,
        CaseRated,
        ReviewAsked,
        ReviewOpened,
        ReviewDecided,
        CaseReopened,
        DeadlineWarned,
        DeadlineMissed,
        AgencyNamed,
        CaseSupervised,
        SupervisionReplied,
        CaseImported,
    )
}

#: (type, version) -> how its body becomes the next version's; empty while every type is at its first version.
UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def encode(fact: Fact) -> bytes:
    """The fact as the wire carries it: JSON, UTF-8, `type` and `version` first."""
    body = fact.model_dump_json(exclude_none=True)
    head = f'{{"type":"{type(fact).__name__}","version":{fact.version},'
    return (head + body[1:]).encode()


def decode(
    data: bytes,
    facts: Mapping[str, type[Fact]] = FACTS,
    upcasts: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = UPCASTS,
) -> Fact:
    """The fact in these bytes, brought up to today's version; Unreadable when it is none of ours."""
    try:
        body = from_json(data)
    except ValueError as error:
        raise Unreadable(f"not a known fact: {error!r}") from error
    return told_in(body, facts, upcasts)


def told_in(
    body: Any,
    facts: Mapping[str, type[Fact]] = FACTS,
    upcasts: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = UPCASTS,
) -> Fact:
    """The fact in what the wire carries, once it is read; Unreadable when it is none of ours."""
    try:
        name, version = body["type"], body["version"]
        known = facts[name]
        while (name, version) in upcasts:
            body, version = upcasts[name, version](body), version + 1
    except (KeyError, TypeError) as error:
        raise Unreadable(f"not a known fact: {error!r}") from error
    if version != known.version:
        raise Unreadable(f"{name} version {version} is not known here, only {known.version}")
    try:
        return known.model_validate(body)
    except ValidationError as error:
        raise Unreadable(f"{name} does not validate: {error.errors(include_input=False)}") from error
