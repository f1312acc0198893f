"""Docs are held against the code: settings, facts, metrics, forms of responsibility."""

import asyncio
import re
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from pydantic_settings import BaseSettings

from services.intake.settings import IntakeSettings
from services.router.settings import RouterSettings
from services.tracker.settings import TrackerSettings
from shared.events import FACTS
from shared.settings import Settings
from tests.architecture.metrics_table import as_told, in_the_reference, with_services
from tests.architecture.watching import promtool
from tests.conftest import require
from tests.integration.system import System
from tests.integration.watched import Days, scraped

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
ALL_SETTINGS: tuple[type[BaseSettings], ...] = (Settings, IntakeSettings, RouterSettings, TrackerSettings)


def rows(heading: str) -> set[str]:
    """The first cells of the table under this heading."""
    part = REFERENCE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


def test_every_setting_is_in_the_reference_and_nothing_else() -> None:
    known = {f"{cls.model_config['env_prefix']}{name}".upper() for cls in ALL_SETTINGS for name in cls.model_fields}
    assert rows("Settings") == known | {"YOUSU_REPLICAS", "YOUSU_KAFKA_JARS"}


def test_every_fact_is_in_the_reference_and_says_who_publishes_and_who_listens() -> None:
    assert rows("Facts") == set(FACTS)
    assert all("By " in (fact.__doc__ or "") and "for " in (fact.__doc__ or "") for fact in FACTS.values())


async def test_every_metric_is_in_the_reference_with_its_type_unit_labels_and_meaning(system: System) -> None:
    await Days(system).pass_by()
    told = await scraped(system)
    assert sorted(as_told(told)) == sorted(in_the_reference())
    require(shutil.which("promtool") is not None, "promtool (Debian's prometheus)")
    checked = await asyncio.to_thread(promtool, "check", "metrics", text=told)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_every_metric_in_the_reference_names_the_service_that_tells_it(system: System) -> None:
    telling: dict[str, str] = {}
    for name, service in system.app.state.services.items():
        if service.spec.collect is not None:
            registry = CollectorRegistry()
            await service.spec.collect(service, registry)
            telling |= {metric.name: name for metric in as_told(generate_latest(registry).decode())}
    assert {metric.name: service for service, metric in with_services()} == {
        metric.name: telling.get(metric.name, "each") for metric in in_the_reference()
    }


def test_every_page_that_the_readme_names_exists() -> None:
    for readme in ("README.md", "README.zh-CN.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / readme).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{readme} names {target}"


def test_no_file_names_a_path_of_a_machine() -> None:
    bad = re.compile(r"(?:^|[\s\"'=(])/(?:root|work|home)/")
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if path.suffix in (".py", ".md", ".toml", ".yml", ".yaml", ".txt") and inside[0] not in (
            ".venv",
            "var",
            "build",
        ):
            assert not bad.search(path.read_text(encoding="utf-8")), path
