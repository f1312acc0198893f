"""Files that a spreadsheet opens: Chinese is read, nothing is computed, every kind of value is what it is."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from services.tracker.exports import delimited
from services.tracker.exports.bulletin import Month, columns
from services.tracker.exports.columns import CASES, Column
from services.tracker.exports.workbook import Workbook
from shared.errors import Invalid

TEXT: Column[str] = Column("标题", lambda told: told)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"]


def test_a_file_has_one_bom_and_it_comes_first() -> None:
    text = delimited.head([TEXT]) + delimited.body([TEXT], ["拖欠工程款"]) + delimited.body([TEXT], ["办证难"])
    assert text.encode().count("\ufeff".encode()) == 1
    assert text.encode().startswith(b"\xef\xbb\xbf")
    assert text == "\ufeff标题\r\n拖欠工程款\r\n办证难\r\n"


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_is_only_text(text: str) -> None:
    told = next(csv.reader(io.StringIO(delimited.body([TEXT], [text]), newline="")))
    assert told == [f"'{text}"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_every_text_is_read_back_as_it_was_or_defused(text: str) -> None:
    (told,) = next(csv.reader(io.StringIO(delimited.body([TEXT], [text]), newline="")))
    assert told in (text, f"'{text}")
    assert not told.startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_numbers_are_numbers_and_moments_are_told_in_the_time_of_henan() -> None:
    given: list[tuple[Any, Any, str]] = [
        (3, "count", "3"),
        (-3, "count", "-3"),
        (Decimal("-1260000.5"), "yuan", "-1260000.50"),
        (0.57880, "rate", "57.88%"),
        (1.0, "rate", "100.00%"),
        (None, "rate", ""),
        (datetime(2026, 3, 10, 16, 30, tzinfo=UTC), "moment", "2026-03-11 00:30"),
    ]
    for value, kind, told in given:
        column: Column[Any] = Column("x", lambda one: one, kind)
        assert delimited.body([column, column], [value]) == f"{told},{told}\r\n", kind


def book_of(columns: list[Column[Any]], rows: list[Any], **how: Any) -> Any:
    file = io.BytesIO()
    book = Workbook(file, **how)
    book.sheet("办件", columns)
    book.write(rows)
    book.close()
    return load_workbook(file)


def test_a_book_holds_texts_as_texts_whatever_they_begin_with() -> None:
    texts = [*FORMULAS, "http://x.test", "12345678901234567890", "{=1}"]
    sheet = book_of([TEXT], texts)["办件"]
    cells = [sheet.cell(row, 1) for row in range(2, len(texts) + 2)]
    assert {cell.data_type for cell in cells} == {"s"}
    # A carriage return stands in a book's XML as its number.
    assert [cell.value.replace("_x000D_", "\r") for cell in cells] == texts
    assert all(cell.hyperlink is None for cell in cells)


def test_a_book_holds_counts_sums_rates_and_moments_as_what_they_are() -> None:
    row: tuple[Any, ...] = (3, Decimal("1260000.50"), 0.5788, datetime(2026, 3, 10, 16, 30, tzinfo=UTC), None)
    kinds: list[Any] = ["count", "yuan", "rate", "moment", "yuan"]
    made: list[Column[Any]] = [
        Column(kind, lambda one, place=place: one[place], kind)  # type: ignore[misc]
        for place, kind in enumerate(kinds)
    ]
    sheet = book_of(made, [row])["办件"]
    assert [cell.value for cell in sheet[2]][:3] == [3, 1260000.5, 0.5788]
    assert (sheet["D2"].value.isoformat(), sheet["E2"].value) == ("2026-03-11T00:30:00", None)
    assert [cell.number_format for cell in sheet[2]][:4] == ["0", "#,##0.00", "0.00%", "yyyy-mm-dd hh:mm"]


def test_what_one_sheet_cannot_hold_goes_on_in_the_next() -> None:
    book = book_of([TEXT], [f"第{place}件" for place in range(7)], sheet_rows=4)
    assert book.sheetnames == ["办件", "办件（2）", "办件（3）"]
    told = [[cell.value for (cell,) in sheet.iter_rows()] for sheet in book]
    assert told == [
        ["标题", "第0件", "第1件", "第2件"],
        ["标题", "第3件", "第4件", "第5件"],
        ["标题", "第6件"],
    ]


def test_no_two_columns_of_a_file_have_the_same_heading() -> None:
    for some in (CASES, columns("agency"), columns("matter")):
        headings = [column.heading for column in some]
        assert len(set(headings)) == len(headings)


@pytest.mark.parametrize(("word", "first", "last"), [("2026-02", 1, 28), ("2024-02", 1, 29), ("2026-12", 1, 31)])
def test_a_month_has_its_days(word: str, first: int, last: int) -> None:
    month = Month.read(word)
    assert (month.first.day, month.last.day, month.word) == (first, last, word)
    assert month.first.month == month.last.month


def test_the_month_before_january_is_december() -> None:
    assert Month(date(2026, 1, 1)).before.word == "2025-12"
    assert Month.read("2026-03").label == "2026 年 3 月"


def test_the_present_month_is_told_up_to_today_any_other_whole() -> None:
    month = Month.read("2026-02")
    assert month.until(date(2026, 2, 10)).last == date(2026, 2, 10)
    assert month.until(date(2026, 2, 10)).named == "月报 2026-02 截至 2026-02-10"
    for today in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 1)):
        assert month.until(today).last == date(2026, 2, 28)
        assert month.until(today).named == "月报 2026-02"


@pytest.mark.parametrize("word", ["2026-3", "2026-13", "0000-01", "2026", "march", "2026-03-01", "２０２６-03"])
def test_what_is_no_month_is_refused_in_words(word: str) -> None:
    with pytest.raises(Invalid, match="应为年月"):
        Month.read(word)
