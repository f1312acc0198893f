"""Rules, alerts and dashboards, held against the code, against promtool and against each other."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.tracker.numbers.definitions import INDICATORS
from services.yousu.watching.files import as_they_should_be
from tests.architecture.metrics_table import in_the_reference
from tests.architecture.watching import (
    DASHBOARDS,
    ITS_OWN,
    PROMETHEUS,
    ROOT,
    filled,
    panel_queries,
    panels,
    promtool,
    rule_queries,
    rules,
    series_in,
    variables,
)
from tests.conftest import require

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
TESTED: list[dict[str, Any]] = [case for path in TESTS for case in yaml.safe_load(path.read_text())["tests"]]
#: Of the units of Grafana 12, those used here; what it does not know it writes out behind the number.
UNITS = {"locale", "percentunit", "s", "string"}
LINK = re.compile(r"/d/([\w-]+)\?var-(\w+)=\$\{__data\.fields\.(\w+)\}&\$\{__url_time_range\}")
BOOK = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")


@pytest.fixture
def tool() -> None:
    require(shutil.which("promtool") is not None, "promtool (Debian's prometheus)")


def test_what_is_made_from_the_code_stands_as_it_should() -> None:
    for path, content in as_they_should_be().items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run python -m services.yousu.watching"


@pytest.mark.parametrize("name", ["prometheus", "embedded", "kubernetes"])
def test_promtool_takes_every_configuration_with_its_rules(tool: None, name: str) -> None:
    checked = promtool("check", "config", str(PROMETHEUS / f"{name}.yml"))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    assert checked.stdout.count("rules found") == 2


def test_promtool_takes_the_rules(tool: None) -> None:
    checked = promtool("check", "rules", *map(str, sorted((PROMETHEUS / "rules").glob("*.yml"))))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_rules_pass_their_own_tests(tool: None, path: Path) -> None:
    checked = promtool("test", "rules", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tested_firing_and_not_firing() -> None:
    found: dict[str, set[bool]] = {}
    for case in TESTED:
        for check in case.get("alert_rule_test", ()):
            found.setdefault(check["alertname"], set()).add(bool(check["exp_alerts"]))
    assert found == {name: {True, False} for name in ALERTS}


def test_every_recording_rule_is_tested() -> None:
    expected = {
        sample["labels"].split("{")[0]
        for case in TESTED
        for check in case.get("promql_expr_test", ())
        for sample in check["exp_samples"]
    }
    assert expected == {rule["record"] for rule in rules("recording.yml")}


def test_every_indicator_is_recorded_by_province_city_agency_and_matter_with_both_its_numbers() -> None:
    recorded = {rule["record"] for rule in rules("recording.yml")}
    for level in ("province", "city", "agency", "matter"):
        for indicator in INDICATORS:
            for part in ("numerator", "denominator", "ratio"):
                assert f"{level}:yousu_{indicator.name}:{part}" in recorded


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_in_chinese_what_it_is_and_what_to_do_and_where_more_stands(name: str) -> None:
    notes = ALERTS[name]["annotations"]
    assert notes.keys() == {"summary", "description", "action", "runbook"}
    assert all(CHINESE.search(notes[key]) for key in ("summary", "description", "action"))
    assert notes["runbook"] == f"docs/alerts.md#{name.lower()}"
    assert ALERTS[name]["labels"].keys() == {"severity", "area"}
    assert ALERTS[name]["labels"]["severity"] in ("critical", "warning")
    assert "for" in ALERTS[name]


def test_the_book_of_alerts_has_a_chapter_for_each_and_none_besides() -> None:
    chapters = re.split(r"^### ", BOOK, flags=re.MULTILINE)[1:]
    assert sorted(chapter.split("\n", 1)[0] for chapter in chapters) == sorted(ALERTS)
    for chapter in chapters:
        assert re.findall(r"^\*\*(.+?)。\*\*", chapter, re.MULTILINE) == ["含义", "处理", "演练"], chapter[:60]


def test_every_name_in_rules_and_panels_is_a_metric_of_the_code_or_a_recorded_one() -> None:
    metrics = {metric.name for metric in in_the_reference()}
    recorded = {rule["record"] for rule in rules("recording.yml")}
    for asked in (*rule_queries(), *panel_queries()):
        named = series_in(asked.expr)
        assert named <= metrics | recorded, f"{asked.where}: {sorted(named - metrics - recorded)}"
        assert named or any(re.search(rf"\b{own}\b", asked.expr) for own in ITS_OWN), asked.where


def test_every_query_parses(tool: None, tmp_path: Path) -> None:
    # What follows `expr` is a query for promtool, whoever asks it.
    found = [{"record": f"asked:{place}", "expr": asked.expr} for place, asked in enumerate(panel_queries())]
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": found}]}), encoding="utf-8")
    checked = promtool("check", "rules", "--lint=none", str(file))
    assert checked.returncode == 0, checked.stderr
    assert f"{len(found)} rules found" in checked.stdout


def test_dashboards_have_names_of_their_own() -> None:
    assert sorted(DASHBOARDS) == ["agency", "duty", "supervision"]
    for key in ("uid", "title"):
        assert len({board[key] for board in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_panel_says_in_chinese_what_it_shows_in_which_unit_and_what_to_do_when_it_is_red(name: str) -> None:
    shown = list(panels(DASHBOARDS[name]))
    assert len(shown) > 10
    for panel in shown:
        meaning, _, when_red = panel["description"].partition("\n\n变红时：")
        assert CHINESE.search(panel["title"].replace("${indicator:text}", "")), panel["title"]
        assert len(meaning) >= 8, panel["title"]
        assert len(when_red) >= 5, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_unit_is_one_that_grafana_has(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        fields = panel["fieldConfig"]
        own = [change["value"] for one in fields["overrides"] for change in one["properties"] if change["id"] == "unit"]
        for unit in (fields["defaults"]["unit"], *own):
            assert unit in UNITS or unit.startswith("suffix: "), panel["title"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_what_is_said_of_one_column_or_query_finds_it(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        queries = {target["refId"] for target in panel["targets"]}
        columns = {title for change in panel.get("transformations", ()) for title in _renamed(change)}
        found = {"byName": columns, "byFrameRefID": queries}
        for override in panel["fieldConfig"]["overrides"]:
            matcher = override["matcher"]
            assert matcher["options"] in found[matcher["id"]], (panel["title"], matcher)


def _kept(panel: dict[str, Any]) -> set[str]:
    """The labels that are columns, seen or not."""
    return {label for change in panel["transformations"] for label in change["options"].get("renameByName", ())}


def _renamed(change: dict[str, Any]) -> list[str]:
    return list(change["options"].get("renameByName", {}).values())


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_table_that_has_colours_shows_them_and_codes_are_neither_numbers_nor_seen(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        if panel["type"] != "table":
            continue
        defaults = panel["fieldConfig"]["defaults"]
        coloured = defaults["custom"].get("cellOptions") == {"type": "color-text"}
        assert coloured == (len(defaults["thresholds"]["steps"]) > 1), panel["title"]
        for override in panel["fieldConfig"]["overrides"]:
            properties = {change["id"]: change["value"] for change in override["properties"]}
            if override["matcher"]["options"] == "代码":
                assert (properties["unit"], properties["custom.hidden"]) == ("string", True), panel["title"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_where_there_is_no_value_there_is_no_colour(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        nothing, *steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert nothing == {"color": "text", "value": None}, panel["title"]
        assert not steps or steps[0]["value"] == 0, panel["title"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_link_leads_to_a_dashboard_with_a_variable_that_it_has(name: str) -> None:
    by_uid = {board["uid"]: board for board in DASHBOARDS.values()}
    for panel in panels(DASHBOARDS[name]):
        for override in panel["fieldConfig"]["overrides"]:
            for link in [
                one for change in override["properties"] if change["id"] == "links" for one in change["value"]
            ]:
                uid, variable, label = LINK.fullmatch(link["url"]).groups()  # type: ignore[union-attr]
                assert variable in variables(by_uid[uid])
                assert label in _kept(panel), "the column is there for the link"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_beside_each_other_inside_the_grid(name: str) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for panel in DASHBOARDS[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        taken.update((x, y) for x in across for y in down)
    assert set(taken.values()) == {1}
    numbers = [panel["id"] for panel in DASHBOARDS[name]["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_variable_is_used_and_every_one_used_is_there(name: str) -> None:
    board = DASHBOARDS[name]
    expressions = [target["expr"] for panel in panels(board) for target in panel["targets"]]
    used = {found for expr in expressions for found in re.findall(r"\$\{?(\w+)", expr)}
    assert used == variables(board).keys()
    assert not [one for expr in expressions for one in filled(expr, board, {"agency": "hn-gxt"}) if "$" in one]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_reads_the_provisioned_source(name: str) -> None:
    (source,) = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    )["datasources"]
    assert all(panel["datasource"]["uid"] == source["uid"] for panel in panels(DASHBOARDS[name]))


def test_late_cases_come_first_for_a_supervisor() -> None:
    first = next(panels(DASHBOARDS["supervision"]))
    assert first["title"] == "逾期办件"
    table = next(panel for panel in panels(DASHBOARDS["supervision"]) if panel["type"] == "table")
    assert table["options"]["sortBy"] == [{"displayName": "逾期", "desc": True}]
