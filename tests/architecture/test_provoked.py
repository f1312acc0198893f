"""The list of faults in docs/alerts.md is that of the tests, and what they watch with is what is shipped."""

import re

from tests.architecture.watching import ROOT, rules
from tests.integration.faults import Faults
from tests.integration.shortened import DAY_SECONDS, SMALLER, shortened

BOOK = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (Yousu\w+) \| .+ \| .+ \| `(\w+)` \|$", BOOK, re.MULTILINE)
TEST = (ROOT / "tests" / "integration" / "test_alerts_firing.py").read_text(encoding="utf-8")


def test_every_alert_was_provoked_by_a_fault_that_the_test_makes() -> None:
    assert {alert for alert, _ in ROWS} == {rule["alert"] for rule in rules("alerts.yml")}
    for alert, fault in ROWS:
        assert hasattr(Faults, fault), fault
        assert re.search(rf'"{alert}"\W[^\n]*faults\.{fault}\(', TEST), f"{alert} by {fault}"


def test_only_the_patience_of_the_shipped_rules_is_shortened() -> None:
    for file, made in shortened().items():
        less = [rule for group in made["groups"] for rule in group["rules"]]
        assert [rule.get("alert") for rule in less] == [rule.get("alert") for rule in rules(file)]
        for rule, shipped in zip(less, rules(file), strict=True):
            assert _patient(rule) == shipped["expr"]


def _patient(rule: dict[str, str]) -> str:
    """The shipped expression again."""
    much, little = SMALLER.get(rule.get("alert", ""), ("", ""))
    days = re.sub(r"(\[|offset )(\d+)s\b", lambda found: f"{found[1]}{int(found[2]) // DAY_SECONDS}d", rule["expr"])
    return days.removesuffix(little) + much
