"""The years' tables: every published day is what the notices say, and a table with a fault is refused."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from shared.calendar import NoCalendar, current, load_calendar

PUBLISHED = range(2004, 2027)
WORK = "{date: 2030-01-05, name: 元旦, kind: work}"


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", PUBLISHED)
def test_every_day_of_a_published_year_is_what_chinesecalendar_says(year: int) -> None:
    calendar = current()
    assert [day for day in _days(year) if calendar.is_working_day(day) != chinese_calendar.is_workday(day)] == []


def test_the_years_from_2004_to_2026_are_published_and_2027_is_provisional() -> None:
    years = current().years
    assert sorted(years) == [*PUBLISHED, 2027]
    assert [year.year for year in years.values() if not year.published] == [2027]


def test_every_year_names_its_notice() -> None:
    years = current().years
    assert [y for y in PUBLISHED if not years[y].source.startswith(f"国务院办公厅关于{y}年部分节假日安排的通知")] == []
    assert years[2026].source.endswith("国办发明电〔2025〕7号")


def test_a_provisional_year_has_the_statutory_days_only() -> None:
    year = current().years[2027]
    assert sorted(f"{day:%m-%d}" for day in year.off) == [
        *("01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01"),
        *("05-02", "06-09", "09-15", "10-01", "10-02", "10-03"),
    ]
    assert not year.make_up


def test_a_year_without_a_table_is_an_error_that_names_it() -> None:
    with pytest.raises(NoCalendar, match="2028 年没有日历表") as missing:
        current().is_working_day(date(2028, 1, 3))
    assert missing.value.year == 2028


def _write(folder: Path, *days: str, name: str = "2030.yaml", year: str = "2030", status: str = "published") -> Path:
    listed = "".join(f"  - {day}\n" for day in days)
    text = f"year: {year}\nstatus: {status}\nsource: 通知\ndays:\n{listed}"
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_table_without_fault_is_read(tmp_path: Path) -> None:
    calendar = load_calendar(_write(tmp_path, "{date: 2030-01-01, name: 元旦, kind: rest}", WORK))
    assert calendar.is_working_day(date(2030, 1, 5))
    assert not calendar.is_working_day(date(2030, 1, 1))


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        ("{date: 2031-01-01, name: 元旦, kind: rest}", "days 第 2 项：2031-01-01 不属于 2030 年"),
        ("{date: 2030-01-01, name: 元旦, kind: off}", "days 第 2 项：kind False 不在 rest、work 之中"),
        ("{date: 一月一日, name: 元旦, kind: rest}", "days 第 2 项：date 应为日期"),
        ("{date: 2030-01-01, name: 元旦}", "days 第 2 项：应有 date、name、kind 三项"),
        ("{date: 2030-01-04, name: 元旦, kind: work}", "days 第 2 项：2030-01-04 是周一至周五，不需要调休上班"),
        (WORK, "2030-01-05 写了 2 次"),
    ],
)
def test_a_day_with_a_fault_is_refused_with_its_place(tmp_path: Path, day: str, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"2030\.yaml：{fault}"):
        load_calendar(_write(tmp_path, WORK, day))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"year": "2029"}, "year 为 2029，与文件名不符"),
        ({"status": "draft"}, "status draft 不在 published、provisional 之中"),
    ],
)
def test_a_head_with_a_fault_is_refused(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        load_calendar(_write(tmp_path, WORK, **change))


def test_the_faults_of_all_tables_are_told_at_once(tmp_path: Path) -> None:
    _write(tmp_path, WORK, status="draft")
    (tmp_path / "2031.yaml").write_text("year: 2031\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"2030\.yaml：status draft .*\n2031\.yaml：应有 year、status、source、days 四项"
    ):
        load_calendar(tmp_path)
