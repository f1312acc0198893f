"""Filing in bulk goes on where it was interrupted and says which rows were refused, and why."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from services.yousu import bulk
from shared.client import Client
from tests.conftest import free_port
from tests.integration.system import System
from tests.samples import complaint


@pytest.fixture
def quiet() -> Console:
    return Console(quiet=True)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, bodies: list[Any]) -> Path:
    path.write_text("".join(json.dumps(b, ensure_ascii=False) + "\n" for b in bodies), encoding="utf-8")
    return path


async def file(path: Path, system: System, out: Console) -> int:
    """What the command does, its client speaking to the system in memory."""
    async with system.client() as client:
        return await bulk.file_all(path, client, out)


async def filed_in(system: System) -> int:
    async with system.service("intake").database.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM complaint"))).scalar_one())


async def test_good_rows_are_filed_and_bad_ones_reported_with_line_and_reason(
    system: System, tmp_path: Path, quiet: Console
) -> None:
    path = write(tmp_path / "c.jsonl", [complaint(1), complaint(2, region="999999"), complaint(3)])
    path.write_text(path.read_text(encoding="utf-8") + "{not json\n", encoding="utf-8")
    assert await file(path, system, quiet) == 2
    assert [entry["line"] for entry in lines(tmp_path / "c.jsonl.filed.jsonl")] == [1, 3]
    refused = lines(tmp_path / "c.jsonl.refused.jsonl")
    assert {entry["line"] for entry in refused} == {2, 4}
    assert any("行政区划代码" in entry["reason"] for entry in refused)


async def test_a_second_run_files_only_what_is_missing(system: System, tmp_path: Path, quiet: Console) -> None:
    path = write(tmp_path / "c.jsonl", [complaint(seed) for seed in range(10)])
    await file(path, system, quiet)
    ledger = tmp_path / "c.jsonl.filed.jsonl"
    kept = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    ledger.write_text("".join(kept[:4]) + kept[4][:20], encoding="utf-8")
    assert await file(path, system, quiet) == 0
    assert await filed_in(system) == 10
    assert len({entry["number"] for entry in map(bulk._whole, ledger.read_text().splitlines()) if entry}) == 10


async def test_a_spreadsheet_with_a_byte_order_mark_is_read(system: System, tmp_path: Path, quiet: Console) -> None:
    path, body = tmp_path / "c.csv", complaint(5, confidential=True)
    row = {f"enterprise.{k}": v for k, v in body.pop("enterprise").items()}
    row |= {f"contact.{k}": v for k, v in body.pop("contact").items()} | body | {"confidential": "是"}
    with path.open("w", encoding="utf-8-sig", newline="") as sheet:
        writer = csv.DictWriter(sheet, list(row))
        writer.writeheader()
        writer.writerow(row)
    assert await file(path, system, quiet) == 0
    assert await filed_in(system) == 1


async def test_without_an_answer_the_run_ends_with_the_row_and_can_go_on(
    system: System, tmp_path: Path, quiet: Console
) -> None:
    path = write(tmp_path / "c.jsonl", [complaint(1)])
    async with Client(f"http://127.0.0.1:{free_port()}") as nobody:
        with pytest.raises(bulk.Unanswered, match="第 1 行"):
            await bulk.file_all(path, nobody, quiet, tries=2)
    assert not (tmp_path / "c.jsonl.filed.jsonl").exists()
    assert await file(path, system, quiet) == 0
    assert await filed_in(system) == 1
