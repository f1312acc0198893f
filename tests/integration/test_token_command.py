"""`yousu token` prints a token and nothing else: it is read by other programs."""

import subprocess
import sys
from pathlib import Path

import jwt
import pytest


@pytest.mark.parametrize(("role", "more"), [("supervisor", []), ("agency", ["--agency", "hn-gxt"])])
def test_a_token_is_all_that_is_printed(tmp_path: Path, role: str, more: list[str]) -> None:
    command = [sys.executable, "-m", "services.yousu", "token", role, *more]
    run = subprocess.run(command, capture_output=True, text=True, env={"YOUSU_DATA_DIR": str(tmp_path)}, check=True)
    claims = jwt.decode(run.stdout.removesuffix("\n"), options={"verify_signature": False})
    assert claims["role"] == role
    assert claims.get("agency") == (more[1] if more else None)
