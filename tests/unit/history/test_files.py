"""A file of earlier records is read as spreadsheets write it, and what cannot be read is told with its line."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from services.tracker.api import records
from services.tracker.domain.history import FIELDS, Past
from services.tracker.domain.history_faults import faults
from services.yousu.history.bringing import MOST, MOST_BYTES, batches
from services.yousu.history.reading import Fault, Line, Unreadable, read, template_text
from tests.unit.history.test_records import NOW

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str | bytes, name: str = "cases.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_csv_gives_its_lines_without_what_is_empty(tmp_path: Path) -> None:
    lines, faults = read(written(tmp_path, 'number,title,met\n1, 标题 ,\n,,\n2,"两\n行",是\n'))
    assert lines == [
        Line(2, {"number": "1", "title": "标题"}),
        Line(5, {"number": "2", "title": "两\n行", "met": "是"}),
    ]
    assert faults == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_columns_go_by_their_chinese_names_and_in_the_encodings_of_chinese_desks(encoding: str, tmp_path: Path) -> None:
    lines, _ = read(written(tmp_path, "原编号,标题,收到时间\n甲1,工程款,2022-03-01\n".encode(encoding)))
    assert lines == [Line(2, {"number": "甲1", "title": "工程款", "filed_at": "2022-03-01"})]


def test_a_jsonl_gives_its_objects_and_says_which_line_is_none(tmp_path: Path) -> None:
    text = json.dumps({"number": "1", "met": True, "grade": None}) + '\n\n{"number": \n[1]\n'
    lines, faults = read(written(tmp_path, text, "cases.jsonl"))
    assert lines == [Line(1, {"number": "1", "met": True})]
    assert [(fault.line, fault.field) for fault in faults] == [(3, "body"), (4, "body")]


def test_a_line_with_more_cells_than_the_header_is_a_fault(tmp_path: Path) -> None:
    lines, faults = read(written(tmp_path, "number,title\n1,标题,多余\n"))
    assert (lines, [(fault.line, fault.field) for fault in faults]) == ([], [(2, "body")])


def test_the_same_number_twice_is_a_fault_of_the_second(tmp_path: Path) -> None:
    _, faults = read(written(tmp_path, "number,title\n1,甲\n2,乙\n1,丙\n"))
    assert faults == [Fault(4, "number", "与第 2 行的编号 1 重复；一个办件一行")]


@pytest.mark.parametrize(
    ("text", "says"),
    [("number,颜色\n", "没有这些列：颜色"), ("number,number\n", "列名重复：number"), (b"\xff\xfe\xff", "GB 18030")],
)
def test_a_file_that_is_no_table_of_cases_says_why(text: str | bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=says):
        read(written(tmp_path, text))


def test_batches_hold_no_more_than_the_service_takes() -> None:
    small = [Line(n, {"number": str(n)}) for n in range(MOST + 1)]
    assert [len(batch) for batch in batches(small)] == [MOST, 1]
    large = [Line(n, {"reply": "字" * (MOST_BYTES // 7)}) for n in range(5)]
    assert [len(batch) for batch in batches(large)] == [2, 2, 1]
    assert [one for batch in batches(large) for one in batch] == large


@pytest.mark.parametrize("text", [template_text(), (ROOT / "examples" / "cases.csv").read_text("utf-8-sig")])
def test_the_template_and_the_example_hold_every_column_and_no_fault(text: str) -> None:
    sheet = csv.DictReader(io.StringIO(text))
    assert list(sheet.fieldnames or ()) == list(FIELDS)
    for row in sheet:
        past = records.read({name: value for name, value in row.items() if value})
        assert isinstance(past, Past), past
        assert faults(past, NOW) == []


def test_every_column_is_in_the_docs_with_its_name_and_nothing_else() -> None:
    text = (ROOT / "docs" / "architecture" / "import.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \| (\S+) \|", text, re.MULTILINE) == list(FIELDS.items())
