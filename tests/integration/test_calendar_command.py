"""`yousu calendar`: a year's table is checked, brought in and shown; a faulty one is refused with its faults."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.yousu.calendar import app
from shared.calendar import SHIPPED, Years

OFF = ["2027-01-01", "2027-01-02", "2027-01-04", "2027-05-01", "2027-10-01", "2027-10-02", "2027-10-03"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YOUSU_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "calendar"


def table(path: Path, days: list[str], status: str = "published", year: int = 2027) -> Path:
    listed = "".join(f"  - {{date: {day}, name: 节日, kind: rest}}\n" for day in days)
    path.write_text(f"year: {year}\nstatus: {status}\nsource: 国务院办公厅通知\ndays:\n{listed}", encoding="utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_published_year_is_brought_in_whatever_its_file_is_called(folder: Path, tmp_path: Path) -> None:
    done = run("import", str(table(tmp_path / "notice.yaml", OFF)))
    assert done.exit_code == 0
    assert "2027: published, 国务院办公厅通知" in done.output
    assert "01-04" in done.output
    assert Years((SHIPPED, folder)).calendar().years[2027].published
    shown = run("show", "2027")
    assert shown.exit_code == 0
    assert "01-01–01-02、01-04" in shown.output


@pytest.mark.parametrize(
    ("days", "status", "fault"),
    [
        (OFF[1:], "published", "缺少法定节假日 01-01"),
        (OFF, "draft", "status draft 不在"),
        ([*OFF, "2027-01-01"], "published", "2027-01-01 写了 2 次"),
        ([*OFF, "2026-01-01"], "published", "2026-01-01 不属于 2027 年"),
    ],
)
def test_a_year_with_a_fault_is_refused_and_nothing_is_brought_in(
    folder: Path, tmp_path: Path, days: list[str], status: str, fault: str
) -> None:
    done = run("import", str(table(tmp_path / "2027.yaml", days, status)))
    assert done.exit_code == 1
    assert fault in done.output.replace("\n", "")
    assert not folder.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", "year: 2027"])
def test_a_file_that_is_no_table_is_refused(folder: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    done = run("import", str(path))
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert not folder.exists()


def test_every_shipped_year_could_be_brought_in_again(folder: Path) -> None:
    for path in sorted(SHIPPED.glob("*.yaml")):
        assert run("import", str(path)).exit_code == 0, path.name
    assert Years((SHIPPED, folder)).calendar() == Years((SHIPPED,)).calendar()


def test_a_year_without_a_table_cannot_be_shown(folder: Path) -> None:
    assert run("show", "2040").exit_code == 2
