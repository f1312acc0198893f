"""What in the reference data contradicts itself; each function yields every case it finds."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from shared.reference.findings import Finding
from shared.reference.model import (
    ABOVE_ALL,
    FALLBACK,
    LAST_RESORT,
    PROVINCE,
    Agency,
    Matter,
    Region,
    office_code,
    plain_name,
)
from shared.reference.rows import Row

T = TypeVar("T")
Placed = Sequence[tuple[Row, T]]

AGENCY_CODE = re.compile(r"[a-z0-9-]+")
REGION_CODE = re.compile(r"41[0-9]{4}")
TITLE_LENGTH = 24
SECTIONS = range(1, 6)
COLUMNS = ("problem", "opinion")
LEVELS = ("province", "city")
#: The level a division lies in, by its own.
PARENT_LEVEL = {"city": "province", "county": "city", "zone": "city"}


def region_faults(regions: Placed[Region]) -> Iterator[Finding]:
    """Divisions named twice, or that lie in nothing or in the wrong level."""
    yield from _twice(regions, lambda region: [region.code], "区划代码")
    known = {region.code: region for _, region in regions}
    if PROVINCE not in known:
        yield Finding("regions.csv", "", f"缺少 {PROVINCE} 河南省")
    for row, region in regions:
        if not REGION_CODE.fullmatch(region.code):
            yield row.fault(f"区划代码 {region.code} 应为 41 开头的 6 位数字")
        if region.level == "province":
            if region.code != PROVINCE or region.parent:
                yield row.fault(f"province 只有 {PROVINCE} 一个，没有上级")
        elif region.level not in PARENT_LEVEL:
            yield row.fault(f"level {region.level} 不在 province、{'、'.join(PARENT_LEVEL)} 之中")
        elif (parent := known.get(region.parent or "")) is None:
            yield row.fault(f"上级区划 {region.parent} 不存在")
        elif parent.level != PARENT_LEVEL[region.level]:
            yield row.fault(f"{region.level} 的上级应为 {PARENT_LEVEL[region.level]}，{parent.code} 是 {parent.level}")


def agency_faults(agencies: Placed[Agency], regions: Placed[Region]) -> Iterator[Finding]:
    """Agencies that cannot be told apart, that lie nowhere, or that are missing."""
    yield from _twice(agencies, lambda agency: [agency.code, *(s.code for s in agency.successors)], "单位代码")
    yield from _twice(agencies, lambda agency: sorted({plain_name(n) for n in agency.names}), "单位名称")
    levels = {region.code: region.level for _, region in regions}
    for row, agency in agencies:
        if not AGENCY_CODE.fullmatch(agency.code):
            yield row.fault(f"单位代码 {agency.code} 只能用小写字母、数字和连字符")
        if agency.level not in LEVELS:
            yield row.fault(f"level {agency.level} 不在 {'、'.join(LEVELS)} 之中")
        elif agency.region not in levels:
            yield row.fault(f"区划 {agency.region} 不存在")
        elif levels[agency.region] != agency.level:
            yield row.fault(f"level 为 {agency.level}，区划 {agency.region} 却是 {levels[agency.region]}")
    known = {agency.code: agency for _, agency in agencies}
    for row, region in regions:
        if region.level == "city" and office_code(region.code) not in known:
            yield row.fault(f"{region.name}没有营商环境办公室，agencies.yaml 应有 {office_code(region.code)}")
    for code in (FALLBACK, LAST_RESORT, ABOVE_ALL):
        if code not in known:
            yield Finding("agencies.yaml", "", f"缺少兜底单位 {code}")


def matter_faults(matters: Placed[Matter], agencies: Placed[Agency]) -> Iterator[Finding]:
    """Matters numbered wrongly, with unknown agencies, or whose agencies do not fit their form."""
    yield from _twice(matters, lambda matter: [matter.ref], "事项")
    known = {agency.code for _, agency in agencies}
    refs = {matter.ref for _, matter in matters}
    for row, matter in matters:
        for reason in (*_number_faults(matter, refs), *_responsible_faults(matter, known), *_text_faults(matter)):
            yield row.fault(reason)


def _number_faults(matter: Matter, refs: set[str]) -> Iterator[str]:
    if matter.column not in COLUMNS:
        yield f"column {matter.column} 不在 {'、'.join(COLUMNS)} 之中"
    if matter.ref != f"{matter.item}.{matter.column}.{matter.sequence}":
        yield f"事项编号 {matter.ref} 与 item、column、sequence 不符"
    before = f"{matter.item}.{matter.column}.{matter.sequence - 1}"
    if matter.sequence > 1 and before not in refs:
        yield f"事项 {matter.ref} 之前缺 {before}"


def _responsible_faults(matter: Matter, known: set[str]) -> Iterator[str]:
    named = (*matter.leads, *matter.participants)
    for code in dict.fromkeys((*named, *matter.fields.values())):
        if code not in known:
            yield f"单位代码 {code} 不在 agencies.yaml 中"
    for code, times in Counter(named).items():
        if times > 1:
            yield f"单位代码 {code} 写了 {times} 次"
    fits = {
        "lead": len(matter.leads) == 1 and not matter.participants,
        "joint": len(matter.leads) > 1 and not matter.participants,
        "lead_with_participants": bool(matter.leads and matter.participants),
        "nobody": not named,
        "by_field": not matter.leads and set(matter.fields.values()) == set(matter.participants) != set(),
    }
    if matter.form not in fits:
        yield f"form {matter.form} 不在 {'、'.join(fits)} 之中"
    elif not fits[matter.form]:
        yield f"form {matter.form} 与 leads、participants、fields 不符"
    if matter.fields and matter.form != "by_field":
        yield "只有 form 为 by_field 的事项才有 fields"
    if matter.local != (matter.form == "nobody"):
        yield "form 为 nobody 的事项 local 为 true，其他为 false"


def _text_faults(matter: Matter) -> Iterator[str]:
    if len(matter.title) > TITLE_LENGTH:
        yield f"title 有 {len(matter.title)} 个字，不应超过 {TITLE_LENGTH} 个"
    if matter.section not in SECTIONS:
        yield f"section {matter.section} 不在 {SECTIONS[0]} 至 {SECTIONS[-1]} 之中"


def _twice(rows: Placed[Any], keys: Callable[[Any], list[str]], what: str) -> Iterator[Finding]:
    """Every row after the first that claims a key already claimed."""
    first: dict[str, Row] = {}
    for row, value in rows:
        for key in keys(value):
            if key in first:
                yield row.fault(f"{what} {key} 重复，第 {first[key].line} 行已用")
            first.setdefault(key, row)
