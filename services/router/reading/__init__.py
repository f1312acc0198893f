"""Reading a complaint's text: which matters it speaks of, how surely, or whether it is none of this system's.

corpus      labelled complaints                  ngrams    the first reader, always there
embedding   the second reader, where set up      joint     both, calibrated, one answer
model       where the embedding model comes from setup     what this process reads with
train       artefacts from the corpus            evaluate  how well they read what they never saw
llm         an office's own model, off by default
"""

from services.router.reading.joint import Reader
from services.router.reading.setup import open_reader, with_language_model

__all__ = ["Reader", "open_reader", "with_language_model"]
