"""Writing Excel row by row into a file, never the whole book in memory; a text stays a text however it begins."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.tracker.exports.columns import Column, Kind, Value
from shared.clock import in_shanghai

#: Rows that a sheet of Excel can hold, its headings among them; what is more goes on in another sheet.
SHEET_ROWS = 1_048_576
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    # Their dates have no zone; all are told in the civil time of China.
    "remove_timezone": True,
}
_FORMATS: dict[Kind, str] = {"count": "0", "yuan": "#,##0.00", "rate": "0.00%", "moment": "yyyy-mm-dd hh:mm"}


class Workbook:
    """A book that is written from the top to the bottom, sheet after sheet."""

    def __init__(self, file: IO[bytes], *, sheet_rows: int = SHEET_ROWS) -> None:
        self._book = xlsxwriter.Workbook(file, _OPTIONS)
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._sheet_rows = sheet_rows
        self._columns: Sequence[Column[Any]] = ()
        self._formatted: Sequence[tuple[int, Column[Any], Format | None]] = ()
        self._name, self._again, self._at = "", 0, 0
        self._sheet: Worksheet

    def sheet(self, name: str, columns: Sequence[Column[Any]]) -> None:
        """Begin a sheet with these columns."""
        self._name, self._columns, self._again = name, columns, 1
        self._formatted = [(place, column, self._formats.get(column.kind)) for place, column in enumerate(columns)]
        self._begin(name)

    def _begin(self, name: str) -> None:
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 1)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.heading, self._bold)
        self._at = 1

    def write(self, told: Iterable[Any]) -> None:
        """These rows, after those before."""
        for one in told:
            if self._at == self._sheet_rows:
                self._again += 1
                self._begin(f"{self._name}（{self._again}）")
            for place, column, style in self._formatted:
                self._cell(place, column.of(one), style)
            self._at += 1

    def _cell(self, place: int, value: Value, style: Format | None) -> None:
        match value:
            case None | "":
                return
            case str():
                self._sheet.write_string(self._at, place, value)
            case datetime():
                self._sheet.write_datetime(self._at, place, in_shanghai(value), style)
            case _:
                self._sheet.write_number(self._at, place, value, style)

    def close(self) -> None:
        """Put the sheets together into the file."""
        self._book.close()
