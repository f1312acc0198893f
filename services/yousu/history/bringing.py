"""Cases on their way in: a pass that checks all of them, a pass that writes, a report."""

import asyncio
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.yousu.history.reading import Fault, Line, read
from shared.client import Client, Refused

#: Cases of one request, and its bytes; the service takes no more of either.
MOST, MOST_BYTES = 500, 200_000
#: A request without an answer is sent again this often; a case that is there already stays as it is.
TRIES = 6
#: Faults that are printed; the file of faults holds all of them.
_PRINTED = 50


class Unanswered(Exception):
    """The service gave no answer; running again goes on."""


@dataclass
class Outcome:
    """What came of a file."""

    new: int = 0
    known: int = 0
    faults: list[Fault] = field(default_factory=list)
    numbers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def code(self) -> int:
        return 1 if self.faults else 0


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines in requests that the service takes; one that is too long stands alone."""
    batch: list[Line] = []
    size = 0
    for one in lines:
        bytes_ = len(json.dumps(one.case, ensure_ascii=False).encode()) + 1
        if batch and (len(batch) == MOST or size + bytes_ > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += bytes_
    if batch:
        yield batch


async def bring_in(
    path: Path, client: Client, out: Console, *, source: str = "", skip_bad: bool = False, tries: int = TRIES
) -> Outcome:
    """Check every line; then, where all are good or `skip_bad`, write those that are."""
    lines, faults = read(path)
    outcome = Outcome(faults=faults)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=out.quiet) as progress:
        steps = _Steps(client, progress, source, tries)
        checked = await steps.all("核对", _good(lines, faults), check=True)
        faults += checked.faults
        if not faults or skip_bad:
            written = await steps.all("导入", _good(lines, faults), check=False)
            outcome.new, outcome.known, outcome.numbers = written.new, written.known, written.numbers
            faults += written.faults
    faults.sort(key=lambda fault: fault.line)
    _report(path, outcome, out, wrote=not faults or skip_bad)
    return outcome


def _good(lines: Sequence[Line], faults: Sequence[Fault]) -> list[Line]:
    bad = {fault.line for fault in faults}
    return [one for one in lines if one.line not in bad]


@dataclass(frozen=True, slots=True)
class _Steps:
    client: Client
    progress: Progress
    source: str
    tries: int

    async def all(self, title: str, lines: Sequence[Line], *, check: bool) -> Outcome:
        """Send these lines, to be checked or to be written."""
        outcome = Outcome()
        bar = self.progress.add_task(title, total=len(lines))
        for batch in batches(lines):
            answer = await self._send(batch, check)
            for fault in answer["faults"]:
                outcome.faults.append(Fault(batch[fault["index"]].line, fault["field"], fault["reason"]))
            for one in answer["cases"]:
                outcome.new += one["outcome"] == "new"
                outcome.known += one["outcome"] == "known"
                outcome.numbers.append((str(batch[one["index"]].case["number"]), one["number"]))
            self.progress.advance(bar, len(batch))
        return outcome

    async def _send(self, batch: Sequence[Line], check: bool) -> dict[str, Any]:
        body = {"source": self.source, "check": check, "skip_bad": True, "cases": [one.case for one in batch]}
        fault: Exception | None = None
        for attempt in range(self.tries):
            try:
                found: dict[str, Any] = await self.client.request("POST", "/api/v1/imports", json=body)
                return found
            except Refused as refusal:
                if refusal.status == 413:
                    reasons = [{"index": n, "field": "body", "reason": str(refusal)} for n in range(len(batch))]
                    return {"cases": [], "faults": reasons}
                if refusal.status < 500:
                    raise
                fault = refusal
            except httpx.TransportError as error:
                fault = error
            await asyncio.sleep(0.2 * 2**attempt)
        raise Unanswered(f"第 {batch[0].line} 行起没有得到答复（{fault}）；稍后再运行同一命令会接着导入")


def _report(path: Path, outcome: Outcome, out: Console, *, wrote: bool) -> None:
    """The faults on the screen and beside the file, and the numbers that the cases got."""
    _table(path.with_name(f"{path.name}.faults.csv"), ("line", "field", "reason"), map(astuple, outcome.faults))
    for fault in outcome.faults[:_PRINTED]:
        out.print(f"第 {fault.line} 行 {fault.field}：{fault.reason}", highlight=False, markup=False, soft_wrap=True)
    if outcome.faults:
        out.print(f"共 {len(outcome.faults)} 处问题，全部在 {path.name}.faults.csv", highlight=False, soft_wrap=True)
    if not wrote:
        out.print("没有导入任何办件；改正后再运行，或用 --skip-bad 先导入没有问题的行", soft_wrap=True)
        return
    _table(path.with_name(f"{path.name}.numbers.csv"), ("number", "yousu_number"), outcome.numbers)
    told = f"新导入 {outcome.new} 件，已在系统中 {outcome.known} 件；新旧编号对照在 {path.name}.numbers.csv"
    out.print(told, highlight=False, soft_wrap=True)


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """These rows as a file that a spreadsheet opens; none when there are none."""
    told = list(rows)
    if not told:
        path.unlink(missing_ok=True)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as sheet:
        writer = csv.writer(sheet, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_defused(cell) for cell in row] for row in told)


def _defused(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) else cell
