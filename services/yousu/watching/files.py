"""Which file holds what is made here."""

import json
from pathlib import Path
from typing import Any

from services.yousu.watching.agency import agency
from services.yousu.watching.duty import duty
from services.yousu.watching.recording import recording
from services.yousu.watching.supervision import supervision

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARDS = DEPLOY / "grafana" / "dashboards"


def as_they_should_be() -> dict[Path, str]:
    """The content of every file, by its path."""
    boards = {"supervision": supervision(), "agency": agency(), "duty": duty()}
    files = {DASHBOARDS / f"{name}.json": _as_text(board) for name, board in boards.items()}
    return {DEPLOY / "prometheus" / "rules" / "recording.yml": recording(), **files}


def _as_text(board: dict[str, Any]) -> str:
    return json.dumps(board, ensure_ascii=False, indent=1) + "\n"
