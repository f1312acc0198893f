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
    stage: Literal["accept", "reply", "resolve"]
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


class ComplaintHeld(Fact):
    """The router would not decide; a dispatcher will. By router; for intake (shows 人工研判)."""

    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[str, ...]


class ComplaintAssigned(Fact):
    """A lead agency was named. By router; for tracker (opens the case) and intake (shows who handles it).

    `assignment` counts from 1: what speaks of an older one is late. `clause` is the rule that decided.
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


class CaseOpened(Fact):
    """The case stands in the lead agency's queue with its deadlines. By tracker; for intake (shows the deadlines)."""

    assignment: int
    deadlines: tuple[Due, ...]


class CaseAccepted(Fact):
    """The lead agency took the case. By tracker; for intake."""

    assignment: int
    agency: str


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


FACTS: dict[str, type[Fact]] = {
    fact.__name__: fact
    for fact in (
        ComplaintFiled,
        ComplaintWithdrawn,
        ComplaintHeld,
        ComplaintAssigned,
        CaseOpened,
        CaseAccepted,
        CaseReplied,
        CaseResolved,
        DeadlineWarned,
        DeadlineMissed,
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
