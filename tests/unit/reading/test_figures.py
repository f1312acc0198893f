"""The shipped reader is what its corpus gives, and reads as well as the docs say."""

import re
from pathlib import Path

import pytest
from pydantic_core import from_json

from services.router.reading.corpus import corpus
from services.router.reading.evaluate import Evaluation, Share, evaluate
from services.router.reading.joint import Reader
from services.router.reading.leads import leads
from services.router.reading.model import model_folder, present
from services.router.reading.setup import SHIPPED
from services.router.reading.train import version_of
from shared.reference import current
from tests.conftest import require

PAGE = Path(__file__).parents[3] / "docs" / "architecture" / "reading.md"
#: Processors differ in how they round int8; a text at a threshold may fall on either side.
TEXTS_APART = 3


def documented() -> dict[str, list[tuple[int, int]]]:
    """The counts of the table of figures: its row → (good, all) of ngrams, embedding, both."""
    rows = re.findall(r"^\| (in scope|of these|out of scope): ([^|]+)\|(.+)\|$", PAGE.read_text(encoding="utf-8"), re.M)
    pairs = {f"{a}: {b.strip()}": re.findall(r"(\d+)/(\d+)", cells) for a, b, cells in rows}
    return {name: [(int(good), int(all_)) for good, all_ in found] for name, found in pairs.items()}


def measured(found: Evaluation) -> dict[str, Share]:
    return {
        "in scope: lead agency right": found.lead_right,
        "in scope: assigned without a person": found.assigned,
        "of these: lead agency right": found.assigned_right,
        "out of scope: assigned": found.stray,
    }


def compare(column: int, found: Evaluation) -> None:
    for name, share in measured(found).items():
        good, all_ = documented()[name][column]
        assert abs(share.good - good) <= TEXTS_APART, (name, share)
        assert abs(share.all - all_) <= TEXTS_APART, (name, share)


def test_the_shipped_reader_was_trained_on_the_shipped_corpus() -> None:
    head = from_json((SHIPPED / "reader.json").read_bytes())
    assert head["version"] == version_of(corpus("train"))
    assert set(current().matters) == set(head["classes"][:-1])


def test_the_first_reader_alone_reads_as_the_docs_say() -> None:
    reader = Reader.load(SHIPPED, None, leads(current()))
    compare(0, evaluate(corpus("held-out"), reader, current()))


@pytest.mark.embedding
def test_the_second_reader_and_both_read_as_the_docs_say() -> None:
    require(present(model_folder()), "the embedding model (yousu route fetch-model)")
    reader = Reader.load(SHIPPED, model_folder(), leads(current()))
    compare(1, evaluate(corpus("held-out"), reader.second_alone, current()))
    compare(2, evaluate(corpus("held-out"), reader, current()))
