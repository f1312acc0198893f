"""The shipped alerts with less patience: the same expressions, in which a day lasts seconds."""

import re
from typing import Any

import yaml

from services.yousu.distributed import prometheus

#: How long a day of the rules lasts; longer than a few scrapes.
DAY_SECONDS = 12
#: What of an alert's expression is made smaller: the shipped number, and the one that a test can wait for.
SMALLER = {
    "YousuUnroutedOld": ("> 8 * 3600", "> 5"),
    "YousuOutboxOld": ("> 60", "> 5"),
    "YousuConsumerBehind": ("> 1000", "> 50"),
    "YousuTimersLate": ("> 60", "> 5"),
    # Deltas are folded every five seconds.
    "YousuNumbersUnfolded": ("> 300", "> 12"),
    "YousuWebhooksFailing": ("> 3600", "> 5"),
}
_DAYS = re.compile(r"(\[|offset )(\d+)d\b")


def shortened() -> dict[str, dict[str, Any]]:
    """The rule files by name; `for:` is a second, and a recorded name keeps the days that it was given."""
    files = {path.name: path.read_text(encoding="utf-8") for path in prometheus.RULES.glob("*.yml")}
    return {name: _less(yaml.safe_load(text)) for name, text in files.items()}


def _less(read: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [{**group, "rules": [_rule(rule) for rule in group["rules"]]} for group in read["groups"]]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    expr = _DAYS.sub(lambda found: f"{found[1]}{int(found[2]) * DAY_SECONDS}s", rule["expr"])
    if "alert" not in rule:
        return {**rule, "expr": expr}
    shipped, wanted = SMALLER.get(rule["alert"], ("", ""))
    assert expr.endswith(shipped), f"{rule['alert']} does not end with {shipped}"
    return {**rule, "expr": expr.removesuffix(shipped) + wanted, "for": "1s"}
