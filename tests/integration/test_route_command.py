"""`yousu route …` as an office uses it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.router.reading.corpus import FOLDER
from services.yousu.command import app
from shared.reference import SHIPPED
from tests.unit.reference.test_versions import version


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("YOUSU_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("which", ["both", "ngrams"])
def test_an_office_measures_the_reader_on_its_own_complaints(run: CliRunner, tmp_path: Path, which: str) -> None:
    held_out = (FOLDER / "held-out" / "outside-readers.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    mine = tmp_path / "mine.jsonl"
    mine.write_text("\n".join(held_out), encoding="utf-8")
    result = run.invoke(app, ["route", "evaluate", str(mine), "--reader", which])
    assert result.exit_code == 0, result.output
    for told in (
        "40 texts",
        "lead agency right",
        "assigned without a person",
        "risk by coverage",
        "confusion by agency",
    ):
        assert told in result.output


def test_a_labelled_file_that_is_wrong_is_refused_with_line_and_reason(run: CliRunner, tmp_path: Path) -> None:
    mine = lines(tmp_path / "mine.jsonl", {"text": "好", "accept": []}, {"text": "错", "accept": ["77.problem.1"]})
    result = run.invoke(app, ["route", "evaluate", str(mine)])
    assert result.exit_code == 1
    assert "mine.jsonl:2" in result.output
    assert "77.problem.1" in result.output


def test_a_new_version_is_compared_before_it_is_switched_on(run: CliRunner, tmp_path: Path) -> None:
    new = version(tmp_path, "2026-04-01", "2026-04-01", lead="hn-sjt")
    complaints = lines(
        tmp_path / "complaints.jsonl",
        {"title": "欠款", "description": "货款不给", "region": "410102", "matter": "6.problem.3"},
        {"title": "用地", "description": "土地证办不下来", "region": "410102", "matter": "4.problem.2"},
        {
            "title": "欠款",
            "description": "审计厅欠装修款",
            "matter": "6.problem.3",
            "respondent": {"name": "省审计厅", "agency": "hn-sjt"},
        },
    )
    result = run.invoke(
        app, ["route", "compare", str(SHIPPED / "2022-09-19"), str(new), "--complaints", str(complaints)]
    )
    assert result.exit_code == 0, result.output
    assert "2 of 3 decisions change" in result.output
    assert "hn-gxt" in result.output
    assert "hn-sjt" in result.output


def test_a_version_that_contradicts_itself_is_refused_with_line_and_reason(run: CliRunner, tmp_path: Path) -> None:
    bad = version(tmp_path, "2026-04-01", "2026-04-01", lead="hn-nobody")
    complaints = lines(tmp_path / "complaints.jsonl", {"title": "欠款", "description": "货款不给"})
    result = run.invoke(
        app, ["route", "compare", str(SHIPPED / "2022-09-19"), str(bad), "--complaints", str(complaints)]
    )
    assert result.exit_code == 1
    assert "matters.yaml 第" in result.output
    assert "hn-nobody" in result.output
