"""A panel as Grafana reads it."""

from typing import Any

from services.yousu.watching.panels import COUNT, GREEN, Panel, Query, Steps

SOURCE = {"type": "prometheus", "uid": "prometheus"}
PLAIN = "text"
#: Where nothing is due there is no value.
NOTHING = "无"
#: What nothing was counted under has no series, and beside others in a row it is 0.
NONE_COUNTED = {"type": "special", "options": {"match": "null", "result": {"text": "0", "index": 0}}}
#: Pixels: a column of numbers, and one of names.
NARROW, WIDE = 75, 180
#: Pixels, so that panels beside each other are written alike.
SIZES = {"titleSize": 14, "valueSize": 22}


def drawn(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    """The panel under this number at this place of the grid."""
    draw = {"stat": _stat, "timeseries": _timeseries, "table": _table}[panel.kind]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(panel, place, query) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        **draw(panel),
    }


def _letter(place: int) -> str:
    return chr(ord("A") + place)


def _target(panel: Panel, place: int, query: Query) -> dict[str, Any]:
    at_once = panel.kind != "timeseries"
    found = {
        "refId": _letter(place),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": at_once,
        "range": not at_once,
    }
    return found | ({"format": "table"} if panel.kind == "table" else {})


def _defaults(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = {
        **_unit(panel.unit),
        "noValue": NOTHING,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": _thresholds(panel.steps),
    }
    if panel.said:
        found["mappings"] = _told(panel.said)
    if panel.kind == "timeseries":
        # What is counted or waits is never less than none.
        found["min"] = 0
    if panel.kind == "table":
        found["custom"] = {"minWidth": NARROW, **({"cellOptions": {"type": "color-text"}} if panel.steps else {})}
    return found


def _unit(unit: str) -> dict[str, Any]:
    """What is counted is whole; hours and 万元 have one place."""
    if unit == COUNT:
        return {"unit": unit, "decimals": 0}
    return {"unit": unit, **({"decimals": 1} if unit.startswith("suffix:") else {})}


def _told(words: dict[str, str]) -> list[dict[str, Any]]:
    options = {code: {"text": text, "index": place} for place, (code, text) in enumerate(words.items())}
    return [{"type": "value", "options": options}]


def _thresholds(steps: Steps = ()) -> dict[str, Any]:
    """Below the first step all is well; where there is no value there is no colour, so green begins at 0."""
    if steps and steps[0][0] > 0:
        steps = ((0, GREEN), *steps)
    return {
        "mode": "absolute",
        "steps": [{"color": PLAIN, "value": None}, *({"color": colour, "value": value} for value, colour in steps)],
    }


def _overrides(panel: Panel) -> list[dict[str, Any]]:
    numbers = (_number(panel, place, query) for place, query in enumerate(panel.queries))
    found = [number for number in numbers if number["properties"]]
    return found + [_key(panel, label, title) for label, title in panel.keys.items()]


def _number(panel: Panel, place: int, query: Query) -> dict[str, Any]:
    """A number beside the panel's own has its own unit, and its own colours or none; a line may have its colour.

    In a table it is found by its column; elsewhere by its query, since a legend may be made of labels.
    """
    by_name = panel.kind == "table"
    matcher = (
        {"id": "byName", "options": query.legend} if by_name else {"id": "byFrameRefID", "options": _letter(place)}
    )
    properties: list[dict[str, Any]] = []
    if query.unit:
        properties += [{"id": key, "value": value} for key, value in _unit(query.unit).items()]
        properties.append({"id": "thresholds", "value": _thresholds(query.steps)})
    if by_name and (query.unit or panel.unit) == COUNT:
        properties.append({"id": "mappings", "value": [NONE_COUNTED]})
    if query.colour:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": query.colour}})
    return {"matcher": matcher, "properties": properties}


def _key(panel: Panel, label: str, title: str) -> dict[str, Any]:
    """A column of names or codes: a code of digits alone is no number."""
    properties: list[dict[str, Any]] = [
        {"id": "unit", "value": "string"},
        {"id": "custom.cellOptions", "value": {"type": "auto"}},
        {"id": "custom.minWidth", "value": NARROW if title in panel.words else WIDE},
    ]
    if label in panel.unseen:
        properties.append({"id": "custom.hidden", "value": True})
    if words := panel.words.get(title):
        properties.append({"id": "mappings", "value": _told(words)})
    if url := panel.links.get(title):
        properties.append({"id": "links", "value": [{"title": "打开", "url": url}]})
    return {"matcher": {"id": "byName", "options": title}, "properties": properties}


def _stat(panel: Panel) -> dict[str, Any]:
    options: dict[str, Any] = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        # One of many is told with its name even when it is the only one.
        "textMode": "value_and_name" if any("{{" in query.legend for query in panel.queries) else "auto",
    }
    if len(panel.queries) > 1 or options["textMode"] != "auto":
        options["text"] = SIZES
    return {"options": options}


def _timeseries(_panel: Panel) -> dict[str, Any]:
    legend = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
    return {"options": {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}}


def _table(panel: Panel) -> dict[str, Any]:
    """One row a code: the answers of all queries side by side, each column called as its query is."""
    value = "Value" if len(panel.queries) == 1 else "Value #{}"
    columns = {value.format(_letter(place)): query.legend for place, query in enumerate(panel.queries)}
    shown = {**panel.keys, **columns}
    order = {name: place for place, name in enumerate(shown)}
    changes: list[dict[str, Any]] = [{"id": "merge", "options": {}}] if len(panel.queries) > 1 else []
    changes.append(
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": shown, "indexByName": order}}
    )
    sort = [{"displayName": panel.worst[0], "desc": panel.worst[1] == "highest"}] if panel.worst else []
    return {"transformations": changes, "options": {"showHeader": True, "sortBy": sort}}
