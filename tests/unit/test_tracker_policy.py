"""The policy: what ships is the domain's, a version holds from its day, and a file with a fault is refused."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.tracker.domain.arrears import Totals, fault
from services.tracker.domain.search import grams
from services.tracker.policy import CasePolicy, policy_on, read_policies

SHIPPED = Path(__file__).parents[2] / "services" / "tracker" / "policy.yaml"


def test_the_shipped_limits_are_those_of_the_domain() -> None:
    policy = policy_on(datetime(2026, 3, 10, tzinfo=UTC))
    assert (policy.route, policy.warn_working_days, policy.pause_cap_working_days) == ((1, "working_day"), 1, 15)
    assert (policy.extension.days, policy.extension.times, policy.bulletin_working_days) == (7, 2, 5)
    resolve = {name: limits.resolve for name, limits in policy.classes.items()}
    assert resolve == {
        "simple": (5, "working_day"),
        "general": (15, "working_day"),
        "arrears": (30, "calendar_day"),
        "foreign_invested": (60, "working_day"),
    }
    assert policy.classes["arrears"].resolve_cap_days == 90
    for limits in policy.classes.values():
        assert (limits.accept[0], limits.return_[0], limits.reply[0]) == (1, 2, 3)


def test_a_policy_holds_from_its_day_in_china(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    later = text.replace("2022-09-19", "2026-03-01").replace("route: [1,", "route: [2,")
    path = tmp_path / "policy.yaml"
    path.write_text(later + text.split("# 30 days")[1].split("\n", 1)[1], encoding="utf-8")
    assert [policy.route[0] for policy in read_policies(path)] == [1, 2]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("accept: [1, working_day]", "accept: [1, week]"),
        ("warn_working_days: 1", "warn_working_days: -1"),
        ("supervise_on_red: true", "supervise: true"),
        ("redo: [5, working_day]", "rede: [5, working_day]"),
        ("    simple:", "    easy:"),
    ],
)
def test_a_policy_with_a_fault_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ValidationError):
        read_policies(path)


def test_what_is_frozen_onto_a_case_is_read_back_as_it_was() -> None:
    policy = policy_on(datetime(2026, 3, 10, tzinfo=UTC)).for_class("arrears")
    assert CasePolicy.model_validate(policy.frozen()) == policy


@pytest.mark.parametrize(
    ("totals", "field"),
    [
        (Totals(), None),
        (Totals(claimed=Decimal(5)), None),
        (Totals(verified=Decimal(10), repaid=Decimal(4), under_agreement=Decimal(6)), None),
        (Totals(verified=Decimal(10), repaid=Decimal(4), under_agreement=Decimal("6.01")), "verified"),
        (Totals(repaid=Decimal(1)), "verified"),
    ],
)
def test_nobody_repays_or_agrees_on_more_than_was_verified(totals: Totals, field: str | None) -> None:
    found = fault(totals)
    assert (found.field if found else None) == field


def test_newer_totals_stand_and_what_they_leave_out_stays() -> None:
    known = Totals(claimed=Decimal(9), verified=Decimal(8))
    assert known.merged(Totals(verified=Decimal(7), repaid=Decimal(1))) == Totals(Decimal(9), Decimal(7), Decimal(1))


def test_words_in_chinese_are_found_by_pairs_of_characters() -> None:
    assert grams("拖欠 工程款，ＡＢ") == ["拖欠", "欠工", "工程", "程款", "款a", "ab"]
    assert grams("款") == ["款"]
    assert grams("——") == []
