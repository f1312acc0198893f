"""Earlier records reach all services: the desk gets what has no agency, officials see how each stands."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from typer.testing import CliRunner

from services.yousu.command import app as commands
from services.yousu.history import bringing
from shared.client import Refused
from tests.integration.records import handled, resolved, row, sheet
from tests.integration.system import System

RECENT = "2026-03-09"
RETURNED = {"returned_by": "hn-czt", "returned_from": RECENT, "returned_at": RECENT, "return_code": "NOT_OUR_DUTY"}


async def brought_in(system: System, path: Path) -> dict[str, str]:
    """What the command does; the numbers by those of the office."""
    async with system.client("admin") as admin:
        outcome = await bringing.bring_in(path, admin, Console(quiet=True))
    assert outcome.faults == []
    return dict(outcome.numbers)


async def until(seen: Callable[[], Any]) -> Any:
    """The first answer that is not None; until the facts have arrived there may be nothing to ask about."""
    async with asyncio.timeout(20):
        while True:
            with suppress(Refused):
                if (found := await seen()) is not None:
                    return found
            await asyncio.sleep(0.02)


async def test_cases_of_earlier_records_reach_every_service(system: System, tmp_path: Path) -> None:
    rows = [
        resolved("甲-1", "2025-06-03", reply="已付款"),
        row("甲-2", RECENT, matter="6.problem.4"),
        row("甲-3", RECENT) | RETURNED,
        handled("甲-4", RECENT, suspended_at="2026-03-10"),
    ]
    numbers = await brought_in(system, sheet(tmp_path / "cases.csv", rows))
    async with system.client("supervisor") as supervisor:

        async def status(origin: str) -> Any:
            return await supervisor.request("GET", f"/api/v1/complaints/{numbers[origin]}")

        async def assigned() -> Any:
            found = await supervisor.request("GET", f"/api/v1/cases/{numbers['甲-2']}")
            return found if found["state"] == "to_accept" else None

        async def held() -> Any:
            items = (await supervisor.request("GET", "/api/v1/triage"))["items"]
            return [item["number"] for item in items] or None

        seen = await until(lambda: status("甲-1"))
        assert (seen["status"], seen["lead_agency"], seen["filed_at"][:10]) == ("resolved", "hn-gxt", "2025-06-02")
        assert [one.get("text") for one in seen["timeline"] if one["what"] == "replied"] == ["已付款"]
        assert (await until(lambda: status("甲-4")))["status"] == "supplement_needed"
        assert (await until(assigned))["lead_agency"] == "hn-gxt"
        assert await until(held) == [numbers["甲-3"]]
        identity = await supervisor.request("GET", f"/api/v1/complaints/{numbers['甲-1']}/identity")
        assert identity == {}
    await _handled_on(system, numbers["甲-4"])
    for service in ("intake", "router", "tracker"):
        assert await system.service(service).parking.count() == 0


async def _handled_on(system: System, number: str) -> None:
    """An agency goes on with an imported case; one that returns nothing, answers, and is seen to have answered."""
    async with system.client("agency", "hn-gxt") as agency, system.client("supervisor") as supervisor:
        await agency.request("POST", f"/api/v1/cases/{number}/resumption", json={})
        await agency.reply(number, "已付款", met=True)

        async def replied() -> Any:
            found = await supervisor.request("GET", f"/api/v1/complaints/{number}")
            return found if found["status"] == "replied" else None

        assert (await until(replied))["timeline"][-1]["text"] == "已付款"


async def test_an_imported_case_that_an_agency_returns_goes_to_the_desk(system: System, tmp_path: Path) -> None:
    numbers = await brought_in(system, sheet(tmp_path / "cases.csv", [handled("甲-1", RECENT)]))
    async with system.client("agency", "hn-gxt") as agency, system.client("supervisor") as supervisor:
        said = {"code": "NOT_OUR_DUTY", "reason": "不属于本单位职责"}
        await agency.request("POST", f"/api/v1/cases/{numbers['甲-1']}/return", json=said)

        async def reconsidered() -> Any:
            items = (await supervisor.request("GET", "/api/v1/triage"))["items"]
            case = await supervisor.request("GET", f"/api/v1/cases/{numbers['甲-1']}")
            return (items or case["assignment"] == 2) or None

        assert await until(reconsidered)


def test_the_template_is_printed_and_a_file_is_needed_without_it() -> None:
    printed = CliRunner().invoke(commands, ["import", "--template"])
    assert (printed.exit_code, printed.output.splitlines()[0].split(",")[:2]) == (0, ["number", "title"])
    assert CliRunner().invoke(commands, ["import"]).exit_code == 2


def test_a_file_that_is_no_table_ends_the_command_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("编号甲\n1\n", encoding="utf-8")
    ended = CliRunner().invoke(commands, ["import", str(path)], env={"YOUSU_DATA_DIR": str(tmp_path)})
    assert ended.exit_code == 2
    assert "没有这些列：编号甲" in ended.output
