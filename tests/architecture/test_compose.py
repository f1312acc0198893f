"""docker-compose.yml and what it mounts, held against the code."""

import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute
from pydantic_settings import BaseSettings

from services.intake.app import build as intake
from services.intake.settings import IntakeSettings
from services.router.app import build as router
from services.router.settings import RouterSettings
from services.tracker.app import build as tracker
from services.tracker.settings import TrackerSettings
from services.yousu.command import app as commands
from services.yousu.distributed import gateway, kafka, prometheus
from shared.composition import Surroundings, surroundings
from shared.runtime import Service
from shared.settings import Settings
from shared.web import operations

ROOT = Path(__file__).parents[2]
BUILDS: dict[str, Callable[[Surroundings], Service[Any]]] = {"intake": intake, "router": router, "tracker": tracker}
SETTINGS: tuple[type[BaseSettings], ...] = (Settings, IntakeSettings, RouterSettings, TrackerSettings)
#: The one service that ends when its work is done.
ONE_SHOT = "migrate"
PUBLISHED = {"gateway", "prometheus", "grafana"}
TOP_LEVEL = {"name", "services", "volumes", "networks", "configs", "secrets"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
#: The broker's addresses and folder: in a container they are others than on one machine.
ADDRESSES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "log.dirs",
}
#: How fast a dead broker is noticed and how many threads it has: tuned for one machine's tests.
TUNING = {"broker.session.timeout.ms", "broker.heartbeat.interval.ms", "num.network.threads", "num.io.threads"}
_LOCATION = re.compile(r"location\s+(?:(=|\^~|~\*?)\s+)?(\S+)\s*\{\s*(.*?)\s*\}(?=\s)")
_DATABASE = re.compile(r"postgresql\+asyncpg://(?P<user>\w+):(?P<password>\$\{[^}]+\})@postgres:5432/(?P<name>\w+)")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


COMPOSE: dict[str, Any] = yaml.safe_load(read("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GATEWAY = re.sub(r"^\s*#.*$", "", read("deploy/gateway/compose.conf"), flags=re.MULTILINE)
LONG_RUNNING = sorted(SERVICES.keys() - {ONE_SHOT})


def environment(service: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[service].get("environment", {})
    return found


def known_variables() -> set[str]:
    """Every variable the settings have, and every one the code names itself."""
    fields = {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in SETTINGS
        for name in settings.model_fields
    }
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))
    return fields | {name for source in sources for name in re.findall(r'(?:get\(|envvar=)"(YOUSU_\w+)"', source)}


def locations() -> list[tuple[str, str, str]]:
    """(modifier, path, what stands between the braces) of every location."""
    return [(modifier, path, body) for modifier, path, body in _LOCATION.findall(GATEWAY)]


def answered_by(path: str) -> str | None:
    """The upstream nginx sends this path to: an exact location first, else the longest prefix; None: nginx itself."""
    fitting = [
        (modifier == "=", len(start), body)
        for modifier, start, body in locations()
        if path == start or (modifier != "=" and path.startswith(start))
    ]
    target = re.search(r"proxy_pass http://(\w+);", max(fitting)[2])
    return target[1] if target else None


def paths_of(service: str, folder: Path) -> Iterator[str]:
    """Every path this service answers, its own and what each process answers for operators."""
    built = BUILDS[service](surroundings(Settings(data_dir=folder), lambda _loop: None))
    for routes in built.spec.routes:
        for route in routes.routes:
            assert isinstance(route, APIRoute)
            yield route.path
    for route in operations.routes.routes:
        assert isinstance(route, APIRoute)
        if "{service}" in route.path:
            yield route.path.replace("{service}", service)


def mounts(service: str) -> list[tuple[str, str]]:
    """(volume or file here, path there)"""
    return [(parts[0], parts[1]) for parts in (text.split(":") for text in SERVICES[service].get("volumes", []))]


def test_every_variable_of_ours_is_one_the_code_reads() -> None:
    given = {name for service in SERVICES for name in environment(service) if name.startswith("YOUSU_")}
    asked = set(re.findall(r"\$\{(YOUSU_\w+)", read("docker-compose.yml")))
    baked = set(re.findall(r"\b(YOUSU_\w+)=", read("deploy/image/Dockerfile")))
    assert len(given) >= 7
    assert given | asked | baked <= known_variables()


@pytest.mark.parametrize("service", BUILDS)
def test_each_service_runs_its_own_module(service: str) -> None:
    assert SERVICES[service]["command"] == ["python", "-m", f"services.{service}"]
    assert importlib.util.find_spec(f"services.{service}.__main__") is not None


@pytest.mark.parametrize("service", BUILDS)
def test_each_service_gets_kafka_its_own_database_and_the_keys(service: str) -> None:
    given = environment(service)
    databases = {name for name in given if name.endswith("_DATABASE_URL")}
    assert databases == {f"YOUSU_{service.upper()}_DATABASE_URL"}
    assert given["YOUSU_KAFKA_SERVERS"] == "kafka:9092"
    assert given["YOUSU_HOST"] == "0.0.0.0"
    assert given["YOUSU_PORT"] == "8000"
    assert ("keys", given["YOUSU_DATA_DIR"]) in mounts(service)
    assert mounts(service) == mounts(ONE_SHOT)


@pytest.mark.parametrize("service", BUILDS)
def test_each_service_waits_for_the_migration_and_says_itself_when_it_is_ready(service: str) -> None:
    waits = SERVICES[service]["depends_on"]
    assert waits[ONE_SHOT]["condition"] == "service_completed_successfully"
    assert waits["postgres"]["condition"] == "service_healthy"
    assert "http://127.0.0.1:8000/readyz" in " ".join(SERVICES[service]["healthcheck"]["test"])


def test_the_migration_is_a_command_of_ours_and_runs_once_when_kafka_and_postgres_are_up() -> None:
    migration = SERVICES[ONE_SHOT]
    names = {command.name or command.callback.__name__ for command in commands.registered_commands if command.callback}
    assert migration["command"] == ["yousu", "migrate"]
    assert "migrate" in names
    assert migration["restart"] == "no"
    assert {name: wait["condition"] for name, wait in migration["depends_on"].items()} == {
        "kafka": "service_healthy",
        "postgres": "service_healthy",
    }


def test_the_databases_made_are_those_the_services_and_the_migration_use() -> None:
    made = set(re.findall(r"^CREATE DATABASE (\w+);$", read("deploy/postgres/init.sql"), re.MULTILINE))
    used: dict[str, set[str]] = {}
    for service in SERVICES:
        for name, url in environment(service).items():
            if name.endswith("_DATABASE_URL"):
                found = _DATABASE.fullmatch(url)
                assert found is not None, url
                assert found["user"] == environment("postgres")["POSTGRES_USER"]
                assert found["password"] == environment("postgres")["POSTGRES_PASSWORD"]
                assert name == f"YOUSU_{found['name'].upper()}_DATABASE_URL"
                used.setdefault(service, set()).add(found["name"])
    assert used == {service: {service} for service in BUILDS} | {ONE_SHOT: made}
    assert made == BUILDS.keys()
    assert any(there.startswith("/docker-entrypoint-initdb.d/") for _, there in mounts("postgres"))


def test_no_password_is_written_down() -> None:
    secrets = {
        name: value for service in SERVICES for name, value in environment(service).items() if "PASSWORD" in name
    }
    assert secrets.keys() == {"POSTGRES_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD"}
    assert all(re.fullmatch(r"\$\{\w+:\?.+\}", value) for value in secrets.values())


@pytest.mark.parametrize("service", BUILDS)
def test_the_gateway_sends_every_route_to_the_service_that_has_it(service: str, tmp_path: Path) -> None:
    paths = list(paths_of(service, tmp_path))
    assert len(paths) > 3
    assert {path: answered_by(path) for path in paths} == dict.fromkeys(paths, service)


def test_the_gateway_routes_as_that_of_one_machine_does() -> None:
    assert {path: answered_by(path) for path, _ in gateway.ROUTES} == dict(gateway.ROUTES)


def test_the_gateway_says_itself_that_it_lives_and_asks_intake_whether_it_is_ready() -> None:
    assert answered_by("/healthz") is None
    assert answered_by("/readyz") == "intake"


def test_the_gateway_finds_replicas_by_name_lets_the_trace_through_and_bounds_bodies() -> None:
    assert GATEWAY.count("location ") - GATEWAY.count("location @") == len(locations())
    assert not [path for modifier, path, _ in locations() if modifier.startswith("~")], "answered_by reads no patterns"
    assert "resolver 127.0.0.11 " in GATEWAY
    servers = re.findall(r"upstream (\w+) \{ zone \1 \w+; server (\w+):8000 resolve ", GATEWAY)
    assert servers == [(service, service) for service in BUILDS]
    assert "proxy_set_header traceparent $http_traceparent;" in GATEWAY
    assert "client_max_body_size 512k;" in GATEWAY
    assert Settings.model_fields["max_body_bytes"].default <= 512 * 1024


def test_a_pull_of_the_queue_may_wait_as_long_as_the_tracker_lets_it() -> None:
    patience = re.search(r"proxy_read_timeout (\d+)s;", GATEWAY)
    assert patience is not None
    assert int(patience[1]) > TrackerSettings.model_fields["wait_max_seconds"].default


def test_the_broker_is_set_as_that_of_one_machine_is() -> None:
    lines = dict(line.split("=", 1) for line in kafka.PROPERTIES.split())
    wanted = {key: value for key, value in lines.items() if key not in ADDRESSES | TUNING}
    given = environment("kafka")
    assert {key: given.get("KAFKA_" + key.upper().replace(".", "_")) for key in wanted} == wanted
    assert given["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://kafka:9092"
    assert ("kafka", given["KAFKA_LOG_DIRS"]) in mounts("kafka")


def test_the_broker_is_the_version_the_other_way_runs() -> None:
    version = re.search(r"<kafka.version>(.+)</kafka.version>", read("deploy/kafka/pom.xml"))
    assert version is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version[1]}"


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_what_runs_on_is_watched_started_again_and_bounded(service: str) -> None:
    found = SERVICES[service]
    assert found["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert found["restart"] == "unless-stopped"
    limits = found["deploy"]["resources"]["limits"]
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert float(limits["cpus"]) > 0


def test_only_the_gateway_and_what_shows_the_numbers_publish_ports() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == PUBLISHED
    assert SERVICES["gateway"]["ports"] == [f"${{YOUSU_PORT:-{Settings.model_fields['port'].default}}}:8000"]
    for watching in PUBLISHED - {"gateway"}:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[watching]["ports"])


def test_prometheus_scrapes_every_replica_of_the_three_services_every_15_seconds() -> None:
    found = yaml.safe_load(read("deploy/prometheus/prometheus.yml"))
    assert found["global"]["scrape_interval"] == "15s"
    jobs = {job["job_name"]: job for job in found["scrape_configs"]}
    assert jobs.keys() == BUILDS.keys()
    for name, job in jobs.items():
        assert "scrape_interval" not in job
        assert job.get("metrics_path", "/metrics") in {getattr(route, "path", "") for route in operations.routes.routes}
        assert [(there["names"], there["type"], there["port"]) for there in job["dns_sd_configs"]] == [
            ([name], "A", 8000)
        ]


def test_prometheus_reads_its_configuration_and_rules_where_they_are_mounted_and_keeps_a_year() -> None:
    (folder,) = [there for here, there in mounts("prometheus") if here == "./deploy/prometheus"]
    (volume,) = [there for here, there in mounts("prometheus") if here == "prometheus"]
    assert SERVICES["prometheus"]["command"] == [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={volume}",
        f"--storage.tsdb.retention.time={prometheus.KEEP}",
    ]
    (pattern,) = yaml.safe_load(read("deploy/prometheus/prometheus.yml"))["rule_files"]
    assert sorted(path.name for path in (ROOT / "deploy" / "prometheus").glob(pattern)) == [
        "alerts.yml",
        "recording.yml",
    ]


def test_grafana_finds_the_dashboards_where_they_are_mounted() -> None:
    (provider,) = yaml.safe_load(read("deploy/grafana/provisioning/dashboards/yousu.yml"))["providers"]
    (here,) = [here for here, there in mounts("grafana") if there == provider["options"]["path"]]
    assert sorted(path.name for path in (ROOT / here).iterdir()) == ["agency.json", "duty.json", "supervision.json"]
    assert any(there == "/etc/grafana/provisioning" for _, there in mounts("grafana"))


def test_grafana_reads_prometheus() -> None:
    found = yaml.safe_load(read("deploy/grafana/provisioning/datasources/prometheus.yml"))
    assert [(source["type"], source["url"]) for source in found["datasources"]] == [
        ("prometheus", "http://prometheus:9090")
    ]


def test_the_image_holds_what_the_package_is_made_of_and_runs_without_roots_rights() -> None:
    dockerfile = read("deploy/image/Dockerfile")
    copied = {word for line in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()}
    project = tomllib.loads(read("pyproject.toml"))
    packages = {pattern.rstrip("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert copied >= packages | {"pyproject.toml", "constraints.txt", project["project"]["readme"]}
    assert "pip install -c constraints.txt ." in dockerfile
    final = dockerfile[dockerfile.rindex("\nFROM ") :]
    assert re.findall(r"^USER (\S+)$", final, re.MULTILINE) == ["yousu"]
    allowed = {line[1:] for line in read("deploy/image/.dockerignore").splitlines() if line.startswith("!")}
    assert allowed == copied


def test_the_file_has_the_shape_compose_asks_for() -> None:
    assert all(key in TOP_LEVEL or key.startswith("x-") for key in COMPOSE)
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
        assert "image" in service or "build" in service
        assert "container_name" not in service, "a named container cannot have replicas"
        assert all(isinstance(value, str) for value in environment(name).values())


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_waited_for(service: str) -> None:
    for name, wait in SERVICES[service].get("depends_on", {}).items():
        assert wait["condition"] in CONDITIONS
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[name]
        if wait["condition"] == "service_completed_successfully":
            assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_is_built_from_and_mounts_exists(service: str) -> None:
    if "build" in SERVICES[service]:
        build = SERVICES[service]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    for here, there in mounts(service):
        assert there.startswith("/")
        assert (ROOT / here).exists() if here.startswith("./") else here in COMPOSE["volumes"]


def test_every_volume_is_used() -> None:
    assert {here for service in SERVICES for here, _ in mounts(service) if "/" not in here} == COMPOSE["volumes"].keys()
