"""Whom a fact concerns, and what travels of it."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from services.tracker.webhooks.concern import AUDIENCE, PUSHED, Parties, Role, body, concerned
from shared import events
from shared.events import FACTS, Fact
from tests.unit.test_events import EXAMPLES

PARTIES = Parties("hn-gxt", ("hn-czt", "hn-zrzy"), ("hn-fgw", "hn-czt"))
HEAD: dict[str, Any] = {"number": "2603101234567895", "at": datetime(2026, 3, 10, tzinfo=UTC), "assignment": 1}
#: Values of the golden examples that no agency is told: texts, people, sums, terms.
TEXTS = ("name", "title", "text", "reason", "reasons", "evidence", "by", "enterprise", "amount", "comment", "clock")


def example(fact: type[Fact]) -> Fact:
    return next(one for one in EXAMPLES if type(one) is fact)


@pytest.mark.parametrize("fact", AUDIENCE, ids=lambda fact: fact.__name__)
def test_no_text_person_or_sum_travels(fact: type[Fact]) -> None:
    data = json.loads(body(example(fact), "hn-gxt", "lead"))["data"]
    assert data.keys().isdisjoint(TEXTS)
    assert {"number", "event", "agency", "role"} <= data.keys()
    assert all(isinstance(value, str | int | bool) for value in data.values())


@pytest.mark.parametrize("fact", AUDIENCE, ids=lambda fact: fact.__name__)
def test_nobody_is_told_who_is_no_party_to_the_case(fact: type[Fact]) -> None:
    told = concerned(example(fact), PARTIES)
    assert told.keys() <= {"hn-gxt", "hn-czt", "hn-zrzy", "hn-fgw"}
    assert set(told.values()) <= set(get_args(Role))


def test_a_new_assignment_concerns_those_before_and_an_agency_once() -> None:
    opened = events.CaseOpened(**HEAD, deadlines=())
    assert concerned(opened, PARTIES) == {"hn-gxt": "lead", "hn-czt": "co", "hn-zrzy": "co", "hn-fgw": "former"}


def test_a_card_concerns_the_agency_whose_deadline_it_is() -> None:
    missed: dict[str, Any] = {**HEAD, "stage": "opinion", "due_at": HEAD["at"]}
    assert concerned(events.DeadlineMissed(**missed, agency="hn-czt"), PARTIES) == {"hn-czt": "co"}
    assert concerned(events.DeadlineMissed(**missed, agency="hn-fgw"), PARTIES) == {"hn-fgw": "former"}
    assert concerned(events.DeadlineMissed(**missed), PARTIES) == {}


def test_a_complaint_without_a_lead_concerns_nobody_yet() -> None:
    assert concerned(events.CaseClosed(**HEAD, why="withdrawn"), Parties()) == {}


def test_what_others_tell_is_not_pushed_and_what_is_pushed_stands_in_the_order_of_a_life() -> None:
    assert concerned(example(events.ComplaintFiled), PARTIES) == {}
    assert [name for name in FACTS if name in PUSHED] == list(PUSHED)
