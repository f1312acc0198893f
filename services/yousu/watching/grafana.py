"""Dashboards of Grafana from panels, row by row: who writes a dashboard says what it shows, not where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["stat", "timeseries", "table"]
SOURCE = {"type": "prometheus", "uid": "prometheus"}
#: Grafana's grid.
COLUMNS = 24
GREEN, YELLOW, RED, PLAIN = "green", "yellow", "red", "text"
#: The shape of the document that Grafana 12 writes.
SCHEMA = 41
#: Where nothing is due there is no value.
NOTHING = "无"


@dataclass(frozen=True, slots=True)
class Query:
    """One query and what its answer is called; in a table it is a column with a unit of its own."""

    expr: str
    legend: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `steps` are (from this value on, colour), `worst` sorts a table with its worst row first."""

    title: str
    meaning: str
    when_red: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Kind = "stat"
    width: int = 4
    height: int = 4
    steps: tuple[tuple[float, str], ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    worst: tuple[str, Literal["highest", "lowest"]] | None = None

    @property
    def description(self) -> str:
        return f"{self.meaning}\n\n变红时：{self.when_red}"


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: Sequence[Panel]


def more_is_worse(yellow: float, red: float) -> tuple[tuple[float, str], ...]:
    return (yellow, YELLOW), (red, RED)


def less_is_worse(red_below: float, green_from: float) -> tuple[tuple[float, str], ...]:
    return (0, RED), (red_below, YELLOW), (green_from, GREEN)


def names(dimension: str) -> str:
    """What the codes of this dimension stand for, as a query."""
    return f"max by ({dimension}, name) (yousu_{dimension}_info)"


def named(query: str, dimension: str) -> str:
    """The query with the names of its codes."""
    return f"({query}) * on ({dimension}) group_left (name) {names(dimension)}"


def chosen(dimension: str, label: str, *, many: bool) -> dict[str, Any]:
    """A variable whose values are the codes of a dimension, shown by their names."""
    query = f"query_result({names(dimension)})"
    found: dict[str, Any] = {
        "name": dimension,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": dimension},
        "definition": query,
        "regex": f'/{dimension}="(?<value>[^"]+)".*name="(?<text>[^"]+)"/',
        "refresh": 1,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]} if many else {},
    }
    return found | ({"allValue": ".*"} if many else {})


def picked(name: str, label: str, options: dict[str, str]) -> dict[str, Any]:
    """A variable with these options, value by text; the first is picked."""
    shown = [
        {"text": text, "value": value, "selected": place == 0} for place, (text, value) in enumerate(options.items())
    ]
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ", ".join(f"{text} : {value}" for text, value in options.items()),
        "options": shown,
        "current": {"text": shown[0]["text"], "value": shown[0]["value"]},
        "multi": False,
        "includeAll": False,
    }


def dashboard(
    uid: str, title: str, meaning: str, rows: Sequence[Row], variables: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": uid,
        "title": title,
        "description": meaning,
        "tags": ["yousu"],
        "timezone": "Asia/Shanghai",
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": SCHEMA,
        "version": 1,
        "time": {"from": "now-7d", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["yousu"], "title": "其他看板", "asDropdown": True, "keepTime": True}],
        "annotations": {"list": []},
        "templating": {"list": list(variables)},
        "panels": _laid_out(rows),
    }


def _laid_out(rows: Sequence[Row]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        found.append({"id": len(found) + 1, "type": "row", "title": row.title, "gridPos": place, "panels": []})
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            found.append(_drawn(panel, len(found) + 1, place))
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return found


def _drawn(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    draw = {"stat": _stat, "timeseries": _timeseries, "table": _table}[panel.kind]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(panel, place, query) for place, query in enumerate(panel.queries)],
        "fieldConfig": {
            "defaults": _defaults(panel),
            "overrides": [_override(query) for query in panel.queries if query.unit],
        },
        **draw(panel),
    }


def _target(panel: Panel, place: int, query: Query) -> dict[str, Any]:
    at_once = panel.kind != "timeseries"
    found = {
        "refId": chr(ord("A") + place),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": at_once,
        "range": not at_once,
    }
    return found | ({"format": "table"} if panel.kind == "table" else {})


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": GREEN if panel.steps else PLAIN, "value": None}]
    steps += [{"color": colour, "value": value} for value, colour in panel.steps]
    return {
        "unit": panel.unit,
        "noValue": NOTHING,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
    }


def _override(query: Query) -> dict[str, Any]:
    """A number beside the panel's own has its own unit, and no colour."""
    properties = [
        {"id": "unit", "value": query.unit},
        {"id": "thresholds", "value": {"mode": "absolute", "steps": [{"color": PLAIN, "value": None}]}},
    ]
    return {"matcher": {"id": "byName", "options": query.legend}, "properties": properties}


def _stat(_panel: Panel) -> dict[str, Any]:
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    return {"options": {"reduceOptions": reduced, "colorMode": "value", "graphMode": "none", "textMode": "auto"}}


def _timeseries(_panel: Panel) -> dict[str, Any]:
    return {"options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}}


def _table(panel: Panel) -> dict[str, Any]:
    """One row a code: the answers of all queries side by side, each column called as its query is."""
    value = "Value" if len(panel.queries) == 1 else "Value #{}"
    columns = {value.format(chr(ord("A") + place)): query.legend for place, query in enumerate(panel.queries)}
    shown = {**panel.keys, **columns}
    order = {name: place for place, name in enumerate(shown)}
    changes: list[dict[str, Any]] = [{"id": "merge", "options": {}}] if len(panel.queries) > 1 else []
    changes.append(
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": shown, "indexByName": order}}
    )
    sort = [{"displayName": panel.worst[0], "desc": panel.worst[1] == "highest"}] if panel.worst else []
    return {"transformations": changes, "options": {"showHeader": True, "sortBy": sort}}
