"""The second reader: bge-small-zh-v1.5 (MIT), its upper layers adapted to complaints, and a softmax on its vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.router.reading.corpus import Labelled, joined
from services.router.reading.linear import Floats, Linear, fit
from services.router.reading.weights import Adapter, Weights

#: Characters read of a complaint, and tokens at the most.
LONGEST, TOKENS = 300, 320
STRENGTH = 50.0
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedder:
    """The model in onnxruntime, on one thread."""

    tokenizer: Any
    session: Any
    #: The changed weights, which the session reads for as long as it lives.
    kept: tuple[Any, ...] = ()

    @classmethod
    def load(cls, folder: Path, adapter: Adapter | None = None) -> "Embedder":
        """From a folder that holds model.onnx and tokenizer.json, with the adapter's changes where one is given."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        kept = []
        changed = Weights(folder / "model.onnx").changed(adapter) if adapter else {}
        for name, values in changed.items():
            kept.append(onnxruntime.OrtValue.ortvalue_from_numpy(values))
            options.add_initializer(name, kept[-1])
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
        return cls(tokenizer(folder), session, tuple(kept))

    def __call__(self, title: str, text: str) -> Vectors:
        """1,024 numbers: the first token's state and the mean of all, each of length 1."""
        found = self.tokenizer.encode(joined(title, text, LONGEST))
        given = {"input_ids": found.ids, "attention_mask": found.attention_mask, "token_type_ids": found.type_ids}
        states = self.session.run(None, {name: np.array([ids]) for name, ids in given.items()})[0][0]
        both = (states[0], states.mean(axis=0))
        return np.concatenate([one / np.linalg.norm(one) for one in both]).astype(np.float32)

    def all(self, labelled: Sequence[Labelled]) -> Vectors:
        """Rows of texts x 1,024."""
        return np.stack([self(one.title, one.text) for one in labelled])


def tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.enable_truncation(TOKENS)
    return found


@dataclass(frozen=True, slots=True)
class Embedding:
    """A softmax on the sentence vector; `adapter` is what the vector must come from."""

    linear: Linear
    adapter: Adapter | None = None

    @classmethod
    def fitted(cls, vectors: Vectors, labelled: Sequence[Labelled], classes: tuple[str, ...]) -> "Embedding":
        """On the model as it is."""
        return cls(fit(vectors, labelled, classes, STRENGTH))

    def logits(self, vectors: Vectors) -> Floats:
        return self.linear.logits(vectors)

    def arrays(self) -> dict[str, Any]:
        return self.linear.arrays("embedding") | (self.adapter.arrays() if self.adapter else {})

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> "Embedding":
        adapter = Adapter.of(arrays)
        return cls(Linear.of(arrays, "embedding"), adapter if adapter.changes else None)
