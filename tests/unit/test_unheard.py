"""What a survey of the stream concludes: which facts of others were handled by a database that is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.tracker.consumer import ANSWERS
from shared.bus import Delivered
from shared.events import CaseAccepted, CaseOpened, ComplaintAssigned, ComplaintLinked, ComplaintRated, Fact
from shared.events import SupplementAsked as Asked
from shared.unheard import Survey

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
#: Facts of the tracker's own, by the letter that stands for them; and of others.
OWN: dict[str, type[Fact]] = {"o": CaseOpened, "a": CaseAccepted}
OTHERS: dict[str, type[Fact]] = {"A": ComplaintAssigned, "L": ComplaintLinked, "R": ComplaintRated, "S": Asked}


def fact(letter: str) -> Any:
    kind = (OWN | OTHERS)[letter]
    return kind.model_construct(number="n", at=NOON)


@pytest.mark.parametrize(
    ("stream", "committed", "over"),
    [
        ("A", 0, ""),
        ("Ao", 0, "A"),
        ("Ao", 2, "A"),
        ("A", 1, ""),
        ("Aa", 2, "A"),
        ("Ra", 0, ""),
        ("Ra", 1, "R"),
        ("SAo", 0, "SA"),
        ("SAa", 0, ""),
        ("AoR", 3, "A"),
        ("AoRa", 2, "A"),
        ("L", 0, "L"),
        ("AL", 0, ""),
        ("AoL", 0, "AL"),
    ],
)
def test_what_was_handled_is_seen_from_commits_and_answers(stream: str, committed: int, over: str) -> None:
    """Capitals are the others' facts; those in `over` were handled, the rest is left."""
    survey = Survey(ANSWERS, {0: committed})
    records = [(letter, fact(letter), Delivered(0, place, "n", b"")) for place, letter in enumerate(stream)]
    for letter, told, delivered in records:
        survey.note(told, delivered, own=letter in OWN)
    found = [letter for letter, told, delivered in records if letter in OTHERS and survey.is_over(told, delivered)]
    assert "".join(found) == over
