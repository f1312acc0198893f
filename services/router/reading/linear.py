"""A softmax over classes that are matters, and one more for out of scope; arrays only, no pickle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.router.reading.corpus import Labelled

Floats = NDArray[np.float64]
OUT = "out"
#: What the second and third right matter of a text count beside the first.
SHARES = (1.0, 0.5, 0.35)


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` features x classes, `bias` classes; `classes` are refs, the last one OUT."""

    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, features: Any) -> Floats:
        """Rows x classes, for a dense or sparse matrix of rows x features."""
        return np.asarray(features @ self.weights, dtype=np.float64) + self.bias

    def arrays(self, name: str) -> dict[str, Any]:
        """For an npz file, weights in half precision: the third digit of a weight decides nothing."""
        half = self.weights.astype(np.float16)
        return {f"{name}_classes": np.array(self.classes), f"{name}_weights": half, f"{name}_bias": self.bias}

    @classmethod
    def of(cls, arrays: Mapping[str, Any], name: str) -> "Linear":
        weights = arrays[f"{name}_weights"].astype(np.float32)
        return cls(tuple(arrays[f"{name}_classes"].tolist()), weights, arrays[f"{name}_bias"].astype(np.float32))


def fit(features: Any, labelled: Sequence[Labelled], classes: tuple[str, ...], strength: float) -> Linear:
    """Multinomial logistic regression, L2; a text with several right matters counts as each of them, in part.

    A class that no text of this fold has gets no chance: its bias is far below the others.
    """
    from sklearn.linear_model import LogisticRegression

    wanted = targets(labelled, classes)
    rows, labels = wanted.nonzero()
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
    model.fit(features[rows], labels, sample_weight=wanted[rows, labels])
    weights = np.zeros((features.shape[1], len(classes)), np.float32)
    bias = np.full(len(classes), -30.0, np.float32)
    weights[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
    return Linear(classes, weights, bias)


def targets(labelled: Sequence[Labelled], classes: Sequence[str]) -> Floats:
    """Rows x classes: the share each right matter has of its text."""
    place = {name: index for index, name in enumerate(classes)}
    found = np.zeros((len(labelled), len(classes)))
    for row, one in enumerate(labelled):
        for share, ref in zip(SHARES, one.accept[: len(SHARES)] or (OUT,), strict=False):
            found[row, place[ref]] = share
    normed: Floats = found / found.sum(axis=1, keepdims=True)
    return normed


def softmax(logits: Floats) -> Floats:
    """Each row as chances that sum to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Floats = raised / raised.sum(axis=1, keepdims=True)
    return chances
