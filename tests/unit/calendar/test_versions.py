"""Which years serve: an office's own stand for those shipped, are noticed when written, and refused when faulty."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.calendar import SHIPPED, Years
from shared.calendar.versions import LOOK_AGAIN

NEW_YEAR = date(2027, 1, 4)


def write(folder: Path, year: int, *days: date, status: str = "published") -> Path:
    listed = "".join(f"  - {{date: {day}, name: 元旦, kind: rest}}\n" for day in days)
    path = folder / f"{year}.yaml"
    path.write_text(f"year: {year}\nstatus: {status}\nsource: 通知\ndays:\n{listed}", encoding="utf-8")
    return path


def at(year: int) -> datetime:
    return datetime(year, 6, 1, tzinfo=UTC)


def test_an_offices_own_year_stands_for_the_one_shipped_and_the_others_stay(tmp_path: Path) -> None:
    shipped = Years((SHIPPED, tmp_path)).calendar()
    write(tmp_path, 2027, NEW_YEAR)
    own = Years((SHIPPED, tmp_path)).calendar()
    assert shipped.is_working_day(NEW_YEAR)
    assert not own.is_working_day(NEW_YEAR)
    assert own.years[2027].published
    assert own.years[2026] == shipped.years[2026]


def test_a_year_that_is_written_or_taken_away_is_noticed_without_a_restart(tmp_path: Path) -> None:
    years = Years((SHIPPED, tmp_path))
    assert years.calendar().is_working_day(NEW_YEAR)
    path = write(tmp_path, 2027, NEW_YEAR)
    years.look()
    assert not years.calendar().is_working_day(NEW_YEAR)
    path.unlink()
    years.look()
    assert years.calendar().is_working_day(NEW_YEAR)


def test_the_folders_are_not_read_at_every_question(tmp_path: Path) -> None:
    years = Years((SHIPPED, tmp_path))
    first = years.calendar()
    write(tmp_path, 2027, NEW_YEAR)
    assert LOOK_AGAIN > 1
    assert years.calendar() is first


@pytest.mark.parametrize("text", ["", "year: 2027", "{", "year: 2028\nstatus: published\nsource: 通知\ndays: []\n"])
def test_a_year_with_a_fault_is_refused_and_what_served_before_goes_on(tmp_path: Path, text: str) -> None:
    years = Years((SHIPPED, tmp_path))
    path = write(tmp_path, 2027, NEW_YEAR)
    years.look()
    path.write_text(text, encoding="utf-8")
    years.look()
    assert not years.calendar().is_working_day(NEW_YEAR)
    assert "2027.yaml" in years.refused[path.name]
    write(tmp_path, 2027)
    path.write_text(
        path.read_text(encoding="utf-8") + "  - {date: 2027-01-05, name: 元旦, kind: rest}\n", encoding="utf-8"
    )
    years.look()
    assert years.calendar().is_working_day(NEW_YEAR)
    assert years.refused == {}


def test_the_version_of_a_span_changes_when_one_of_its_years_does_and_only_then(tmp_path: Path) -> None:
    before = Years((SHIPPED, tmp_path)).calendar().without_end()
    write(tmp_path, 2027, NEW_YEAR)
    after = Years((SHIPPED, tmp_path)).calendar().without_end()
    spans = [(2026, 2026), (2026, 2027), (2027, 2028)]
    old = [before.version(at(first), at(last)) for first, last in spans]
    new = [after.version(at(first), at(last)) for first, last in spans]
    assert [one == other for one, other in zip(old, new, strict=True)] == [True, False, False]
    assert [after.has(version) for version in old] == [True, False, False]
    assert all(after.has(version) for version in new)


def test_a_year_that_nobody_arranged_has_weekends_only_until_it_is(tmp_path: Path) -> None:
    calendar = Years((SHIPPED, tmp_path)).calendar().without_end()
    assert calendar.is_working_day(date(2028, 1, 3))
    assert not calendar.is_working_day(date(2028, 1, 1))
    assert calendar.is_provisional(at(2028))
    version = calendar.version(at(2028), at(2028))
    assert calendar.has(version)
    write(tmp_path, 2028, date(2028, 1, 3))
    assert not Years((SHIPPED, tmp_path)).calendar().without_end().has(version)
