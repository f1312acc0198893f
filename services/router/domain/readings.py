"""What the readings of a text amount to: the one agency it surely means, or that it contradicts a choice."""

from services.router.domain.responsibility import lead_of
from services.router.domain.values import Question, Read, Reading
from shared.reference import Mapping, Matter

#: From here on the text is rather none of ours; a person looks, and no machine refuses.
STRAY = 0.5
#: A text contradicts the chosen matter when another agency is at least so likely and the chosen one at most so.
CONTRADICTS, LEFT_TO_CHOICE = 0.97, 0.01


def contradiction(question: Question, matter: Matter, mapping: Mapping, read: Read) -> Reading | None:
    """The reading that plainly contradicts the chosen matter; its score is its lead agency's chance."""
    chances = chances_of(question, mapping, read)
    if chances.get(lead_of(question, matter, mapping), 0.0) > LEFT_TO_CHOICE:
        return None
    best = surest(question, mapping, read)
    return best if best is not None and best.score >= CONTRADICTS else None


def plain(question: Question, mapping: Mapping, read: Read) -> Reading | None:
    """The best matter of the one lead agency that the text surely means; its score is that agency's chance."""
    best = surest(question, mapping, read)
    if best is None or read.out_of_scope > read.doubt or read.out_of_scope >= STRAY:
        return None
    return best if best.score / (1 - read.out_of_scope) >= read.sure else None


def surest(question: Question, mapping: Mapping, read: Read) -> Reading | None:
    """The likeliest lead agency's best matter: several readings may come to the same agency."""
    chances = chances_of(question, mapping, read)
    if not chances:
        return None
    lead = max(chances, key=lambda code: chances[code])
    ref = next(r.ref for r in _known(mapping, read) if lead_of(question, mapping.matters[r.ref], mapping) == lead)
    return Reading(ref, chances[lead])


def chances_of(question: Question, mapping: Mapping, read: Read) -> dict[str, float]:
    """How likely each lead agency is, over all its matters."""
    found: dict[str, float] = {}
    for reading in _known(mapping, read):
        lead = lead_of(question, mapping.matters[reading.ref], mapping)
        found[lead] = found.get(lead, 0.0) + reading.score
    return found


def _known(mapping: Mapping, read: Read) -> list[Reading]:
    """The readings of matters in force, best first."""
    return sorted((r for r in read.candidates if r.ref in mapping.matters), key=lambda r: -r.score)
