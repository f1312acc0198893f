"""A file of cases, line by line, and what in it cannot be read."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.tracker.domain.history import FIELDS

_LABELS = {label: name for name, label in FIELDS.items()}
#: A case that ended, and one that is open.
_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "number": "豫诉2022-0001",
        "title": "镇政府拖欠道路工程款",
        "region": "410102",
        "matter": "6.problem.4",
        "class": "arrears",
        "filed_at": "2022-03-01 09:30",
        "assigned_at": "2022-03-01 15:00",
        "lead_agency": "hn-gxt",
        "co_agencies": "hn-czt",
        "accepted_at": "2022-03-02",
        "contacted_at": "2022-03-03",
        "replied_at": "2022-03-04",
        "reply": "已与镇政府核实，分两期支付。",
        "met": "是",
        "claimed": "1260000.00",
        "verified": "1200000.00",
        "repaid": "600000.00",
        "under_agreement": "600000.00",
        "stood_at": "2022-03-20",
        "evidence": "还款协议",
        "resolved_at": "2022-03-21",
        "rated_at": "2022-03-25",
        "grade": "满意",
        "solved": "是",
    },
    {
        "number": "豫诉2022-0002",
        "title": "用地手续迟迟不办",
        "region": "洛阳市",
        "filed_at": "2022-09-13",
        "assigned_at": "2022-09-14",
        "lead_agency": "省自然资源厅",
        "accepted_at": "2022-09-14",
    },
)


class Unreadable(Exception):
    """The file is no table of cases; says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the file and the line where it ends."""

    line: int
    case: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line: the field, why, and what would be right."""

    line: int
    field: str
    reason: str


def template_text() -> str:
    """The header of a file with two examples."""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(FIELDS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_EXAMPLES)
    return sheet.getvalue()


def read(path: Path) -> tuple[list[Line], list[Fault]]:
    """The cases of a .csv (its header names the fields, in English or Chinese) or a .jsonl, and what cannot be read."""
    text = _decoded(path.read_bytes())
    lines, faults = _rows(text) if path.suffix.lower() == ".csv" else _objects(text)
    return lines, faults + list(_twice(lines))


def _decoded(data: bytes) -> str:
    """UTF-8, or what a spreadsheet on a Chinese desk writes."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文件不是 UTF-8 或 GB 18030 编码的文本；请另存为 CSV UTF-8")


def _rows(text: str) -> tuple[list[Line], list[Fault]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = [(name or "").strip() for name in reader.fieldnames or ()]
    names = [_LABELS.get(name, name) for name in header]
    if unknown := [name for name in names if name not in FIELDS]:
        raise Unreadable(f"第 1 行：没有这些列：{'、'.join(unknown)}；列名见 yousu import --template")
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise Unreadable(f"第 1 行：列名重复：{'、'.join(double)}")
    reader.fieldnames = names
    lines, faults = [], []
    for row in reader:
        if row.pop(None, None):
            faults.append(Fault(reader.line_num, "body", f"多于表头的 {len(names)} 列；含逗号的内容应加引号"))
            continue
        case = {name: value.strip() for name, value in row.items() if value and value.strip()}
        if case:
            lines.append(Line(reader.line_num, case))
    return lines, faults


def _objects(text: str) -> tuple[list[Line], list[Fault]]:
    lines, faults = [], []
    for number, one in enumerate(text.splitlines(), start=1):
        if not one.strip():
            continue
        try:
            case = json.loads(one)
        except ValueError as error:
            faults.append(Fault(number, "body", f"不是合法的 JSON：{error}"))
            continue
        if isinstance(case, dict):
            lines.append(Line(number, {name: value for name, value in case.items() if value is not None}))
        else:
            faults.append(Fault(number, "body", '应为一个对象，例如 {"number": …}'))
    return lines, faults


def _twice(lines: Sequence[Line]) -> Iterator[Fault]:
    seen: dict[Any, int] = {}
    for one in lines:
        number = str(one.case.get("number", ""))
        if number and number in seen:
            yield Fault(one.line, "number", f"与第 {seen[number]} 行的编号 {number} 重复；一个办件一行")
        seen.setdefault(number, one.line)
