"""The demonstration ends with lines to copy from: no number, code, token or address is broken or coloured."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from services.yousu.demo.day import show
from shared.client import Complaint, Filed
from shared.settings import Settings

ORIGIN = "http://complaints.henan.example:8000"
FILED = Filed(number="2603104839201753", access_code="743DEQWUR3", status="filed")
SEEN = Complaint(number="2603104839201753", status="assigned", lead_agency="hn-gxt")


@pytest.mark.parametrize("width", [20, 80])
def test_the_last_lines_are_whole_and_plain_however_narrow_the_terminal(tmp_path: Path, width: int) -> None:
    told = StringIO()
    terminal = Console(file=told, width=width, force_terminal=True, color_system="truecolor")
    show(terminal, ORIGIN, Settings(data_dir=tmp_path), [FILED], [SEEN])
    lines = told.getvalue().splitlines()[-12:]
    assert [f"受理编号 {FILED.number}", f"查询码 {FILED.access_code}"] == lines[4:6]
    assert [line for line in lines if line.startswith("http")] == [
        f"{ORIGIN}{path}" for path in ("/", "/complaints", "/desk", "/board")
    ]
    command = next(line for line in lines if line.startswith("curl"))
    token = command.split("Bearer ")[1].split("'")[0]
    assert len(token) > 200
    assert token.count(".") == 2
    assert command.endswith(f" '{ORIGIN}/api/v1/queue?limit=3'")
    assert "\x1b" not in "\n".join(lines)
