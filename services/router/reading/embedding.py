"""The second reader: sentence vectors of bge-small-zh-v1.5 (MIT), and a softmax on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.router.reading.corpus import Labelled, joined
from services.router.reading.linear import Floats, Linear, fit

#: Characters read of a complaint, and tokens at the most.
LONGEST, TOKENS = 480, 512
STRENGTH = 8.0
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedder:
    """The model in onnxruntime, on one thread."""

    tokenizer: Any
    session: Any

    @classmethod
    def load(cls, folder: Path) -> "Embedder":
        """From a folder that holds model.onnx and tokenizer.json."""
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return cls(tokenizer, onnxruntime.InferenceSession(str(folder / "model.onnx"), options))

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


@dataclass(frozen=True, slots=True)
class Embedding:
    """A softmax on the sentence vector."""

    linear: Linear

    @classmethod
    def train(cls, vectors: Vectors, labelled: Sequence[Labelled], classes: tuple[str, ...]) -> "Embedding":
        return cls(fit(vectors, labelled, classes, STRENGTH))

    def logits(self, vectors: Vectors) -> Floats:
        return self.linear.logits(vectors)

    def arrays(self) -> dict[str, Any]:
        return self.linear.arrays("embedding")

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> "Embedding":
        return cls(Linear.of(arrays, "embedding"))
