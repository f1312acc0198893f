"""The labelled corpus: every line readable, every label in force, and what is measured on never learned from."""

import json
from pathlib import Path

import pytest

from services.router.reading.corpus import FOLDER, Labelled, corpus, joined, read_labelled, split
from shared.errors import Invalid
from shared.reference import current

PARTS = ("train", "calibration", "held-out")


def words(part: str) -> set[str]:
    return {one.text for one in corpus(part)}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.jsonl")), ids=lambda path: path.stem)
def test_every_label_is_a_matter_in_force(path: Path) -> None:
    assert read_labelled(path, current().matters)


def test_the_corpus_is_as_large_as_it_should_be_and_covers_every_problem() -> None:
    assert len(corpus("train")) >= 3_000
    assert len(corpus("held-out")) >= 500
    problems = {ref for ref in current().matters if ".problem." in ref}
    for part in ("train", "held-out"):
        assert problems <= {ref for one in corpus(part) for ref in one.accept}
        assert any(not one.accept for one in corpus(part))


def test_no_text_stands_in_two_parts() -> None:
    for part in PARTS:
        others = set().union(*(words(other) for other in PARTS if other != part))
        assert words(part) & others == set()


def test_no_text_carries_a_person_s_number() -> None:
    from services.intake.domain import mask

    for part in PARTS:
        assert [one.text for one in corpus(part) if mask(one.text) != one.text] == []


def test_a_line_that_is_wrong_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    lines = ['{"text": "好的", "accept": []}', "{", '{"text": "缺标签"}', '{"text": "错", "accept": ["77.problem.1"]}']
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_labelled(path, current().matters)
    errors = {error["field"]: error["reason"] for error in refused.value.more["errors"]}
    assert list(errors) == ["mine.jsonl:2", "mine.jsonl:3", "mine.jsonl:4"]
    assert "77.problem.1" in errors["mine.jsonl:4"]


def test_of_a_long_story_the_beginning_and_the_longer_end_are_read() -> None:
    text = "头" * 100 + "中" * 500 + "尾" * 100
    read = joined("题", text, 200)
    assert len(read) == 200
    assert read.startswith("题。头")
    assert read.endswith("尾" * 100)
    assert joined("", "短", 200) == "短"


def test_the_same_texts_calibrate_every_time() -> None:
    texts = [Labelled("", f"第{number}件", None, ()) for number in range(500)]
    learned, unseen = split(texts)
    assert split(reversed(texts))[1][::-1] == unseen
    assert 60 < len(unseen) < 140
    assert len(learned) + len(unseen) == 500


def test_the_shipped_lines_hold_nothing_but_their_four_fields() -> None:
    for path in FOLDER.glob("*/*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert set(json.loads(line)) == {"text", "title", "region", "accept"}, path
