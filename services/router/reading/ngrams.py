"""The first reader: character n-grams and a linear model; needs nothing but itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.router.reading.corpus import Labelled, joined
from services.router.reading.linear import Floats, Linear, fit

LENGTHS = (1, 2)
LEAST_TEXTS = 2
LONGEST = 2_000
STRENGTH = 30.0


def _vectorizer(vocabulary: Sequence[str] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    least = 1 if vocabulary is not None else LEAST_TEXTS
    return TfidfVectorizer(
        analyzer="char", ngram_range=LENGTHS, min_df=least, sublinear_tf=True, vocabulary=vocabulary, dtype=np.float32
    )


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Characters weighted by how rare they are (tf-idf), then a softmax."""

    vectorizer: Any
    linear: Linear

    @classmethod
    def train(cls, labelled: Sequence[Labelled], classes: tuple[str, ...]) -> "Ngrams":
        vectorizer = _vectorizer()
        features = vectorizer.fit_transform(joined(one.title, one.text, LONGEST) for one in labelled)
        return cls(vectorizer, fit(features, labelled, classes, STRENGTH))

    def logits(self, texts: Sequence[tuple[str, str]]) -> Floats:
        """Rows of (title, text) x classes."""
        return self.linear.logits(self.vectorizer.transform(joined(*one, LONGEST) for one in texts))

    def arrays(self) -> dict[str, Any]:
        found = self.vectorizer.get_feature_names_out().astype(str)
        return {"vocabulary": found, "idf": self.vectorizer.idf_.astype(np.float32), **self.linear.arrays("ngrams")}

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> "Ngrams":
        vectorizer = _vectorizer(arrays["vocabulary"].tolist())
        vectorizer.idf_ = arrays["idf"]
        return cls(vectorizer, Linear.of(arrays, "ngrams"))
