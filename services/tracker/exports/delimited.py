"""Writing CSV: one BOM, so that Excel reads the Chinese, and nothing in it that a spreadsheet would compute."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.tracker.exports.columns import Column, Value
from shared.clock import in_shanghai

BOM = "\ufeff"
#: What makes a spreadsheet take a text for a formula when it stands first; the wide ones in a Chinese locale too.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defused(text: str) -> str:
    """The text, never the beginning of a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def head(columns: Sequence[Column[Any]], *before: str) -> str:
    """The line of headings, after the BOM."""
    return BOM + _lines([[*before, *(column.heading for column in columns)]])


def body(columns: Sequence[Column[Any]], told: Iterable[Any], *before: str) -> str:
    """These rows as lines."""
    return _lines([*before, *(_word(column.of(one), column.kind) for column in columns)] for one in told)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _word(value: Value, kind: str) -> str:
    match value:
        case None:
            return ""
        case str():
            return defused(value)
        case datetime():
            return f"{in_shanghai(value):%Y-%m-%d %H:%M}"
        case float() | Decimal() if kind == "rate":
            return f"{100 * value:.2f}%"
        case float() | Decimal() if kind == "yuan":
            return f"{value:.2f}"
        case _:
            return str(value)
