"""Artefacts from the corpus by one command, calibrated on texts by other hands that were not trained on."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.router.reading.corpus import Labelled
from services.router.reading.embedding import Embedder, Embedding
from services.router.reading.joint import Calibration, Reader, Second, gathering, join
from services.router.reading.leads import leads
from services.router.reading.linear import OUT, Floats, softmax, targets
from services.router.reading.ngrams import Ngrams
from shared.reference import Mapping

#: Of what is assigned without a person, this share must be right on unseen texts: 97 % is promised, with some to spare.
RIGHT = 0.975
#: At most this share of the out-of-scope texts may be assigned.
STRAY = 0.05
#: The first reader answers alone when one lead agency has this chance.
ALONE = 0.95

Progress = Callable[[str], None]


def train(
    labelled: Sequence[Labelled],
    unseen: Sequence[Labelled],
    mapping: Mapping,
    model: Path | None,
    progress: Progress,
) -> Reader:
    """A reader for the matters of this mapping; `model` is the embedding model's folder, where there is one."""
    classes = (*mapping.matters, OUT)
    progress(f"{len(labelled)} texts to learn from, {len(unseen)} to calibrate on")
    ngrams = Ngrams.train(labelled, classes)
    second = _second(labelled, classes, model, progress) if model is not None else None
    progress("calibration")
    first_logits = ngrams.logits([(one.title, one.text) for one in unseen])
    second_logits = second.embedding.logits(second.embedder.all(unseen)) if second else None
    calibration = calibrate(first_logits, second_logits, unseen, classes, leads(mapping))
    return Reader(ngrams, second, calibration, version_of(labelled), leads(mapping))


def _second(labelled: Sequence[Labelled], classes: tuple[str, ...], model: Path, progress: Progress) -> Second:
    embedder = Embedder.load(model)
    progress("embedding")
    return Second(embedder, Embedding.train(embedder.all(labelled), labelled, classes))


def version_of(labelled: Sequence[Labelled]) -> str:
    """Eight digits of the texts and labels, so that a decision can name what it was read with."""
    said = repr(sorted((one.title, one.text, one.accept) for one in labelled))
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def calibrate(
    first: Floats,
    second: Floats | None,
    unseen: Sequence[Labelled],
    classes: tuple[str, ...],
    lead_of: dict[str, str],
) -> Calibration:
    """Scales by the likelihood of what is right; then the lowest thresholds that keep RIGHT and STRAY."""
    wanted, gather = targets(unseen, classes), gathering(classes, lead_of)
    right = (wanted > 0) @ gather > 0
    (one,) = _likeliest(lambda w: softmax(first * w[0]), wanted, [2.0])
    alone = softmax(first * one) @ gather
    sure_first = thresholds(alone, right)
    if second is None:
        return Calibration(one, (one, 0.0), 1.0, sure_first, sure_first)
    both = _likeliest(lambda w: join(first, second, (w[0], w[1])), wanted, [1.0, 1.0])
    scales = (both[0], both[1])
    sure_joint = thresholds(join(first, second, scales) @ gather, right)
    return Calibration(one, scales, ALONE, sure_first, sure_joint)


def _likeliest(chances: Callable[[NDArray[np.float64]], Floats], wanted: Floats, start: list[float]) -> list[float]:
    """The scales under which what is right is least surprising."""
    from scipy.optimize import minimize

    def surprise(scales: NDArray[np.float64]) -> float:
        return float(-(wanted * np.log(chances(scales) + 1e-12)).sum() / len(wanted))

    found = minimize(surprise, start, method="Nelder-Mead", options={"xatol": 1e-2})
    return [round(float(scale), 4) for scale in found.x]


def thresholds(chances: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Where assignment begins: the least share of one lead agency in scope, the most chance of being out of scope.

    Rows of texts x lead agencies, out of scope last. Of all pairs that keep RIGHT and STRAY the one that assigns most;
    (1.0, 0.0), never, when none is safe.
    """
    inside, doubts = ~right[:, -1], chances[:, -1]
    shares = chances[:, :-1] / (1 - doubts[:, None] + 1e-12)
    best, share = shares.argmax(axis=1), shares.max(axis=1)
    good = right[np.arange(len(best)), best]
    found, most = (1.0, 0.0), 0
    for sure in (hundredths / 100 for hundredths in range(30, 100)):
        for doubt in (hundredths / 200 for hundredths in range(1, 101)):
            taken = (share >= sure) & (doubts <= doubt)
            kept, stray = good[taken & inside], (taken & ~inside).sum()
            if len(kept) > most and kept.mean() >= RIGHT and stray <= STRAY * (~inside).sum():
                found, most = (sure, doubt), len(kept)
    return found
