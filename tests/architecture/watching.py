"""What Prometheus and Grafana are given, read for tests: rules, panels, queries, and the metrics they speak of."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}
#: A series' name in a query: a metric of ours, or what a rule records.
OURS = re.compile(r"(?:\b[a-z]+:)?\byousu_[a-z0-9_]+(?::[a-z0-9_]+)?")
#: What Prometheus itself tells of every scrape and of every alert.
ITS_OWN = {"up", "scrape_duration_seconds", "ALERTS"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and where it stands."""

    where: str
    expr: str


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "rules" / file).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels that show something, rows apart."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def variables(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def filled(expr: str, board: dict[str, Any], values: dict[str, str]) -> Iterator[str]:
    """The query as Grafana sends it: each of a custom variable's options in turn, a code where one is chosen."""
    for name, variable in variables(board).items():
        if variable["type"] == "custom" and f"${{{name}}}" in expr:
            for option in variable["options"]:
                yield from filled(expr.replace(f"${{{name}}}", option["value"]), board, values)
            return
    for name, variable in variables(board).items():
        expr = expr.replace(f"${name}", variable.get("allValue") or values.get(name, "none"))
    yield expr


def offered(variable: dict[str, Any], answer: list[dict[str, Any]]) -> dict[str, str]:
    """What Grafana offers to pick, code by name: each series of the answer as it is written out, read by the regex."""
    # JavaScript writes a named group without the P.
    regex = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
    found = {}
    for one in answer:
        series = "{" + ",".join(f'{label}="{value}"' for label, value in one["metric"].items()) + "}"
        if match := regex.search(f"{series} {one['value'][1]} {one['value'][0] * 1000:.0f}"):
            found[match["text"]] = match["value"]
    return found


def panel_queries(values: dict[str, str] | None = None) -> list[Asked]:
    """Every query of every panel and every variable."""
    found = []
    for name, board in DASHBOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                where = f"{name}: {panel['title']} {target['refId']}"
                found += [Asked(where, expr) for expr in filled(target["expr"], board, values or {})]
        for variable in variables(board).values():
            if variable["type"] == "query":
                expr = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
                found.append(Asked(f"{name}: ${variable['name']}", expr))
    return found


def rule_queries() -> list[Asked]:
    recorded = [Asked(rule["record"], rule["expr"]) for rule in rules("recording.yml")]
    return recorded + [Asked(rule["alert"], rule["expr"]) for rule in rules("alerts.yml")]


def series_in(expr: str) -> set[str]:
    return set(OURS.findall(expr))


def promtool(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *command], input=text, capture_output=True, text=True, check=False)
