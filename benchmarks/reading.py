"""Reading one text, by the first reader and by both, on one thread; the floor is one pass of the model as it comes."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.surroundings import Stores
from services.router.reading.corpus import corpus
from services.router.reading.embedding import Embedder
from services.router.reading.joint import Reader
from services.router.reading.leads import leads
from services.router.reading.model import model_folder
from services.router.reading.setup import SHIPPED
from shared.reference import current

ROUNDS = 3


def timed(read: Callable[[str, str], Any]) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds over the held-out texts."""
    spent = []
    for _ in range(ROUNDS):
        for one in corpus("held-out"):
            start = time.perf_counter()
            read(one.title, one.text)
            spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent), statistics.quantiles(spent, n=100)[98]


async def run(_stores: Stores) -> list[str]:
    reader = Reader.load(SHIPPED, model_folder(), leads(current()))
    ways: dict[str, Callable[[str, str], Any]] = {
        "the model as it comes": Embedder.load(model_folder()),
        "first reader": reader.first_alone,
        "second reader": reader.second_alone,
        "both, as the router asks": reader.read_afresh,
    }
    table = ["| reader | p50 ms | p99 ms |", "|---|---|---|"]
    for name, read in ways.items():
        middle, high = timed(read)
        table.append(f"| {name} | {middle:.1f} | {high:.1f} |")
    texts = corpus("held-out")
    length = statistics.median(len(one.text) for one in texts)
    return [*table, "", f"{len(texts)} held-out texts, median {length:.0f} characters, {ROUNDS} rounds."]
