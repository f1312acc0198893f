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


class ComplaintWithdrawn(Fact):
    """The complainant took the complaint back. By intake; for router (drops it) and tracker (closes the case)."""


class ComplaintSupplemented(Fact):
    """The complainant gave more; `text` is masked. By intake; for router (a held one) and tracker (a suspended one)."""

    text: str


class ComplaintHeld(Fact):
    """The router would not decide; a dispatcher will. By router; for intake (shows 人工研判).

    `out_of_scope` in 0..1 is how far the text seems to be none of this system's matters; a person decides that too.
    """

    candidates: tuple[Candidate, ...] = ()
    out_of_scope: float = 0.0
    reasons: tuple[str, ...]


class SupplementAsked(Fact):
    """A dispatcher needs more from the complainant by `due_at`. By router; for intake (shows 需要补充材料)."""

    reason: str
    due_at: AwareDatetime


class ComplaintLinked(Fact):
    """The same enterprise's open complaint on the same matter and respondent, `other`, is known. By router; for intake.

    Both complaints go on; nothing is merged.
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
    """The case stands in the lead agency's queue with its deadlines. By tracker; for intake (shows the deadlines)."""

    assignment: int
    deadlines: tuple[Due, ...]


class CaseAccepted(Fact):
    """The lead agency took the case. By tracker; for intake."""

    assignment: int
    agency: str


class CaseReturned(Fact):
    """The agency says it is not its duty; it stays responsible until the next assignment. By tracker; for router."""

    assignment: int
    agency: str
    code: str
    reason: str


class CaseSuspended(Fact):
    """The clock stands. By tracker; for intake, which asks the complainant when `why` is supplement."""

    assignment: int
    why: Literal["supplement", "expert", "other"]
    reason: str
    until: AwareDatetime


class CaseResumed(Fact):
    """The clock runs on, its deadlines moved by the pause. By tracker; for intake."""

    assignment: int
    reason: str
    deadlines: tuple[Due, ...]


class DeadlinesMoved(Fact):
    """Deadlines changed as the clock ran: by an extension or a published calendar. By tracker; for intake."""

    assignment: int
    reason: str
    deadlines: tuple[Due, ...]


class CaseReplied(Fact):
    """The agency answered; `text` is public, `met` says whether the demand is met. By tracker; for intake."""

    assignment: int
    agency: str
    text: str
    met: bool


class CaseResolved(Fact):
    """Handling ended. By tracker; for intake (status) and router (the complaint is no longer open)."""

    assignment: int
    agency: str


class ComplaintRated(Fact):
    """评价 of a resolution, `grade` 5 非常满意 … 1 非常不满意. By intake; for tracker (counts, reopens)."""

    grade: int = Field(ge=1, le=5)
    solved: bool
    comment: str | None = None


class ReviewAsked(Fact):
    """The complainant contests the result; `reason` is masked. By intake; for tracker (a supervisor reviews)."""

    reason: str


class ReviewDecided(Fact):
    """A supervisor reviewed the result and reopened the case, or let it stand. By tracker; for intake."""

    assignment: int
    upheld: bool
    reason: str


class CaseReopened(Fact):
    """The case is handled again, after a 差评 or a review. By tracker; for intake and router (it is open again)."""

    assignment: int
    why: Literal["rating", "review"]
    deadlines: tuple[Due, ...]


class DeadlineWarned(Fact):
    """A deadline is about to be missed, the yellow card. By tracker; for who reminds."""

    assignment: int
    stage: str
    due_at: AwareDatetime


class DeadlineMissed(Fact):
    """A deadline passed unmet, the red card. By tracker; for intake and who supervises."""

    assignment: int
    stage: str
    due_at: AwareDatetime


class CaseSupervised(Fact):
    """A supervision order 督办 with a number of its own and a deadline. By tracker; for who supervises."""

    assignment: int
    order: str
    why: Literal["supervisor", "red_card", "rating", "key_supervision"]
    reason: str
    due_at: AwareDatetime


FACTS: dict[str, type[Fact]] = {
    fact.__name__: fact
    for fact in (
        ComplaintFiled,
        ComplaintWithdrawn,
        ComplaintSupplemented,
        ComplaintHeld,
        SupplementAsked,
        ComplaintLinked,
        ComplaintRefused,
        ComplaintAssigned,
        CaseOpened,
        CaseAccepted,
        CaseReturned,
        CaseSuspended,
        CaseResumed,
        DeadlinesMoved,
        CaseReplied,
        CaseResolved,
        ComplaintRated,
        ReviewAsked,
        ReviewDecided,
        CaseReopened,
        DeadlineWarned,
        DeadlineMissed,
        CaseSupervised,
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
        name, version = body["type"], body["version"]
        known = facts[name]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"not a known fact: {error!r}") from error
    while (name, version) in upcasts:
        body, version = upcasts[name, version](body), version + 1
    if version != known.version:
        raise Unreadable(f"{name} version {version} is not known here, only {known.version}")
    try:
        return known.model_validate(body)
    except ValidationError as error:
        raise Unreadable(f"{name} does not validate: {error.errors(include_input=False)}") from error
