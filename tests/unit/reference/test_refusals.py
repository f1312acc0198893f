"""A folder of reference data that contradicts itself is refused, with the place and the reason."""

import re
import shutil
from pathlib import Path

import pytest

from shared.reference import MappingError, load_mapping
from shared.reference.load import NEWEST

AGENCIES, MATTERS, REGIONS = "agencies.yaml", "matters.yaml", "regions.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped data, to be spoilt."""
    return Path(shutil.copytree(NEWEST, tmp_path / "version"))


def _spoil(folder: Path, file: str, old: str, new: str) -> int:
    """Replace the first `old`; the line it stood in."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


#: file, what is replaced, by what, and the reason given
SPOILT = [
    (MATTERS, "leads: [hn-zrzy]", "leads: [hn-zrzi]", "单位代码 hn-zrzi 不在 agencies.yaml 中"),
    (MATTERS, "ref: 6.problem.3,", "ref: 6.problem.9,", "事项编号 6.problem.9 与 item、column、sequence 不符"),
    (MATTERS, "ref: 1.opinion.2, ", "ref: 1.opinion.1, ", "事项 1.opinion.1 重复，第 8 行已用"),
    (
        MATTERS,
        "form: nobody, leads: []",
        "form: nobody, leads: [hn-fgw]",
        "form nobody 与 leads、participants、fields 不符",
    ),
    (MATTERS, "form: joint", "form: lead", "form lead 与 leads、participants、fields 不符"),
    (MATTERS, "form: joint", "form: shared", "form shared 不在 lead、joint、"),
    (MATTERS, "local: true", "local: false", "form 为 nobody 的事项 local 为 true"),
    (MATTERS, "local: true", "local: yes please", "字段 local 应为true 或 false，现为 'yes please'"),
    (MATTERS, "title: 离任审计", f"title: {'长' * 25}", "title 有 25 个字"),
    (MATTERS, "title: 离任审计", "title: ''", "字段 title 应为文字"),
    (MATTERS, "title: 离任审计, ", "", "缺少字段 title"),
    (MATTERS, "title: 离任审计", "titel: 离任审计", "没有 titel 这个字段"),
    (MATTERS, "title: 离任审计", "title: 离任审计, title: 审计", "键 title 重复"),
    (MATTERS, "section: 5", "section: 6", "section 6 不在 1 至 5 之中"),
    (MATTERS, "column: opinion", "column: opinions", "column opinions 不在 problem、opinion 之中"),
    (MATTERS, "[hn-fgw, hn-swt, hn-gsl]", "[hn-fgw, hn-swt, hn-fgw]", "单位代码 hn-fgw 写了 2 次"),
    (MATTERS, "土地: hn-zrzy", "土地: hn-jtt", "form by_field 与 leads、participants、fields 不符"),
    (MATTERS, "arrears: true", "fields: {账款: hn-gxt}", "只有 form 为 by_field 的事项才有 fields"),
    (AGENCIES, "省发改委]", "省财政厅]", "单位名称 财政厅 重复"),
    (AGENCIES, "{code: hn-czt,", "{code: hn-fgw,", "单位代码 hn-fgw 重复"),
    (AGENCIES, "{code: nfra-hn,", "{code: hn-fgw,", "单位代码 hn-fgw 重复"),
    (AGENCIES, "{code: hn-gsl,", "{code: HN-GSL,", "单位代码 HN-GSL 只能用小写字母、数字和连字符"),
    (AGENCIES, 'region: "410300"', 'region: "410399"', "区划 410399 不存在"),
    (AGENCIES, 'region: "410300"', "region: 410300", "字段 region 应为文字，现为 410300"),
    (AGENCIES, 'level: city, region: "410300"', 'level: city, region: "410302"', "区划 410302 却是 county"),
    (AGENCIES, "level: city", "level: town", "level town 不在 province、city 之中"),
    (AGENCIES, "from: 2023-08-18", "from: 二〇二三年", "字段 successors 应为承接单位的列表"),
    (REGIONS, "中原区,county,410100", "中原区,county,410199", "上级区划 410199 不存在"),
    (REGIONS, "中原区,county,410100", "中原区,county,410000", "county 的上级应为 city，410000 是 province"),
    (REGIONS, "中原区,county", "中原区,district", "level district 不在 province、"),
    (REGIONS, "410102,中原区", "410103,中原区", "区划代码 410103 重复"),
    (REGIONS, "410102,中原区", "41010,中原区", "区划代码 41010 应为 41 开头的 6 位数字"),
    (REGIONS, "410102,中原区,county,410100", "410102,中原区", "字段 level 应为文字，现为 None"),
]


def _cannot_be_placed(reason: str) -> bool:
    """Findings about a repetition stand at the later of the two rows, wherever the spoilt one is."""
    return "重复" in reason and "键" not in reason


@pytest.mark.parametrize(("file", "old", "new", "reason"), SPOILT, ids=[reason for *_, reason in SPOILT])
def test_a_contradiction_is_refused_with_its_line_and_reason(
    folder: Path, file: str, old: str, new: str, reason: str
) -> None:
    line = _spoil(folder, file, old, new)
    with pytest.raises(MappingError, match=re.escape(reason)) as refused:
        load_mapping(folder)
    placed = [finding.where for finding in refused.value.findings if finding.file == file and reason in finding.reason]
    assert len(placed) == 1
    if not _cannot_be_placed(reason):
        assert placed == [f"第 {line} 行"]


@pytest.mark.parametrize(
    ("file", "old", "reason"),
    [
        (AGENCIES, "  - {code: 419001-yshj,", "济源产城融合示范区没有营商环境办公室，agencies.yaml 应有 419001-yshj"),
        (AGENCIES, "  - {code: hn-zfb,", "缺少兜底单位 hn-zfb"),
        (REGIONS, "410000,河南省,province,", "缺少 410000 河南省"),
        (MATTERS, "  - {ref: 6.problem.2,", "事项 6.problem.3 之前缺 6.problem.2"),
    ],
)
def test_what_is_missing_is_named(folder: Path, file: str, old: str, reason: str) -> None:
    path = folder / file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(old)), encoding="utf-8")
    with pytest.raises(MappingError, match=re.escape(reason)):
        load_mapping(folder)


def test_all_contradictions_are_told_at_once(folder: Path) -> None:
    _spoil(folder, MATTERS, "leads: [hn-zrzy]", "leads: [hn-zrzi]")
    _spoil(folder, MATTERS, "section: 5", "section: 6")
    _spoil(folder, REGIONS, "中原区,county,410100", "中原区,county,410199")
    with pytest.raises(MappingError) as refused:
        load_mapping(folder)
    assert {(finding.file, finding.reason) for finding in refused.value.findings} == {
        (MATTERS, "单位代码 hn-zrzi 不在 agencies.yaml 中"),
        (MATTERS, "section 6 不在 1 至 5 之中"),
        (REGIONS, "上级区划 410199 不存在"),
    }


def test_two_files_of_different_versions_are_refused(folder: Path) -> None:
    _spoil(folder, AGENCIES, 'version: "2022-09-19"', 'version: "2023-01-01"')
    with pytest.raises(MappingError, match=r"agencies\.yaml .*version 与 matters\.yaml 的 2022-09-19 不同"):
        load_mapping(folder)


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        (MATTERS, "matters: [", "matters.yaml 第 1 行：不是合格的 YAML"),
        (MATTERS, "version: x\n", "matters.yaml：应有 matters，其下每项为一组键值"),
        (MATTERS, "- a\n- b\n", "matters.yaml：应有 matters，其下每项为一组键值"),
        (AGENCIES, "", "agencies.yaml：应有 agencies，其下每项为一组键值"),
        (REGIONS, "code,name,parent\n", "regions.csv 第 1 行：列应为 code,name,level,parent"),
    ],
)
def test_a_file_of_another_shape_is_refused(folder: Path, file: str, text: str, reason: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=re.escape(reason)):
        load_mapping(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / REGIONS).unlink()
    with pytest.raises(MappingError, match=r"regions\.csv：无法读取"):
        load_mapping(folder)


def test_the_shipped_version_contradicts_nothing(folder: Path) -> None:
    assert load_mapping(folder) == load_mapping()
