"""What no database keeps, and what no log repeats."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db import Database
from shared.web.problems import UNEXPLAINED, field_errors
from shared.web.storable import fault


@pytest.mark.parametrize("kept", ["", "合同", "👾", "\u202e款\u202c", "\n\t", "\ufffd", "\\u0000"])
def test_a_text_that_people_write_can_be_kept(kept: str) -> None:
    assert fault(kept) is None


@pytest.mark.parametrize(("lost", "named"), [("合\x00同", "U+0000"), ("\ud800", "U+D800"), ("合\udfff", "U+DFFF")])
def test_a_text_that_no_database_keeps_is_named_by_its_character(lost: str, named: str) -> None:
    assert named in str(fault(lost))


async def test_an_error_of_the_database_repeats_no_value(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    with pytest.raises(DBAPIError) as raised:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:phone)"), {"phone": "13803711234"})
    await database.close()
    assert "nowhere" in str(raised.value)
    assert "13803711234" not in f"{raised.value} {raised.value!r}"


@pytest.mark.parametrize(
    ("kind", "context", "reason"),
    [
        ("literal_error", {"expected": "'a', 'b' or 'c'"}, "应为其中之一：'a'、'b'、'c'"),
        ("too_short", {"min_length": 1, "field_type": "List"}, "太少，至少 1 项"),
        ("too_short", {"min_length": 4, "field_type": "Value"}, "太短，至少 4 个字"),
        ("value_error", {"error": ValueError("长" * 5000)}, f"{'长' * 400}…"),
        ("of_tomorrow", {}, UNEXPLAINED),
    ],
)
def test_a_reason_is_said_in_chinese_and_no_longer_than_can_be_read(
    kind: str, context: dict[str, Any], reason: str
) -> None:
    (told,) = field_errors([{"type": kind, "loc": ("body", "k" * 5000), "ctx": context}])
    assert (told.field, told.reason) == (f"{'k' * 100}…", reason)
