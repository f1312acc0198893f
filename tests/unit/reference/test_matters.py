"""The 76 matters say what 附件 1 says: compared with a digest always, with the report itself where it is at hand."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from shared.reference import Mapping, current

DIGEST = Path(__file__).parent / "annex-1.tsv"
EVERYBODY = "各地各部门"
#: The report's own wording; a title of ours may share a term with it, not a clause.
CLAUSE_LENGTH = 12
#: Who leads, who takes part, and whether everybody else is named too.
Responsible = tuple[tuple[str, ...], tuple[str, ...], bool]


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return current()


def _digest() -> dict[str, str]:
    with DIGEST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {f"{row['item']}.{row['column']}.{row['sequence']}": row["responsible"] for row in rows}


def _responsible(mapping: Mapping) -> dict[str, Responsible]:
    return {m.ref: (m.leads, m.participants, m.form != "by_field") for m in mapping.matters.values()}


def _as_read(responsible: str, mapping: Mapping) -> Responsible:
    before, led, after = responsible.rpartition("牵头")
    rest = after if led else responsible
    return _codes(before, mapping), _codes(rest, mapping), EVERYBODY in rest


def _codes(text: str, mapping: Mapping) -> tuple[str, ...]:
    """The agencies named in this text, in their order; every other word must be one of the set phrases."""
    words = re.split(r"[、，,]|及(?=各地)|等部门|按职责分工|负责", text)
    named = [word for word in words if word and word != EVERYBODY]
    found = [mapping.find_agency(name) for name in named]
    assert None not in found, f"no agency goes by one of {named}"
    return tuple(agency.code for agency in found if agency)


def test_every_matter_names_whom_the_digest_names(mapping: Mapping) -> None:
    read = {ref: _as_read(responsible, mapping) for ref, responsible in _digest().items()}
    assert _responsible(mapping) == read


def _cells(report: str) -> list[tuple[int, str, str]]:
    """Item, column and text of every cell of the table in 附件 1 that states problems or opinions."""
    table = report.split("整改情况汇总表\n")[1].split("\n## ", 1)[0]
    cells, item = [], 0
    for line in table.splitlines():
        columns = line.split("\t")
        if len(columns) < 4:
            continue
        item = int(columns[0]) if columns[0].strip().isdecimal() else item
        cells += [(item, "problem", columns[1]), (item, "opinion", columns[2])]
    return cells


def _statements(report: str) -> dict[str, str]:
    """Who is responsible, by ref: the last brackets before each 负责 that closes a statement."""
    seen: Counter[tuple[int, str]] = Counter()
    found = {}
    for item, column, text in _cells(report):
        for closing in re.finditer(r"负责[）)]", re.sub(r"</?[a-z]+>", "", text)):
            cell = closing.string[: closing.end() - 1]
            seen[item, column] += 1
            found[f"{item}.{column}.{seen[item, column]}"] = re.split("[（(]", cell)[-1]
    return found


def test_the_digest_is_what_the_report_says(report: Path) -> None:
    read = {ref: text.replace(",", "，") for ref, text in _statements(report.read_text(encoding="utf-8")).items()}
    assert _digest() == read


def test_every_matter_names_whom_the_report_names(report: Path, mapping: Mapping) -> None:
    statements = _statements(report.read_text(encoding="utf-8"))
    read = {ref: _as_read(responsible, mapping) for ref, responsible in statements.items()}
    assert _responsible(mapping) == read


def test_no_title_is_a_clause_of_the_report(report: Path, mapping: Mapping) -> None:
    text = re.sub(r"</?[a-z]+>", "", report.read_text(encoding="utf-8"))
    assert [m.title for m in mapping.matters.values() if len(m.title) >= CLAUSE_LENGTH and m.title in text] == []


def test_there_are_76_matters_36_problems_and_40_opinions(mapping: Mapping) -> None:
    columns = Counter(matter.column for matter in mapping.matters.values())
    assert (len(mapping.matters), columns) == (76, {"problem": 36, "opinion": 40})


def test_the_matters_stand_in_17_items_and_5_sections(mapping: Mapping) -> None:
    sections = {(matter.item, matter.section) for matter in mapping.matters.values()}
    assert sorted(sections) == [
        *((item, 1) for item in range(1, 4)),
        *((item, 2) for item in range(4, 8)),
        *((item, 3) for item in range(8, 13)),
        *((item, 4) for item in range(13, 17)),
        (17, 5),
    ]


def test_they_name_32_agencies(mapping: Mapping) -> None:
    named = {code for m in mapping.matters.values() for code in (*m.leads, *m.participants)}
    assert len(named) == 32


def test_every_form_of_responsibility_occurs(mapping: Mapping) -> None:
    forms = Counter(matter.form for matter in mapping.matters.values())
    assert forms == {"joint": 36, "lead": 27, "nobody": 8, "lead_with_participants": 4, "by_field": 1}


def test_every_title_differs_from_the_others(mapping: Mapping) -> None:
    titles = Counter(matter.title for matter in mapping.matters.values())
    assert [title for title, times in titles.items() if times > 1] == []


def test_only_unpaid_accounts_are_arrears(mapping: Mapping) -> None:
    assert [m.ref for m in mapping.matters.values() if m.arrears] == ["6.problem.3", "6.problem.4"]


def test_the_leading_group_leads_the_project_first_opinion(mapping: Mapping) -> None:
    assert [mapping.agency(code).name for code in mapping.matter("1.opinion.3").leads] == ["省优化营商环境领导小组"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("土地", "省自然资源厅"),
        ("环保", "省生态环境厅"),
        ("规划", "省住房城乡建设厅"),
        ("建设", "省住房城乡建设厅"),
        ("消防", "省住房城乡建设厅"),
        ("安全", "省应急管理厅"),
        ("投资", "省发展改革委"),
        ("网办", "省大数据局"),
    ],
)
def test_each_field_of_the_ninth_item_has_its_agency(word: str, name: str, mapping: Mapping) -> None:
    assert mapping.agency(mapping.matter("9.problem.3").fields[word]).name == name
