"""Training: the same texts give the same reader; what is saved reads as what was trained; no pickle anywhere."""

from pathlib import Path

import numpy as np
import pytest

from services.router.reading.corpus import corpus
from services.router.reading.joint import Reader
from services.router.reading.leads import BY_FIELD, BY_PLACE, leads
from services.router.reading.model import model_folder, present
from services.router.reading.train import train, version_of
from shared.reference import current
from tests.conftest import require

TEXTS, UNSEEN = corpus("train")[::25], corpus("calibration")[::5]


def trained(model: Path | None = None) -> Reader:
    return train(TEXTS, UNSEEN, current(), model, lambda _text: None)


@pytest.fixture(scope="module")
def model() -> Path:
    """The embedding model, where Maven brought it."""
    folder = model_folder()
    require(present(folder), "the embedding model (yousu route fetch-model)")
    return folder


def same(one: Reader, other: Reader) -> bool:
    probes = [(text.title, text.text) for text in UNSEEN[:20]]
    return all(one(*probe) == other(*probe) for probe in probes)


def test_the_same_texts_give_the_same_reader() -> None:
    assert same(trained(), trained())


def test_what_is_saved_reads_as_what_was_trained(tmp_path: Path) -> None:
    reader = trained()
    reader.save(tmp_path)
    loaded = Reader.load(tmp_path, None, leads(current()))
    assert loaded.name == reader.name == f"ngrams {version_of(TEXTS)}"
    for text in UNSEEN[:20]:
        one, other = reader(text.title, text.text), loaded(text.title, text.text)
        assert one.candidates[0].ref == other.candidates[0].ref
        assert one.candidates[0].score == pytest.approx(other.candidates[0].score, abs=0.01)


def test_artefacts_are_arrays_and_text_only(tmp_path: Path) -> None:
    trained().save(tmp_path)
    with np.load(tmp_path / "reader.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reader.json", "reader.npz"]


def test_another_text_is_another_version() -> None:
    assert version_of(TEXTS) != version_of(TEXTS[1:])
    assert version_of(TEXTS) == version_of(TEXTS[::-1])


def test_what_nobody_leads_comes_together_by_place() -> None:
    found = leads(current())
    assert (found["7.problem.1"], found["9.problem.3"], found["6.problem.3"]) == (BY_PLACE, BY_FIELD, "hn-gxt")


@pytest.mark.embedding
def test_both_readers_are_asked_when_the_first_is_not_sure(model: Path) -> None:
    reader = trained(model)
    readers = {reader(text.title, text.text).reader for text in UNSEEN}
    assert reader.name in readers
    for text in UNSEEN:
        read = reader(text.title, text.text)
        assert 0.5 < sum(reading.score for reading in read.candidates) + read.out_of_scope < 1.0001
