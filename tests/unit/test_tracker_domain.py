"""The state machine: every state with every action, any order, any duplication."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.domain import ENDED, OPEN, TRANSITIONS, Action, State, Where, advance, possible
from services.tracker.domain.states import ACTION_NAMES, ACTORS, CALLERS, STATE_NAMES, table
from shared.errors import Conflict

EVERYWHERE: tuple[Where, ...] = (None, *get_args(State))
ACTIONS: tuple[Action, ...] = get_args(Action)
ROOT = Path(__file__).parents[2]


def leads_here(action: Action, state: Where) -> bool:
    """Whether the action leads to this state from another one."""
    return any(end == state != start for start, end in TRANSITIONS[action].items())


@pytest.mark.parametrize("state", EVERYWHERE)
@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_advances_repeats_as_nothing_or_is_refused_with_what_is_possible(
    state: Where, action: Action
) -> None:
    expected = TRANSITIONS[action].get(state)
    if expected is not None:
        assert advance(state, action) == expected
    elif leads_here(action, state):
        assert advance(state, action) is None
    else:
        with pytest.raises(Conflict) as refused:
            advance(state, action)
        assert refused.value.type == "urn:yousu:problem:illegal-transition"
        assert refused.value.more == {"state": state, "possible": possible(state)}
        assert ACTION_NAMES[action] in refused.value.detail


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, 3))))
def test_whatever_is_doubled_on_the_way_the_case_ends_in_the_same_state(script: list[tuple[Action, int]]) -> None:
    def ends(times: bool) -> Where:
        state: Where = None
        for action, often in script:
            for _ in range(often if times else 1):
                try:
                    state = advance(state, action) or state
                except Conflict:
                    continue
        return state

    assert ends(times=True) == ends(times=False)


@given(st.lists(st.sampled_from(ACTIONS)))
def test_only_a_resolved_case_comes_back_and_only_by_being_reopened(script: list[Action]) -> None:
    state: Where = None
    for action in script:
        before = state
        try:
            state = advance(state, action) or state
        except Conflict:
            continue
        if before in ENDED and state != before:
            assert (before, action, state) == ("resolved", "reopen", "reopened")


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    reached = {end for ends in TRANSITIONS.values() for end in ends.values()}
    assert reached == set(get_args(State))
    assert set(OPEN) | ENDED == set(get_args(State))
    for state in OPEN:
        assert any(TRANSITIONS[action].get(state) in ENDED for action in ACTIONS)


def test_a_case_that_was_taken_back_or_refused_has_nothing_possible() -> None:
    assert possible("withdrawn") == possible("refused") == []
    assert possible("resolved") == ["record_arrears", "decide_review", "supervise", "answer_order"]


def test_what_is_possible_is_told_by_who_asks() -> None:
    assert possible("to_accept", ["lead"]) == ["accept", "return", "take_note", "answer_order"]
    assert possible("handling", ["co"]) == ["give_opinion"]
    assert possible("handling", ["dispatcher"]) == ["set_class"]
    assert possible(None, CALLERS) == []


def test_every_action_and_state_has_a_name_and_somebody_who_acts() -> None:
    assert set(ACTION_NAMES) == set(TRANSITIONS) == set(ACTORS) == set(ACTIONS)
    assert set(STATE_NAMES) == set(get_args(State))


def test_the_docs_have_the_table_that_the_command_prints() -> None:
    command = [sys.executable, "-m", "services.tracker.domain"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert printed.strip() == table()
    assert table() in (ROOT / "docs" / "architecture" / "tracker.md").read_text(encoding="utf-8")
