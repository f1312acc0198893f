"""Versions of the mapping: switched by a date, noticed while running, and refused when one contradicts itself."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from shared.reference import SHIPPED, Rules

DAY = date(2026, 3, 10)


def version(folder: Path, name: str, effective: str, *, lead: str = "hn-czt", agencies: str = "") -> Path:
    """A copy of the shipped version under another name, in which 6.problem.3 is led by another agency."""
    made = folder / name
    shutil.copytree(SHIPPED / "2022-09-19", made)
    for file in ("matters.yaml", "agencies.yaml"):
        text = (made / file).read_text(encoding="utf-8").replace('version: "2022-09-19"', f'version: "{name}"')
        text = text.replace("effective_from: 2022-09-19", f"effective_from: {effective}")
        lines = [
            line.replace("leads: [hn-gxt]", f"leads: [{lead}]") if "6.problem.3," in line else line
            for line in text.splitlines()
        ]
        (made / file).write_text("\n".join(lines) + agencies, encoding="utf-8")
    return made


def rules(folder: Path, day: date = DAY) -> Rules:
    return Rules((SHIPPED, folder), lambda: day, look_again_seconds=0)


def lead(found: Rules) -> str:
    return found.in_force().matters["6.problem.3"].leads[0]


def test_a_version_is_in_force_from_its_day(tmp_path: Path) -> None:
    version(tmp_path, "2026-04-01", "2026-04-01")
    assert lead(rules(tmp_path)) == "hn-gxt"
    assert lead(rules(tmp_path, date(2026, 4, 1))) == "hn-czt"


def test_a_new_version_is_noticed_without_a_restart(tmp_path: Path) -> None:
    serving = rules(tmp_path)
    assert lead(serving) == "hn-gxt"
    version(tmp_path, "2026-03-01", "2026-03-01")
    assert lead(serving) == "hn-czt"
    assert [one["version"] for one in serving.told()["versions"]] == ["2022-09-19", "2026-03-01"]


def test_a_version_that_contradicts_itself_is_refused_with_line_and_reason_and_the_old_one_serves(
    tmp_path: Path,
) -> None:
    serving = rules(tmp_path)
    version(tmp_path, "2026-03-01", "2026-03-01", lead="hn-nobody")
    assert lead(serving) == "hn-gxt"
    (refused,) = serving.told()["refused"]
    line = next(
        number
        for number, text in enumerate((tmp_path / "2026-03-01" / "matters.yaml").read_text("utf-8").splitlines(), 1)
        if "6.problem.3," in text
    )
    assert refused["folder"] == "2026-03-01"
    assert f"matters.yaml 第 {line} 行" in refused["why"]
    assert "hn-nobody" in refused["why"]


def test_a_refused_version_serves_once_it_is_mended(tmp_path: Path) -> None:
    serving = rules(tmp_path)
    made = version(tmp_path, "2026-03-01", "2026-03-01", lead="hn-nobody")
    assert lead(serving) == "hn-gxt"
    shutil.rmtree(made)
    version(tmp_path, "2026-03-01", "2026-03-01", lead="hn-sjt")
    assert lead(serving) == "hn-sjt"
    assert serving.told()["refused"] == []


def test_a_refused_version_that_is_taken_away_is_refused_no_more_and_read_anew_when_it_comes_back(
    tmp_path: Path,
) -> None:
    serving = rules(tmp_path)
    made = version(tmp_path, "2026-03-01", "2026-03-01", lead="hn-nobody")
    assert len(serving.told()["refused"]) == 1
    away = made.rename(tmp_path.parent / f"{tmp_path.name}-away")
    assert serving.told()["refused"] == []
    away.rename(made)
    assert len(serving.told()["refused"]) == 1


def test_a_half_copied_folder_is_refused_and_not_served(tmp_path: Path) -> None:
    serving = rules(tmp_path)
    made = version(tmp_path, "2026-03-01", "2026-03-01")
    (made / "agencies.yaml").unlink()
    assert lead(serving) == "hn-gxt"
    assert "agencies.yaml" in serving.told()["refused"][0]["why"]


def test_without_any_version_in_force_there_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        Rules((tmp_path,), lambda: DAY, look_again_seconds=0).in_force()
