"""What is said of a reader: shares with intervals, risk by coverage, confusion, the worst errors; and calibration."""

import numpy as np
import pytest

from services.router.domain import Read, Reading
from services.router.reading.corpus import Labelled
from services.router.reading.evaluate import Evaluation, Share, evaluate
from services.router.reading.joint import gathering, join
from services.router.reading.linear import OUT, softmax, targets
from services.router.reading.train import calibrate, thresholds
from shared.reference import current

MAPPING = current()
TEXTS = [
    Labelled("", "欠款", "410102", ("6.problem.3",)),
    Labelled("", "用地", "410102", ("4.problem.2",)),
    Labelled("", "贷款", "410102", ("5.problem.1", "3.problem.1")),
    Labelled("", "邻居", None, ()),
]


def saying(**said: tuple[str, float]) -> dict[str, Read]:
    return {text: Read((Reading(ref, chance),), sure=0.8) for text, (ref, chance) in said.items()}


def evaluated(**said: tuple[str, float]) -> Evaluation:
    reads = saying(**said)
    return evaluate(TEXTS, lambda _title, text: reads[text], MAPPING)


def test_a_reader_that_is_right_and_sure() -> None:
    found = evaluated(
        欠款=("6.problem.4", 0.9), 用地=("6.problem.2", 0.9), 贷款=("3.opinion.1", 0.9), 邻居=("7.problem.1", 0.3)
    )
    assert (found.lead_right.good, found.lead_right.all) == (3, 3)
    assert (found.assigned.good, found.assigned_right.good, found.stray.good) == (3, 3, 0)
    assert found.worst() == []


def test_errors_are_counted_named_and_ordered_by_how_much_they_were_believed() -> None:
    found = evaluated(
        欠款=("4.problem.2", 0.9), 用地=("6.problem.3", 0.5), 贷款=("5.problem.1", 0.9), 邻居=("5.problem.1", 0.99)
    )
    assert (found.lead_right.good, found.assigned.good, found.assigned_right.good) == (1, 2, 1)
    assert (found.stray.good, found.stray.all) == (1, 1)
    assert [one.labelled.text for one in found.worst()] == ["邻居", "欠款", "用地"]
    assert set(found.confusion()) == {("hn-gxt", "hn-zrzy", 1), ("hn-zrzy", "hn-gxt", 1)}
    coverage, chance, risk = found.risk_by_coverage()[-1]
    assert (coverage, chance, round(risk, 3)) == (1.0, 0.5, 0.667)


@pytest.mark.parametrize(
    ("good", "all_", "low", "high"), [(9, 10, 0.596, 0.982), (0, 5, 0.0, 0.434), (5, 5, 0.566, 1.0)]
)
def test_the_interval_is_wilsons(good: int, all_: int, low: float, high: float) -> None:
    assert Share(good, all_).interval == pytest.approx((low, high), abs=0.001)


def test_a_share_of_nothing_is_none() -> None:
    assert str(Share(0, 0)) == "none"
    assert Share(0, 0).value is None


CLASSES = ("6.problem.3", "6.problem.4", "4.problem.2", OUT)
LEADS = {"6.problem.3": "hn-gxt", "6.problem.4": "hn-gxt", "4.problem.2": "hn-zrzy"}


def test_chances_of_matters_come_together_at_their_lead() -> None:
    chances = np.array([[0.4, 0.3, 0.2, 0.1]]) @ gathering(CLASSES, LEADS)
    assert chances.round(2).tolist() == [[0.7, 0.2, 0.1]]


def test_assignment_begins_where_it_is_safe_and_takes_as_much_as_it_may() -> None:
    chances = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.7, 0.3, 0.0], [0.6, 0.4, 0.0], [0.65, 0.0, 0.35]])
    right = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], bool)
    sure, doubt = thresholds(chances, right)
    assert 0.6 <= sure <= 0.7
    assert doubt < 0.35


def test_nothing_is_assigned_by_a_reader_that_is_never_safe() -> None:
    wrong = np.array([[0, 1, 0]] * 3, bool)
    assert thresholds(np.array([[0.99, 0.01, 0.0]] * 3), wrong) == (1.0, 0.0)


def test_calibrated_chances_are_what_comes_true() -> None:
    """A reader that shouts: right seven times of ten, and sure each time; calibrated it says about seven of ten."""
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 3, 600)
    said = np.where(chance.random(600) < 0.7, truth, (truth + 1) % 3)
    logits = np.zeros((600, 4))
    logits[np.arange(600), said] = 12.0
    texts = [Labelled("", str(row), None, (CLASSES[truth[row]],)) for row in range(600)]
    found = calibrate(logits, logits, texts, CLASSES, LEADS)
    believed = softmax(logits * found.first)[np.arange(600), said].mean()
    assert believed == pytest.approx(0.7, abs=0.05)
    together = join(logits, logits, found.joint)[np.arange(600), said].mean()
    assert together == pytest.approx(0.7, abs=0.05)


def test_the_first_right_matter_counts_most() -> None:
    (row,) = targets([Labelled("", "", None, ("6.problem.4", "6.problem.3"))], CLASSES)
    assert row.round(3).tolist() == [0.333, 0.667, 0.0, 0.0]
    assert targets([Labelled("", "", None, ())], CLASSES)[0].tolist() == [0, 0, 0, 1]
