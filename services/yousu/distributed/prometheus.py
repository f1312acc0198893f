"""Prometheus, where it is installed: every process of every replica scraped, the rules of deploy/ loaded."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules"
#: The drift of a reader is held against the five weeks before.
KEEP = "400d"
SCRAPE_SECONDS = 15


def program() -> str | None:
    return shutil.which("prometheus")


def configuration(replicas: Mapping[str, Sequence[int]], scrape_seconds: int = SCRAPE_SECONDS) -> dict[str, Any]:
    """What is scraped: a job a service, with the ports of its replicas on this machine."""
    every = f"{scrape_seconds}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
            for name, ports in replicas.items()
        ],
    }


def prepare(home: Path, port: int, scraped: Mapping[str, Any]) -> list[str]:
    """Write the configuration; the command that runs Prometheus on this port of this machine."""
    found = program()
    if found is None:
        raise FileNotFoundError("prometheus is not installed")
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    path = home / "prometheus.yml"
    # JSON is YAML.
    path.write_text(json.dumps(scraped, indent=1), encoding="utf-8")
    data = [f"--storage.tsdb.path={home / 'data'}", f"--storage.tsdb.retention.time={KEEP}"]
    return [found, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}", *data]
