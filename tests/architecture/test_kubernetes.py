"""deploy/kubernetes, rendered by kubectl, held against the published schemas of Kubernetes and against the code."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from pydantic import ValidationError

from services.yousu.command import app as commands
from services.yousu.distributed import gateway
from shared.bus import PARTITIONS, TOPIC
from shared.consumer import POLL_LIMIT
from shared.settings import Settings
from shared.telemetry import PATH
from shared.web import operations
from tests.architecture.test_compose import _LOCATION as LOCATION
from tests.architecture.test_compose import BUILDS, SERVICES, known_variables, locations, read
from tests.conftest import free_port, require

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
#: The oldest release that is supported and the newest whose schemas are at hand.
RELEASES = ("1.30", kubernetes_validate.latest_version().rpartition(".")[0])
RENDERED = ("base", "small", "province", "everything")
KUBECTL = Path(sys.executable).with_name("kubectl")
Object = dict[str, Any]
Labels = dict[str, str]


@cache
def rendered(name: str) -> list[Object]:
    """The objects of the base, of an overlay, or of the province with every component."""
    folders = {"base": KUBERNETES / "base", "everything": Path(__file__).parent / "everything"}
    folder = folders.get(name, KUBERNETES / "overlays" / name)
    shown = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    return list(yaml.safe_load_all(shown.stdout))


def of_kind(kind: str, name: str = "base") -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in rendered(name) if one["kind"] == kind}


def workloads(name: str = "base") -> dict[str, Object]:
    """Deployments and jobs, by name; of what is run by hand, the job that is made of it."""
    by_hand = {key: one["spec"]["jobTemplate"] for key, one in of_kind("CronJob", name).items()}
    return of_kind("Deployment", name) | of_kind("Job", name) | by_hand


def pod_of(workload: Object) -> Object:
    found: Object = workload["spec"]["template"]["spec"]
    return found


def container(workload: Object) -> Object:
    (found,) = pod_of(workload)["containers"]
    assert isinstance(found, dict)
    return found


def labels_of(workload: Object) -> Labels:
    found: Labels = workload["spec"]["template"]["metadata"]["labels"]
    return found


def configured(name: str = "base") -> dict[str, str]:
    """The settings that every pod of ours gets."""
    (found,) = [one["data"] for key, one in of_kind("ConfigMap", name).items() if key.startswith("yousu-")]
    assert isinstance(found, dict)
    return found


def matches(selector: Object | None, labels: Labels) -> bool:
    return bool((selector or {}).get("matchLabels", {}).items() <= labels.items())


JOBS = ["migrate", "catch-up"]
OURS = [*BUILDS, *JOBS]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", RENDERED)
def test_every_object_fits_the_published_schema(name: str, release: str) -> None:
    found = [one for one in rendered(name) if one["kind"] != "ScaledObject"]
    assert len(found) > 20
    for one in found:
        kubernetes_validate.validate(one, release, strict=True)


def test_an_object_that_does_not_fit_would_be_noticed() -> None:
    wrong = {**of_kind("Service")["gateway"], "spec": {"ports": [{"port": "eighty"}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, RELEASES[0], strict=True)


@pytest.mark.parametrize("service", BUILDS)
def test_scaling_on_lag_fits_kedas_schema_and_names_what_the_code_reads(service: str) -> None:
    one = of_kind("ScaledObject", "everything")[service]
    taken = ScaledObject.model_validate(one)
    assert taken.model_dump(by_alias=True, exclude_unset=True) == one
    spec = one["spec"]
    assert spec["scaleTargetRef"] == {"name": service}
    lag = next(trigger["metadata"] for trigger in spec["triggers"] if trigger["type"] == "kafka")
    assert (lag["topic"], lag["consumerGroup"], lag["lagThreshold"]) == (TOPIC, f"yousu.{service}", str(POLL_LIMIT))
    assert lag["bootstrapServers"] == configured("everything")["YOUSU_KAFKA_SERVERS"]
    assert spec["minReplicaCount"] >= 1
    assert spec["maxReplicaCount"] == PARTITIONS
    with pytest.raises(ValidationError):
        ScaledObject.model_validate({**one, "spec": {"triggers": []}})


def test_nobody_is_scaled_twice() -> None:
    targets = [one["spec"]["scaleTargetRef"]["name"] for one in of_kind("ScaledObject", "everything").values()]
    targets += [
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind("HorizontalPodAutoscaler", "everything").values()
    ]
    assert sorted(targets) == sorted(of_kind("Deployment"))


@pytest.mark.parametrize("name", ["base", "small", "province"])
def test_every_deployment_is_scaled_on_cpu_and_no_further_than_there_are_partitions(name: str) -> None:
    scaled = of_kind("HorizontalPodAutoscaler", name)
    assert scaled.keys() == of_kind("Deployment", name).keys()
    for target, one in scaled.items():
        spec = one["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
        assert [metric["resource"]["name"] for metric in spec["metrics"]] == ["cpu"]
        assert 1 <= spec["minReplicas"] <= spec["maxReplicas"] <= PARTITIONS
        assert "replicas" not in of_kind("Deployment", name)[target]["spec"], "applying it would undo the scaling"


def test_a_province_starts_with_three_of_each_and_a_city_with_one() -> None:
    least = {
        name: {one["spec"]["minReplicas"] for one in of_kind("HorizontalPodAutoscaler", name).values()}
        for name in ("small", "province")
    }
    assert least == {"small": {1}, "province": {3}}


@pytest.mark.parametrize("service", BUILDS)
def test_each_service_runs_its_own_module_and_reaches_its_own_database_alone(service: str) -> None:
    found = container(of_kind("Deployment")[service])
    assert found["command"] == ["python", "-m", f"services.{service}"]
    assert databases(found) == {f"YOUSU_{service.upper()}_DATABASE_URL": ("yousu-databases", service)}


def databases(found: Object) -> dict[str, tuple[str, str]]:
    references = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in found["env"]}
    return {name: (reference["name"], reference["key"]) for name, reference in references.items()}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_a_command_of_ours_and_reaches_every_database(name: str) -> None:
    job = workloads()[name]
    names = {one.name or one.callback.__name__ for one in commands.registered_commands if one.callback}
    assert container(job)["command"] == ["yousu", name]
    assert name in names
    assert databases(container(job)) == {f"YOUSU_{s.upper()}_DATABASE_URL": ("yousu-databases", s) for s in BUILDS}
    assert pod_of(job)["restartPolicy"] == "Never"


def test_what_catches_up_is_run_by_hand_alone_and_decides_as_the_services_do() -> None:
    assert of_kind("CronJob")["catch-up"]["spec"]["suspend"] is True
    theirs = {volume["name"]: volume for volume in pod_of(workloads()["router"])["volumes"]}
    assert {volume["name"]: volume for volume in pod_of(workloads()["catch-up"])["volumes"]} == theirs


@pytest.mark.parametrize("name", RENDERED)
def test_every_variable_is_one_the_code_reads(name: str) -> None:
    given = {one["name"] for workload in workloads(name).values() for one in container(workload).get("env", ())}
    assert given | configured(name).keys() <= known_variables()
    for ours in OURS:
        assert container(workloads(name)[ours])["envFrom"][0]["configMapRef"]["name"] in of_kind("ConfigMap", name)


def test_spans_are_told_where_the_policy_lets_them_go() -> None:
    endpoint = configured("everything")["YOUSU_OTLP_ENDPOINT"]
    assert PATH not in endpoint
    assert "YOUSU_OTLP_ENDPOINT" not in configured("province")
    (rule,) = of_kind("NetworkPolicy", "everything")["to-collector"]["spec"]["egress"]
    (port,) = rule["ports"]
    assert endpoint.endswith(f".svc.cluster.local:{port['port']}")
    assert f".{_namespace(rule['to'][0])}.svc" in endpoint


def _namespace(peer: Object) -> str:
    return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])


@pytest.mark.parametrize("service", BUILDS)
def test_ports_and_probes_are_those_the_process_answers(service: str) -> None:
    deployment, port = of_kind("Deployment")[service], int(configured()["YOUSU_PORT"])
    found = container(deployment)
    assert found["ports"] == [{"name": "http", "containerPort": port}]
    paths = {getattr(route, "path", "") for route in operations.routes.routes}
    probes = {kind: found[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in probes.values()} == {"http"}
    assert {probe["path"] for probe in probes.values()} <= paths
    assert (probes["liveness"]["path"], probes["readiness"]["path"]) == ("/healthz", "/readyz")
    notes = deployment["spec"]["template"]["metadata"]["annotations"]
    assert (notes["prometheus.io/port"], notes["prometheus.io/path"]) == (str(port), "/metrics")
    assert configured()["YOUSU_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", ["base", "small", "province"])
def test_services_lead_to_the_pods_of_their_name(name: str) -> None:
    found = of_kind("Service", name)
    assert found.keys() == of_kind("Deployment", name).keys()
    for target, service in found.items():
        assert service["spec"]["selector"].items() <= labels_of(of_kind("Deployment", name)[target]).items()
        assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    assert all(found[service]["spec"]["clusterIP"] == "None" for service in BUILDS)


@pytest.mark.parametrize("name", RENDERED)
def test_every_deployment_has_a_disruption_budget_and_spreads(name: str) -> None:
    budgets = of_kind("PodDisruptionBudget", name)
    for target, deployment in of_kind("Deployment", name).items():
        assert matches(budgets[target]["spec"]["selector"], labels_of(deployment))
        assert budgets[target]["spec"]["maxUnavailable"] == 1
        for spread in pod_of(deployment)["topologySpreadConstraints"]:
            assert matches(spread["labelSelector"], labels_of(deployment))


@pytest.mark.parametrize("workload", [*OURS, "gateway"])
def test_nothing_runs_as_root_or_writes_but_where_it_must(workload: str) -> None:
    pod, found = pod_of(workloads()[workload]), container(workloads()[workload])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert found["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    emptied = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
    written = {mount["mountPath"] for mount in found["volumeMounts"] if not mount.get("readOnly")}
    assert written == {mount["mountPath"] for mount in found["volumeMounts"] if mount["name"] in emptied}
    assert "/tmp" in written  # noqa: S108
    assert all(volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume)


@pytest.mark.parametrize("workload", OURS)
def test_our_pods_run_as_the_images_account_and_find_keys_years_and_rules_where_they_look(workload: str) -> None:
    account = re.search(r"useradd .*--uid (\d+)", read("deploy/image/Dockerfile"))
    assert account is not None
    context = pod_of(workloads()[workload])["securityContext"]
    assert context["runAsUser"] == context["fsGroup"] == int(account[1])
    mounts = {mount["name"]: mount["mountPath"] for mount in container(workloads()[workload])["volumeMounts"]}
    settings = Settings(data_dir=Path(configured()["YOUSU_DATA_DIR"]), key_file=None, calendar_dir=None, rules_dir=None)
    wanted = {"data": settings.data_dir, "keys": settings.cipher_file.parent}
    if workload != "migrate":
        wanted |= {"calendar": settings.calendar_folder, "rules": settings.rules_folder}
    assert {name: Path(path) for name, path in mounts.items() if name != "tmp"} == wanted


@pytest.mark.parametrize("name", RENDERED)
def test_everything_asks_for_what_it_needs_and_ends_in_order(name: str) -> None:
    for workload in workloads(name).values():
        resources = container(workload)["resources"]
        assert resources["requests"].keys() == {"cpu", "memory"}
        assert _bytes(resources["limits"]["memory"]) >= _bytes(resources["requests"]["memory"])
    for deployment in of_kind("Deployment", name).values():
        stop = int(container(deployment)["lifecycle"]["preStop"]["exec"]["command"][1])
        assert stop + 10 < pod_of(deployment)["terminationGracePeriodSeconds"]
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def _bytes(quantity: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * (2**30 if unit == "Gi" else 2**20)


@pytest.mark.parametrize("name", RENDERED)
def test_images_name_no_registry_and_are_the_versions_that_belong_together(name: str) -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    images = {key: container(workload)["image"] for key, workload in workloads(name).items()}
    assert images == dict.fromkeys(OURS, f"yousu:{version}") | {"gateway": SERVICES["gateway"]["image"]}
    assert not any("/" in image for image in images.values())


@pytest.mark.parametrize("name", RENDERED)
def test_no_secret_is_written_down(name: str) -> None:
    assert of_kind("Secret", name) == {}
    values = [value for config in of_kind("ConfigMap", name).values() for value in config["data"].values()]
    assert not [value for value in values if re.search(r"postgresql|password|BEGIN", value, re.IGNORECASE)]


#: Pods that are not ours, as the policies know them.
PROMETHEUS = ("monitoring", {"app.kubernetes.io/name": "prometheus"})
STRANGER = ("elsewhere", {"app.kubernetes.io/name": "stranger"})
STORES = ("stores", {"app.kubernetes.io/name": "store"})
NAMES = ("kube-system", {"k8s-app": "kube-dns"})
Pod = tuple[str, Labels]


def ours(workload: str) -> Pod:
    return ("yousu", labels_of(workloads()[workload]))


def reaches(source: Pod, target: Pod, port: int | str) -> bool:
    """Whether the policies let a connection through, as a cluster reads them: both ends must agree."""
    return _allowed("Egress", source, target, port) and _allowed("Ingress", target, source, port)


def _allowed(direction: str, here: Pod, there: Pod, port: int | str) -> bool:
    if here[0] != "yousu":
        return True
    specs = [one["spec"] for one in of_kind("NetworkPolicy").values()]
    concerned = [s for s in specs if direction in s["policyTypes"] and matches(s["podSelector"], here[1])]
    assert concerned, "without a policy everything is allowed"
    key = "from" if direction == "Ingress" else "to"
    return any(_fits(rule, key, there, port) for spec in concerned for rule in spec.get(direction.lower(), ()))


def _fits(rule: Object, key: str, there: Pod, port: int | str) -> bool:
    ports = {one["port"] for one in rule.get("ports", ())}
    return port in ports and (key not in rule or any(_is(peer, there) for peer in rule[key]))


def _is(peer: Object, there: Pod) -> bool:
    namespaces: Object | None = peer.get("namespaceSelector")
    here = matches(namespaces, {"kubernetes.io/metadata.name": there[0]}) if namespaces else there[0] == "yousu"
    return here and matches(peer.get("podSelector"), there[1])


def test_anyone_reaches_the_gateway_and_it_reaches_the_services_and_nothing_else() -> None:
    assert reaches(STRANGER, ours("gateway"), "http")
    assert all(reaches(ours("gateway"), ours(service), "http") for service in BUILDS)
    assert not reaches(ours("gateway"), STORES, 5432)
    assert not reaches(ours("gateway"), STRANGER, 443)


def test_the_services_reach_the_stores_and_never_each_other() -> None:
    kafka = int(configured()["YOUSU_KAFKA_SERVERS"].rpartition(":")[2])
    for workload in OURS:
        assert reaches(ours(workload), STORES, kafka)
        assert reaches(ours(workload), STORES, 5432)
        assert reaches(ours(workload), NAMES, 53)
        assert not reaches(ours(workload), STORES, 22)
        assert not reaches(ours(workload), STRANGER, 443)
        assert not any(reaches(ours(workload), ours(other), "http") for other in BUILDS)
    assert configured()["YOUSU_KAFKA_SERVERS"].split(".")[1] == STORES[0]


def test_prometheus_reaches_the_services_and_a_stranger_does_not() -> None:
    for service in BUILDS:
        assert reaches(PROMETHEUS, ours(service), "http")
        assert not reaches(STRANGER, ours(service), "http")
        assert not reaches(("monitoring", {"app.kubernetes.io/name": "other"}), ours(service), "http")


def test_prometheus_looks_for_the_pods_where_they_are() -> None:
    jobs = yaml.safe_load(read("deploy/prometheus/kubernetes.yml"))["scrape_configs"]
    looked_up = {job["job_name"]: [(one["names"], one["port"]) for one in job["dns_sd_configs"]] for job in jobs}
    port = int(configured()["YOUSU_PORT"])
    assert looked_up == {service: [([f"{service}.yousu.svc.cluster.local"], port)] for service in BUILDS}


def test_without_the_policies_nothing_would_be_reached() -> None:
    denial = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert denial == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


CONFIGURATION = re.sub(r"^\s*#.*$", "", (KUBERNETES / "base" / "gateway.conf").read_text(), flags=re.MULTILINE)


def test_the_gateway_routes_as_that_of_compose_does() -> None:
    assert LOCATION.findall(CONFIGURATION) == locations(), (
        "deploy/gateway/compose.conf and deploy/kubernetes/base/gateway.conf differ"
    )


@pytest.mark.parametrize("service", BUILDS)
def test_the_gateway_finds_the_services_by_their_names_in_the_cluster(service: str) -> None:
    namespace = of_kind("Namespace")["yousu"]["metadata"]["name"]
    port = of_kind("Service")[service]["spec"]["ports"][0]["port"]
    assert f"server {service}.{namespace}.svc.cluster.local:{port} resolve " in CONFIGURATION
    listening = re.search(r"listen (\d+)", CONFIGURATION)
    assert listening is not None
    assert container(of_kind("Deployment")["gateway"])["ports"] == [
        {"name": "http", "containerPort": int(listening[1])}
    ]


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    require(not gateway.missing(), "nginx")
    mine = CONFIGURATION.replace(" resolve ", " ").replace("/tmp/", f"{tmp_path}/")  # noqa: S108
    mine = re.sub(r"\w+\.yousu\.svc\.cluster\.local", "127.0.0.1", mine)
    mine = mine.replace("kube-dns.kube-system.svc.cluster.local", "127.0.0.1").replace("8000", str(free_port()))
    (tmp_path / "nginx.conf").write_text(mine)
    order = [str(gateway.program()), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    tested = subprocess.run(order, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    written = [line.split()[1] for line in CONFIGURATION.splitlines() if line.strip().startswith("pid ")]
    mounted = {mount["mountPath"] for mount in container(of_kind("Deployment")["gateway"])["volumeMounts"]}
    assert all(str(Path(path.rstrip(";")).parent) in mounted for path in written)


def test_every_component_is_combined_in_what_is_tested() -> None:
    combined = yaml.safe_load((Path(__file__).parent / "everything" / "kustomization.yaml").read_text())["components"]
    assert sorted(Path(path).name for path in combined) == sorted(p.name for p in (KUBERNETES / "components").iterdir())


#: What a command of the runbook names: kind and name.
_NAMED = re.compile(r"\b(deployment|job|secret|configmap|service)(?:/| generic | )([a-z][a-z-]+)")


def test_the_runbook_names_objects_folders_and_settings_that_exist() -> None:
    runbook = read("docs/runbook.md")
    commands_of_it = "\n".join(re.findall(r"^```\w*\n(.*?)^```", runbook, re.MULTILINE | re.DOTALL))
    volumes = [volume for workload in workloads().values() for volume in pod_of(workload)["volumes"]]
    by_hand = {("secret", volume["secret"]["secretName"]) for volume in volumes if "secret" in volume}
    by_hand |= {("secret", secret) for ours in OURS for secret, _ in databases(container(workloads()[ours])).values()}
    by_hand |= {("configmap", v["configMap"]["name"]) for v in volumes if v.get("configMap", {}).get("optional")}
    applied = {(kind.lower(), name) for kind in ("Deployment", "Job", "Service") for name in of_kind(kind)}
    applied |= {("job", name) for name in of_kind("CronJob")}
    named = set(_NAMED.findall(commands_of_it))
    assert by_hand <= named, "what is made by hand is not in the runbook"
    assert named <= by_hand | applied
    for path in re.findall(r"\b(?:deploy|docs|shared)/[\w./-]+", runbook):
        assert (ROOT / path.rstrip(".")).exists(), path
    assert set(re.findall(r"\bYOUSU_\w+", runbook)) <= known_variables()
