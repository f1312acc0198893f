"""How well a reader decides on labelled texts: shares with intervals, risk by coverage, confusion, the worst errors."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from services.router.domain import Assigned, NeedsTriage, Question, Read, decide
from services.router.domain.readings import surest
from services.router.domain.responsibility import assign
from services.router.reading.corpus import Labelled
from shared.reference import Mapping

#: 95 % of a normal distribution lies within so many deviations.
_DEVIATIONS = 1.96
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of counts with its 95 % interval (Wilson)."""

    good: int
    all: int

    @property
    def value(self) -> float | None:
        return self.good / self.all if self.all else None

    @property
    def interval(self) -> tuple[float, float]:
        if not self.all:
            return 0.0, 1.0
        p, n, z = self.good / self.all, self.all, _DEVIATIONS
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        low, high = self.interval
        return f"{self.value:.1%} [{low:.1%}–{high:.1%}] {self.good}/{self.all}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One text, what was decided, and what would have been right; `chance` is the best lead's."""

    labelled: Labelled
    guess: str | None
    chance: float
    assigned: bool
    right: frozenset[str]

    @property
    def good(self) -> bool:
        return self.guess in self.right


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is said of a reader."""

    judged: tuple[Judged, ...]

    @property
    def inside(self) -> list[Judged]:
        return [one for one in self.judged if one.labelled.accept]

    @property
    def outside(self) -> list[Judged]:
        return [one for one in self.judged if not one.labelled.accept]

    @property
    def lead_right(self) -> Share:
        """The best guess at the lead agency, assigned or not."""
        return Share(sum(one.good for one in self.inside), len(self.inside))

    @property
    def assigned(self) -> Share:
        """In-scope texts assigned without a person."""
        return Share(sum(one.assigned for one in self.inside), len(self.inside))

    @property
    def assigned_right(self) -> Share:
        """Of these, the right lead agency."""
        taken = [one for one in self.inside if one.assigned]
        return Share(sum(one.good for one in taken), len(taken))

    @property
    def stray(self) -> Share:
        """Out-of-scope texts that were assigned."""
        return Share(sum(one.assigned for one in self.outside), len(self.outside))

    def risk_by_coverage(self) -> list[tuple[float, float, float]]:
        """(share of in-scope texts taken, surest first; the chance there; share of them wrong)."""
        ordered = sorted(self.inside, key=lambda one: -one.chance)
        found = []
        for coverage in COVERAGES:
            taken = ordered[: max(1, round(coverage * len(ordered)))] if ordered else []
            if taken:
                wrong = sum(not one.good for one in taken) / len(taken)
                found.append((coverage, taken[-1].chance, wrong))
        return found

    def confusion(self) -> list[tuple[str, str, int]]:
        """(right lead, guessed lead, texts) of the wrong guesses, most frequent first."""
        pairs = Counter((min(one.right), one.guess or "-") for one in self.inside if not one.good)
        return [(right, guess, count) for (right, guess), count in pairs.most_common()]

    def worst(self, count: int = 10) -> list[Judged]:
        """What was wrong and believed most."""
        wrong = [one for one in self.judged if (one.labelled.accept and not one.good) or self._strayed(one)]
        return sorted(wrong, key=lambda one: -one.chance)[:count]

    @staticmethod
    def _strayed(one: Judged) -> bool:
        return not one.labelled.accept and one.assigned


def evaluate(labelled: Sequence[Labelled], read: Callable[[str, str], Read], mapping: Mapping) -> Evaluation:
    """Decide on every text as the router would, without a chosen matter."""
    return Evaluation(tuple(_judge(one, read, mapping) for one in labelled))


def _judge(one: Labelled, read: Callable[[str, str], Read], mapping: Mapping) -> Judged:
    question = Question(one.title, one.text, one.region if one.region in mapping.regions else None)
    said = read(one.title, one.text)
    found = decide(question, mapping, said)
    best = surest(question, mapping, said)
    guess = found if isinstance(found, Assigned) else None
    if guess is None and best is not None:
        tried = assign(question, mapping.matters[best.ref], mapping, "")
        guess = tried if isinstance(tried, Assigned) else None
    right = frozenset(lead for ref in one.accept for lead in _leads(question, ref, mapping))
    lead = guess.lead if guess else None
    return Judged(one, lead, best.score if best else 0.0, isinstance(found, Assigned), right)


def _leads(question: Question, ref: str, mapping: Mapping) -> list[str]:
    """The lead agency of a right matter; where each answers for its field, whichever the text speaks of, or any."""
    matter = mapping.matters[ref]
    found = assign(question, matter, mapping, "")
    if isinstance(found, NeedsTriage):
        return list(matter.participants)
    return [found.lead, *found.co_agencies] if matter.form == "by_field" else [found.lead]
