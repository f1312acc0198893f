"""Filing in bulk: a file of complaints, a progress bar, a ledger to go on from, a report of refused rows."""

import asyncio
import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.client import Client, Refused

AT_ONCE = 32
#: A row whose request got no answer is sent again this often; its idempotency key makes that safe.
TRIES = 6
#: Columns of a CSV that are nested in the request, as `enterprise.name`; ticked when one of these words.
_TRUE = {"1", "true", "yes", "是"}
_BOOLEAN = {"confidential", "foreign_invested"}


class Unanswered(Exception):
    """A row got no answer however often it was sent; the rows before it are filed, running again goes on."""


@dataclass
class Ledger:
    """What became of each row, kept beside the file; `NAME.filed.jsonl` and `NAME.refused.jsonl`."""

    source: Path
    filed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.filed_path = self.source.with_name(self.source.name + ".filed.jsonl")
        self.refused_path = self.source.with_name(self.source.name + ".refused.jsonl")
        if self.filed_path.exists():
            text = self.filed_path.read_text(encoding="utf-8")
            if text and not text.endswith("\n"):
                self.filed_path.write_text(text + "\n", encoding="utf-8")
            lines = text.splitlines()
            self.filed = {found["row"] for line in lines if (found := _whole(line)) is not None}
        self.refused_path.unlink(missing_ok=True)

    def note_filed(self, row: str, line: int, number: str, access_code: str) -> None:
        self._append(self.filed_path, {"row": row, "line": line, "number": number, "access_code": access_code})

    def note_refused(self, row: str, line: int, reason: str) -> None:
        self._append(self.refused_path, {"row": row, "line": line, "reason": reason})

    @staticmethod
    def _append(path: Path, entry: dict[str, Any]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _whole(line: str) -> dict[str, Any] | None:
    """The entry in this line; None when an interruption cut it."""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: its line, an id made of line and content, the request or why there is none."""

    line: int
    id: str
    request: dict[str, Any] | None
    fault: str | None = None


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a .csv (header: field names, nested ones with a dot) or a .jsonl."""
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                yield _row(reader.line_num, _nested(row))
        return
    with path.open(encoding="utf-8-sig") as file:
        for line, text in enumerate(file, start=1):
            if text.strip():
                try:
                    yield _row(line, json.loads(text))
                except ValueError as error:
                    yield Row(line, f"{line}", None, f"不是合法的 JSON：{error}")


def _row(line: int, request: Any) -> Row:
    digest = hashlib.sha256(json.dumps([line, request], sort_keys=True).encode()).hexdigest()[:32]
    return Row(line, digest, request)


def _nested(row: dict[str | None, str | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name is None or value is None or not value.strip():
            continue
        outer, _, inner = name.strip().partition(".")
        if inner:
            found.setdefault(outer, {})[inner] = value.strip()
        else:
            found[outer] = value.strip().lower() in _TRUE if outer in _BOOLEAN else value.strip()
    return found


async def file_all(path: Path, client: Client, out: Console, *, tries: int = TRIES) -> int:
    """File every row that is not filed yet; how many were refused. Raises Unanswered when nobody answers."""
    ledger, rows = Ledger(path), list(read_rows(path))
    waiting = asyncio.Queue[Row]()
    for row in rows:
        if row.id not in ledger.filed:
            waiting.put_nowait(row)
    refused = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out) as progress:
        bar = progress.add_task("提交投诉", total=len(rows), completed=len(rows) - waiting.qsize())

        async def work() -> None:
            nonlocal refused
            while not waiting.empty():
                row = waiting.get_nowait()
                filed = await _file_one(client, row, ledger, tries)
                refused += not filed
                progress.advance(bar)

        await _all_or_first_failure([asyncio.create_task(work()) for _ in range(AT_ONCE)])
    out.print(f"已提交 {len(rows) - refused} 件，拒收 {refused} 件；回执在 {ledger.filed_path}")
    if refused:
        out.print(f"拒收的行和原因在 {ledger.refused_path}")
    return refused


async def _all_or_first_failure(workers: list["asyncio.Task[None]"]) -> None:
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _file_one(client: Client, row: Row, ledger: Ledger, tries: int) -> bool:
    if row.request is None:
        ledger.note_refused(row.id, row.line, row.fault or "")
        return False
    for attempt in range(tries):
        try:
            filed = await client.file(row.request, idempotency_key=f"bulk-{row.id}")
        except Refused as refusal:
            if refusal.status < 500 and refusal.status not in (409, 429):
                ledger.note_refused(row.id, row.line, str(refusal))
                return False
            fault: Exception = refusal
        except httpx.TransportError as error:
            fault = error
        else:
            ledger.note_filed(row.id, row.line, filed.number, filed.access_code)
            return True
        await asyncio.sleep(0.2 * 2**attempt)
    raise Unanswered(f"第 {row.line} 行没有得到答复（{fault}）；稍后再运行同一命令会接着提交")
