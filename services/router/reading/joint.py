"""Both readers as one: the first answers alone when it is sure, both are joined when it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from services.router.domain import Read, Reading
from services.router.reading.embedding import Embedder, Embedding
from services.router.reading.linear import Floats, softmax
from services.router.reading.ngrams import Ngrams

#: Candidates below this are noise to a person.
_LEAST = 0.005
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become chances that can be believed, and where assignment begins; fitted on texts not trained on.

    `first` and `joint` scale the logits (joint: n-grams, embedding); `alone` is the chance of one lead agency at which
    the first reader asks no second. A complaint is assigned without a person when one lead agency's share of what is
    in scope reaches the first number of `sure_*`, and the chance of out of scope is at most the second.
    """

    first: float
    joint: tuple[float, float]
    alone: float
    sure_first: tuple[float, float]
    sure_joint: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Second:
    """The second reader: where sentence vectors come from, and what is made of them."""

    embedder: Embedder
    embedding: Embedding

    def logits(self, title: str, text: str) -> Floats:
        """One row of classes."""
        return self.embedding.logits(self.embedder(title, text)[None, :])


class Reader:
    """What the router reads texts with; one instance serves a process."""

    def __init__(
        self,
        ngrams: Ngrams,
        second: Second | None,
        calibration: Calibration,
        version: str,
        leads: Mapping[str, str],
    ) -> None:
        self.classes, self.version, self.calibration = ngrams.linear.classes, version, calibration
        self._ngrams, self._second = ngrams, second
        self._leads = gathering(self.classes, leads)
        self._remembered = lru_cache(_REMEMBERED)(self.read_afresh)

    @property
    def both(self) -> bool:
        """Whether the second reader is there."""
        return self._second is not None

    @property
    def name(self) -> str:
        return f"{'ngrams+embedding' if self.both else 'ngrams'} {self.version}"

    def __call__(self, title: str, text: str) -> Read:
        """The matters this text speaks of, with calibrated chances; blocks for some milliseconds."""
        return self._remembered(title, text)

    def first_alone(self, title: str, text: str) -> Read:
        """What the first reader says without the second."""
        chances = softmax(self._ngrams.logits([(title, text)]) * self.calibration.first)[0]
        return self._told(chances, self.calibration.sure_first, f"ngrams {self.version}")

    def second_alone(self, title: str, text: str) -> Read:
        """What the second reader says without the first; LookupError where it is not set up."""
        if self._second is None:
            raise LookupError("the embedding model is not set up")
        chances = softmax(self._second.logits(title, text) * sum(self.calibration.joint))[0]
        return self._told(chances, self.calibration.sure_joint, f"embedding {self.version}")

    def read_afresh(self, title: str, text: str) -> Read:
        """The same without memory of texts read before."""
        first = self._ngrams.logits([(title, text)])
        alone = softmax(first * self.calibration.first)[0]
        if self._second is None or float((alone @ self._leads).max()) >= self.calibration.alone:
            return self._told(alone, self.calibration.sure_first, f"ngrams {self.version}")
        chances = join(first, self._second.logits(title, text), self.calibration.joint)[0]
        return self._told(chances, self.calibration.sure_joint, self.name)

    def _told(self, chances: Floats, sure: tuple[float, float], reader: str) -> Read:
        best = np.argsort(-chances[:-1], kind="stable")
        kept = [int(i) for i in best if chances[i] >= _LEAST] or [int(best[0])]
        readings = tuple(Reading(self.classes[i], float(chances[i])) for i in kept)
        return Read(readings, out_of_scope=float(chances[-1]), sure=sure[0], doubt=sure[1], reader=reader)

    def save(self, folder: Path) -> None:
        """`reader.npz` (arrays) and `reader.json` (classes, calibration, version)."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = self._ngrams.arrays() | (self._second.embedding.arrays() if self._second else {})
        np.savez_compressed(folder / "reader.npz", **arrays)
        head = {"version": self.version, "classes": self.classes, "calibration": asdict(self.calibration)}
        (folder / "reader.json").write_bytes(to_json(head, indent=2) + b"\n")

    @classmethod
    def load(cls, folder: Path, model: Path | None, leads: Mapping[str, str]) -> "Reader":
        """The reader of a folder; `model` holds the embedding model, `leads` gives each ref's lead agency."""
        head: dict[str, Any] = from_json((folder / "reader.json").read_bytes())
        kept = head["calibration"].items()
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept}
        calibration = Calibration(**given)
        with np.load(folder / "reader.npz", allow_pickle=False) as arrays:
            ngrams = Ngrams.of(arrays)
            embedding = Embedding.of(arrays) if "embedding_bias" in arrays else None
        second = None
        if model is not None and embedding is not None:
            second = Second(Embedder.load(model), embedding)
        return cls(ngrams, second, calibration, head["version"], leads)


def join(first: Floats, second: Floats, scales: tuple[float, float]) -> Floats:
    """Chances from both readers' logits, rows x classes."""
    return softmax(scales[0] * np.log(softmax(first)) + scales[1] * np.log(softmax(second)))


def gathering(classes: Sequence[str], leads: Mapping[str, str]) -> Floats:
    """classes x lead agencies, 1 where the class's matter is led by it; out of scope is itself, and last."""
    names = [leads.get(name, name) for name in classes]
    order = [*sorted(set(names[:-1])), names[-1]]
    matrix = np.zeros((len(classes), len(order)))
    matrix[np.arange(len(classes)), [order.index(name) for name in names]] = 1.0
    return matrix
