"""Reading the reference data, and refusing what contradicts itself, saying where."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shared.errors import YousuError
from shared.reference.model import FALLBACK, LAST_RESORT, PROVINCE, Agency, Mapping, Matter, Region, Successor

HERE = Path(__file__).parent
NEWEST = HERE / "2022-09-19"


class MappingError(YousuError):
    """A folder of reference data that contradicts itself; `findings` name file, line and reason."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class _Lines(yaml.SafeLoader):
    """Keeps the line of every mapping, for messages a clerk can follow."""


def _with_line(loader: _Lines, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return {**found, "_line": node.start_mark.line + 1}


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _with_line)


@cache
def current() -> Mapping:
    """The version in force."""
    return load_mapping(NEWEST)


def load_mapping(folder: Path) -> Mapping:
    """The reference data in this folder; MappingError with every contradiction found."""
    findings: list[str] = []
    head = _yaml(folder / "matters.yaml")
    regions = _each(_regions(folder / "regions.csv"), _region, findings)
    agencies = _each(_rows(folder / "agencies.yaml", "agencies"), _agency, findings)
    matters = _each(_rows(folder / "matters.yaml", "matters"), _matter, findings)
    findings += [*_region_faults(regions), *_agency_faults(agencies, regions), *_matter_faults(matters, agencies)]
    if findings:
        raise MappingError(findings)
    return Mapping(
        version=head["version"],
        effective_from=head["effective_from"],
        matters={matter.ref: matter for _, matter in matters},
        agencies={agency.code: agency for _, agency in agencies},
        regions={region.code: region for _, region in regions},
    )


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Lines)  # noqa: S506 (a SafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise MappingError([f"{path.name}: {error}"]) from error
    if not isinstance(found, dict):
        raise MappingError([f"{path.name}: 应为一组键值"])
    return found


def _rows(path: Path, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in _yaml(path).get(key) or []:
        yield f"{path.name} 第 {row.pop('_line')} 行", row


def _regions(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            yield f"{path.name} 第 {line} 行", row


def _each(rows: Iterator[Any], make: Callable[..., Any], findings: list[str]) -> list[tuple[str, Any]]:
    made = []
    for where, row in rows:
        try:
            made.append((where, make(**row)))
        except (TypeError, ValueError) as error:
            findings.append(f"{where}：{error}")
    return made


def _region(code: str, name: str, level: Any, parent: str) -> Region:
    return Region(code, name, level, parent or None)


def _agency(
    code: str, name: str, level: str, region: str, aliases: Any = (), successors: Any = (), **more: Any
) -> Agency:
    if more:
        raise ValueError(f"没有这些字段：{'、'.join(more)}")
    heirs = tuple(Successor(s["code"], s["name"], s["from"]) for s in successors)
    return Agency(code, name, level, region, tuple(aliases), heirs)


def _matter(leads: Any, participants: Any, fields: Any = None, **row: Any) -> Matter:
    words = {word: code for word, code in (fields or {}).items() if word != "_line"}
    return Matter(leads=tuple(leads), participants=tuple(participants), fields=words, **row)


def _twice(rows: list[tuple[str, Any]], key: Callable[[Any], str], what: str) -> Iterator[str]:
    counted = Counter(key(row) for _, row in rows)
    for where, row in rows:
        if counted[key(row)] > 1:
            yield f"{where}：{what} {key(row)} 重复"


def _region_faults(rows: list[tuple[str, Region]]) -> Iterator[str]:
    yield from _twice(rows, lambda r: r.code, "区划代码")
    codes = {region.code for _, region in rows}
    for where, region in rows:
        if region.code != PROVINCE and region.parent not in codes:
            yield f"{where}：上级区划 {region.parent} 不存在"


def _agency_faults(rows: list[tuple[str, Agency]], regions: list[tuple[str, Region]]) -> Iterator[str]:
    yield from _twice(rows, lambda a: a.code, "单位代码")
    names = Counter(name for _, agency in rows for name in {agency.name, *agency.aliases})
    codes = {region.code for _, region in regions}
    for where, agency in rows:
        for name in {agency.name, *agency.aliases}:
            if names[name] > 1:
                yield f"{where}：名称 {name} 指向多个单位"
        if agency.region not in codes:
            yield f"{where}：区划 {agency.region} 不存在"
    known = {agency.code for _, agency in rows}
    for where, region in regions:
        if region.level == "city" and f"{region.code}-yshj" not in known:
            yield f"{where}：{region.name} 没有营商环境办公室 {region.code}-yshj"
    for code in {FALLBACK, LAST_RESORT} - known:
        yield f"agencies.yaml：缺少兜底单位 {code}"


def _matter_faults(rows: list[tuple[str, Matter]], agencies: list[tuple[str, Agency]]) -> Iterator[str]:
    yield from _twice(rows, lambda m: m.ref, "事项")
    known = {agency.code for _, agency in agencies}
    refs = {matter.ref for _, matter in rows}
    for where, matter in rows:
        if matter.ref != f"{matter.item}.{matter.column}.{matter.sequence}":
            yield f"{where}：事项编号 {matter.ref} 与 item、column、sequence 不符"
        if matter.sequence > 1 and f"{matter.item}.{matter.column}.{matter.sequence - 1}" not in refs:
            yield f"{where}：事项 {matter.ref} 之前缺号"
        for code in (*matter.leads, *matter.participants, *matter.fields.values()):
            if code not in known:
                yield f"{where}：单位代码 {code} 不在 agencies.yaml 中"
        if (reason := _form_fault(matter)) is not None:
            yield f"{where}：{reason}"


def _form_fault(matter: Matter) -> str | None:
    """Why the named agencies do not fit the form of responsibility, if they do not."""
    expected = {
        "lead": len(matter.leads) == 1 and not matter.participants,
        "joint": len(matter.leads) > 1 and not matter.participants,
        "lead_with_participants": bool(matter.leads) and bool(matter.participants),
        "nobody": not matter.leads and matter.local,
        "by_field": not matter.leads and bool(matter.fields),
    }
    if matter.form not in expected:
        return f"form {matter.form} 不在 {'、'.join(expected)} 之中"
    if not expected[matter.form]:
        return f"form {matter.form} 与 leads、participants、local、fields 不符"
    return None if matter.local == (matter.form == "nobody") else "只有 form 为 nobody 的事项才是 local"
