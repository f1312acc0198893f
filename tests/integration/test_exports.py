"""Files of cases and of the bulletin: all of them, only one's own, the same numbers, in memory that does not grow."""

import asyncio
import csv
import io
import os
import random
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert
from typer.testing import CliRunner

from services.tracker.app import build
from services.tracker.exports import api
from services.tracker.exports import cases as lines
from services.tracker.numbers.api import label
from services.tracker.tables import Case, Deadline
from services.yousu.command import app as commands
from shared.auth import Role
from shared.clock import SHANGHAI
from shared.db import Database
from shared.reference.identifiers import new_number, readable_number
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import Told, at_random, interleaved, tell

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
FEW, MANY = 5_000, 50_000
BOM = "\ufeff"


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def tracker(
    kind: str, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Alone]:
    if kind == "postgres":
        monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", request.getfixturevalue("new_database")())
    clock.moment = START + timedelta(days=25)
    async with alone(build, tmp_path, clock) as running:
        chance = random.Random(19)
        lives = [at_random(new_number(START.date(), f"{place:09d}"), chance, START) for place in range(80)]
        await tell(running.service, interleaved(lives, chance))
        yield running


async def answered(tracker: Alone, path: str, role: Role = "supervisor", agency: str | None = None) -> Any:
    async with tracker.client(role, agency) as client:
        return await client._http.get(f"/api/v1/exports/{path}")


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.count(BOM) == 1
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def sheet_of(content: bytes, name: str) -> list[dict[str, Any]]:
    head, *rows = load_workbook(io.BytesIO(content))[name].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


@ON_BOTH
async def test_a_file_of_cases_has_every_case_once_as_the_api_tells_it(
    tracker: Alone, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PAGE", 7)
    answer = await answered(tracker, "cases.csv")
    rows = rows_of(answer.text)
    numbers = [row["受理编号"].replace("-", "") for row in rows]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 80
    assert answer.headers["content-disposition"].startswith('attachment; filename="yousu.csv"; filename*=UTF-8')
    async with tracker.client("supervisor") as supervisor:
        for row, number in list(zip(rows, numbers, strict=True))[::9]:
            case = await supervisor.request("GET", f"/api/v1/cases/{number}")
            assert (row["标题"], row["地区代码"]) == (case["title"], case["region"])
            assert row["牵头单位"] == (label("agency", case["lead_agency"]) if case["lead_agency"] else "")
            limits = {one["stage"]: one for one in case["deadlines"]}
            for stage, column in (("reply", "答复期限"), ("resolve", "办结期限")):
                due = limits.get(stage, {}).get("due_at")
                told = datetime.fromisoformat(due).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if due else ""
                assert row[column] == told
            owed = case["arrears"] or {}
            assert row["认定金额（元）"] == (owed.get("verified") or "")
            assert row["退单次数"] == str(len([e for e in case["timeline"] if e["what"] == "returned"]))


@ON_BOTH
async def test_a_book_of_cases_says_what_the_csv_says(tracker: Alone, kind: str) -> None:
    rows = rows_of((await answered(tracker, "cases.csv?of=filed&from=2026-03-05")).text)
    answer = await answered(tracker, "cases.xlsx?of=filed&from=2026-03-05")
    assert int(answer.headers["content-length"]) == len(answer.content)
    sheet = sheet_of(answer.content, "办件")
    assert 0 < len(sheet) == len(rows) < 80
    for told, row in zip(sheet, rows, strict=True):
        for heading, value in row.items():
            cell = told[heading]
            if isinstance(cell, datetime):
                assert f"{cell:%Y-%m-%d %H:%M}" == value
            elif "（元）" in heading and cell is not None:
                assert f"{cell:.2f}" == value
            else:
                assert str("" if cell is None else cell) == value, heading


async def test_the_files_of_a_number_hold_its_cases(tracker: Alone) -> None:
    async with tracker.client("supervisor") as supervisor:
        told = await supervisor.request("GET", "/api/v1/indicators?agency=hn-gxt&to=2026-03-20")
    for of in ("filed", "accepted", "resolved", "contacted_in_time", "solved", "arrears_cases"):
        rows = rows_of((await answered(tracker, f"cases.csv?of={of}&agency=hn-gxt&to=2026-03-20")).text)
        assert len(rows) == told["counts"][of], of
    rows = rows_of((await answered(tracker, "cases.csv?state=resolved&region=410000")).text)
    assert {row["状态"] for row in rows} <= {"已办结"}


@ON_BOTH
async def test_the_bulletin_has_the_months_numbers_for_each_agency_city_and_matter(tracker: Alone, kind: str) -> None:
    rows = rows_of((await answered(tracker, "bulletin.csv?month=2026-03")).text)
    book = (await answered(tracker, "bulletin.xlsx?month=2026-03")).content
    async with tracker.client("supervisor") as supervisor:
        for group, name in (("agency", "单位"), ("region", "地市"), ("matter", "事项")):
            query = {"from": "2026-03-01", "to": "2026-03-27", "group": group}
            told = await supervisor.request("GET", "/api/v1/indicators", params=query)
            mine = {row["代码"]: row for row in rows if row["分组"] == f"按{name}" and row["名称"] != "合计"}
            assert len(mine) == len([one for one in told["groups"] if any({**one["counts"], **one["now"]}.values())])
            for one in told["groups"]:
                if one["key"] or "" in mine:
                    _same(mine[one["key"] or ""], one)
            (total,) = [row for row in rows if row["分组"] == f"按{name}" and row["名称"] == "合计"]
            _same(total, told)
            sheet = {row["代码"] or "": row for row in sheet_of(book, f"按{name}") if row[name] != "合计"}
            assert {code: str(row["收件"]) for code, row in sheet.items()} == {c: r["收件"] for c, r in mine.items()}


def _same(row: dict[str, str], told: dict[str, Any]) -> None:
    counts, now = told["counts"], told["now"]
    figures = {
        "收件": counts["filed"],
        "办结": counts["resolved"],
        "按期答复": counts["in_time_reply"],
        "按时办结": counts["in_time_resolve"],
        "逾期办结": counts["due_resolve"] - counts["in_time_resolve"],
        "在办（现在）": sum(
            now[f"now_{state}"] for state in ("to_accept", "handling", "suspended", "replied", "reopened", "returned")
        ),
        "逾期办件（现在）": now["now_late"],
        "退单": counts["returned"],
        "满意": counts["satisfied"],
        "账款件": counts["arrears_cases"],
    }
    assert {name: row[name] for name in figures} == {name: str(value) for name, value in figures.items()}
    assert float(row["认定金额（元）"]) == counts["arrears_verified"]
    rate = next(one["value"] for one in told["indicators"] if one["name"] == "arrears_resolution_rate")
    assert row["化解率"] == ("" if rate is None else f"{100 * rate:.2f}%")


async def test_an_agency_gets_its_own_cases_alone(tracker: Alone) -> None:
    own = rows_of((await answered(tracker, "cases.csv", "agency", "hn-gxt")).text)
    assert own
    assert {row["牵头单位"] for row in own} == {"省工业和信息化厅"}
    assert (await answered(tracker, "cases.csv?agency=hn-gxt", "agency", "hn-gxt")).status_code == 200
    for path in ("cases.csv?agency=hn-czt", "cases.xlsx?agency=hn-czt", "cases.csv?agency=none"):
        assert (await answered(tracker, path, "agency", "hn-gxt")).status_code == 403, path
    for path in ("bulletin.csv?month=2026-03&agency=hn-czt", "report.pdf?month=2026-03&agency=hn-czt"):
        answer = await answered(tracker, path, "agency", "hn-gxt")
        assert answer.status_code == 403 or "省财政厅" not in answer.text, path
    bulletin = rows_of((await answered(tracker, "bulletin.csv?month=2026-03", "agency", "hn-gxt")).text)
    assert {row["名称"] for row in bulletin if row["分组"] == "按单位"} == {"省工业和信息化厅", "合计"}
    for path in ("cases.csv", "cases.xlsx", "bulletin.csv?month=2026-03", "bulletin.xlsx?month=2026-03"):
        assert (await answered(tracker, path, "enterprise")).status_code == 403


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("cases.csv?of=nothing", "of"),
        ("cases.csv?state=gone", "state"),
        ("cases.xlsx?from=yesterday", "from"),
        ("cases.csv?region=999999", "region"),
        ("cases.csv?q=a", "q"),
        ("bulletin.csv?month=2026-3", "month"),
        ("bulletin.xlsx?month=2026-13", "month"),
        ("report.pdf?month=now", "month"),
        ("bulletin.csv", "month"),
    ],
)
async def test_what_means_nothing_is_refused_naming_the_field(tracker: Alone, path: str, field: str) -> None:
    answer = await answered(tracker, path)
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_a_book_of_too_many_cases_is_not_begun(tracker: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "BOOK_CASES", 79)
    answer = await answered(tracker, "cases.xlsx")
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:yousu:problem:too-many-rows")
    assert "yousu export" in answer.json()["detail"]
    monkeypatch.setattr(api, "BOOK_CASES", 80)
    assert (await answered(tracker, "cases.xlsx")).status_code == 200


async def test_a_title_that_would_be_a_formula_is_a_text_in_both_files(tracker: Alone) -> None:
    at = START + timedelta(days=3)
    number = new_number(at.date(), "000012345")
    case = Told(number).filed(at).assigned(at)
    facts = [
        fact.model_copy(update={"title": '=HYPERLINK("http://x.test")'}) if "title" in type(fact).model_fields else fact
        for fact in case.facts
    ]
    await tell(tracker.service, facts)
    rows = rows_of((await answered(tracker, "cases.csv")).text)
    told = {row["受理编号"]: row["标题"] for row in rows}
    assert told[readable_number(number)] == '\'=HYPERLINK("http://x.test")'
    sheet = load_workbook(io.BytesIO((await answered(tracker, "cases.xlsx")).content))["办件"]
    (cell,) = [row[1] for row in sheet.iter_rows() if row[0].value == readable_number(number)]
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x.test")')


def many(agency: str, count: int, first: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of so many cases of this agency, each with two limits."""
    lists: dict[str, Any] = {"co_agencies": ["hn-czt"], "participants": [], "reasons": [], "policy": {}}
    cases, limits = [], []
    for place in range(first, first + count):
        number = f"{place:016d}"
        case = {"number": number, "state": "handling", "assignment": 1, "title": "镇政府拖欠道路工程款两年没有支付"}
        case |= {"lead_agency": agency, "matter": "6.problem.4", "region": "410102", "filed_at": START}
        cases.append({**case, "assigned_at": START, "accepted_at": START, **lists})
        for stage in ("reply", "resolve"):
            limit = {"id": f"{number}:1.{stage}", "number": number, "name": f"1.{stage}", "assignment": 1}
            limit |= {"stage": stage, "agency": agency, "start_at": START, "limit_": 3, "unit": "working_day"}
            limits.append({**limit, "due_at": START + timedelta(days=3)})
    return cases, limits


@pytest.fixture
async def filled(tracker: Alone) -> Database:
    """A database in which one agency has a few thousand cases and another ten times as many."""
    database = tracker.service.database
    for agency, count, first in (("hn-zrzy", FEW, 0), ("hn-sthj", MANY, FEW)):
        cases, limits = many(agency, count, first)
        async with database.writing() as session:
            await session.execute(insert(Case), cases)
            await session.execute(insert(Deadline), limits)
    return database


def peak_memory(words: list[str], folder: Path) -> int:
    """Bytes of memory that `yousu export` holds at its peak, as a process of its own."""
    environment = {**os.environ, "YOUSU_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "services.yousu", "export", "cases", *words]
    process = os.posix_spawn(command[0], command, environment)
    _, status, usage = os.wait4(process, 0)
    assert status == 0
    return usage.ru_maxrss * 1024


@pytest.mark.timeout(600)
async def test_ten_times_as_many_cases_take_no_more_memory(filled: Database, tmp_path: Path) -> None:
    for form in ("csv", "xlsx"):
        peaks = []
        for agency in ("hn-zrzy", "hn-sthj"):
            words = ["--agency", agency, "--out", str(tmp_path / f"{agency}.{form}")]
            peaks.append(await asyncio.to_thread(peak_memory, words, tmp_path))
        small, large = peaks
        # Held whole, a case takes some kilobytes: these many would take more than a hundred megabytes more.
        assert large < small + 25_000_000, f"{form}: {small / 1e6:.0f} MB for {FEW}, {large / 1e6:.0f} MB for {MANY}"
    lines = (tmp_path / "hn-sthj.csv").read_bytes().count(b"\r\n")
    assert lines == MANY + 1


@pytest.fixture
def command(tracker: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`yousu export …` beside the running tracker, in a thread of its own as it has an event loop of its own."""
    monkeypatch.setenv("YOUSU_DATA_DIR", str(tmp_path))

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, commands, ["export", *words])

    return run


async def test_the_command_writes_what_the_api_answers_and_says_how_many(
    tracker: Alone, command: Any, tmp_path: Path
) -> None:
    file = tmp_path / "cases.csv"
    done = await command("cases", "--out", str(file), "--agency", "hn-gxt")
    assert done.exit_code == 0, done.output
    text = file.read_bytes().decode()
    assert text == (await answered(tracker, "cases.csv?agency=hn-gxt")).text
    assert f"{len(rows_of(text))} 件" in done.output
    done = await command("cases", "--out", str(tmp_path / "cases.xlsx"), "--from", "2026-03-05", "--to", "2026-03-20")
    assert done.exit_code == 0, done.output
    wanted = rows_of((await answered(tracker, "cases.csv?from=2026-03-05&to=2026-03-20")).text)
    assert len(sheet_of((tmp_path / "cases.xlsx").read_bytes(), "办件")) == len(wanted)
    for form in ("csv", "xlsx"):
        file = tmp_path / f"bulletin.{form}"
        done = await command("bulletin", "--month", "2026-03", "--format", form, "--out", str(file))
        assert done.exit_code == 0, done.output
        assert "3/3" in done.output
    # The command has the machine's clock, by which March is over.
    tracker.clock.moment = datetime(2026, 4, 1, tzinfo=UTC)
    told = (tmp_path / "bulletin.csv").read_bytes().decode()
    assert told == (await answered(tracker, "bulletin.csv?month=2026-03")).text


async def test_an_export_that_breaks_off_leaves_the_older_file(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("older")
    monkeypatch.setattr(os, "replace", _full)
    done = await command("cases", "--out", str(file))
    assert done.exit_code != 0
    assert file.read_text() == "older"
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".cases")]


def _full(*_: Any) -> None:
    raise OSError("no space left on device")


@pytest.mark.parametrize(
    "words",
    [
        ("cases", "--out", "x.csv", "--agency", "nobody"),
        ("cases", "--out", "x.csv", "--state", "gone"),
        ("cases", "--out", "x.csv", "--from", "yesterday"),
        ("bulletin", "--out", "x.csv", "--month", "2026-3"),
        ("bulletin", "--out", "x.csv"),
        ("cases", "--format", "pdf", "--out", "x"),
    ],
    ids=" ".join,
)
async def test_the_command_says_what_it_cannot_do(command: Any, words: tuple[str, ...]) -> None:
    done = await command(*words)
    assert done.exit_code == 2
