"""Dashboards of Grafana from panels, row by row: who writes a dashboard says what it shows, not where it stands."""

from collections.abc import Sequence
from typing import Any

from services.yousu.watching.drawing import SOURCE, drawn
from services.yousu.watching.panels import Row, names

#: Grafana's grid.
COLUMNS = 24
#: The shape of the document that Grafana 12 writes.
SCHEMA = 41
_OTHERS = {
    "type": "dashboards",
    "tags": ["yousu"],
    "title": "其他看板",
    "tooltip": "",
    "icon": "external link",
    "url": "",
    "asDropdown": True,
    "includeVars": False,
    "keepTime": True,
    "targetBlank": False,
}


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
        # Labels come in the order of the alphabet, so the name may stand before the code.
        "regex": f'/(?=.*{dimension}="(?<value>[^"]+)").*name="(?<text>[^"]+)"/',
        "refresh": 1,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]} if many else {"text": "", "value": ""},
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
    uid: str, title: str, meaning: str, rows: Sequence[Row], variables: Sequence[dict[str, Any]] = (), days: int = 7
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
        "time": {"from": f"now-{days}d", "to": "now"},
        "links": [_OTHERS],
        "annotations": {"list": []},
        "templating": {"list": list(variables)},
        "panels": _laid_out(rows),
    }


def _laid_out(rows: Sequence[Row]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        opened = {"collapsed": False, "panels": []}
        found.append({"id": len(found) + 1, "type": "row", "title": row.title, "gridPos": place, **opened})
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            found.append(drawn(panel, len(found) + 1, place))
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return found
