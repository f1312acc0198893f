"""The embedded way: three services, one process, one port, one folder."""

import fcntl
import sys
from pathlib import Path

from services.intake.app import build as build_intake
from services.router.app import build as build_router
from services.tracker.app import build as build_tracker
from shared.serving import serve
from shared.settings import Settings

BUILDS = (build_intake, build_router, build_tracker)


def serve_embedded(settings: Settings) -> None:
    """Serve until told to stop; a second process on the same folder is refused."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "embedded.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(
                f"another process already serves {Path(settings.data_dir).absolute()}; stop it or set YOUSU_DATA_DIR"
            )
        sys.stderr.write(f"有诉即办: http://{settings.host}:{settings.port}/\n")
        serve("yousu", BUILDS, settings)
