"""What a decision is made from and what comes of it, as values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CaseClass = Literal["foreign_invested", "arrears", "general", "simple"]


@dataclass(frozen=True, slots=True)
class Question:
    """What routing looks at; `amount` in yuan, texts masked."""

    title: str
    text: str
    region: str | None = None
    matter: str | None = None
    respondent: str | None = None
    respondent_agency: str | None = None
    amount: Decimal | None = None
    foreign_invested: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One matter a reader found in the text; `score` in 0..1."""

    ref: str
    score: float


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader found: matters best first, how far the text seems none of ours, and from where on it is sure.

    All numbers are chances in 0..1, calibrated; the candidates and `out_of_scope` sum to at most 1. It is sure of a
    lead agency whose share of what is in scope reaches `sure`, while `out_of_scope` is at most `doubt`.
    """

    candidates: tuple[Reading, ...] = ()
    out_of_scope: float = 0.0
    sure: float = 1.0
    doubt: float = 1.0
    reader: str = "none"


UNREAD = Read()


@dataclass(frozen=True, slots=True)
class Assigned:
    """The lead agency and everyone named with it, and why."""

    lead: str
    co_agencies: tuple[str, ...]
    participants: tuple[str, ...]
    case_class: CaseClass
    matter: str | None
    clause: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedsTriage:
    """A person decides; the candidates are the machine's best readings, best first."""

    candidates: tuple[Reading, ...]
    reasons: tuple[str, ...]
    out_of_scope: float = 0.0


Decision = Assigned | NeedsTriage
