"""Reading the reference data, and refusing what contradicts itself, saying where."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from shared.reference import rows
from shared.reference.contradictions import agency_faults, matter_faults, region_faults
from shared.reference.findings import Finding, MappingError
from shared.reference.model import Agency, Mapping, Matter, Region, Successor
from shared.reference.rows import Kind, Row, shape_faults

HERE = Path(__file__).parent
NEWEST = HERE / "2022-09-19"

T = TypeVar("T")


def load_mapping(folder: Path | None = None) -> Mapping:
    """The reference data in this folder, or the newest shipped; MappingError with all its faults.

    Rows of the wrong shape are reported first and alone: whatever names them would only repeat it.
    """
    folder = folder or NEWEST
    head, matter_rows = rows.yaml_rows(folder / "matters.yaml", "matters")
    agencies_head, agency_rows = rows.yaml_rows(folder / "agencies.yaml", "agencies")
    region_rows = rows.csv_rows(folder / "regions.csv", list(rows.REGION))
    findings = [*shape_faults(head, rows.MATTERS_HEAD), *_head_faults(agencies_head, head)]
    regions = _made(region_rows, rows.REGION, _region, findings)
    agencies = _made(agency_rows, rows.AGENCY, _agency, findings)
    matters = _made(matter_rows, rows.MATTER, _matter, findings)
    if not findings:
        findings += [*region_faults(regions), *agency_faults(agencies, regions), *matter_faults(matters, agencies)]
    if findings:
        raise MappingError(findings)
    return Mapping(
        version=head.values["version"],
        effective_from=head.values["effective_from"],
        matters={matter.ref: matter for _, matter in matters},
        agencies={agency.code: agency for _, agency in agencies},
        regions={region.code: region for _, region in regions},
    )


def _head_faults(agencies: Row, matters: Row) -> Iterable[Finding]:
    yield from shape_faults(agencies, rows.HEAD)
    if agencies.values.get("version") != matters.values.get("version"):
        yield agencies.fault(f"version 与 {matters.file} 的 {matters.values.get('version')} 不同")


def _made(
    found: list[Row], shape: dict[str, Kind], make: Callable[..., T], findings: list[Finding]
) -> list[tuple[Row, T]]:
    """The rows of the right shape as what they mean; the faults of the others go to `findings`."""
    made = []
    for row in found:
        faults = list(shape_faults(row, shape))
        findings += faults
        if not faults:
            made.append((row, make(**row.values)))
    return made


def _region(code: str, name: str, level: Any, parent: str) -> Region:
    return Region(code, name, level, parent or None)


def _agency(
    code: str, name: str, level: str, region: str, aliases: list[str], successors: Iterable[dict[str, Any]] = ()
) -> Agency:
    heirs = tuple(Successor(heir["code"], heir["name"], heir["from"]) for heir in successors)
    return Agency(code, name, level, region, tuple(aliases), heirs)


def _matter(leads: list[str], participants: list[str], **values: Any) -> Matter:
    return Matter(leads=tuple(leads), participants=tuple(participants), **values)
