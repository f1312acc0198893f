"""The state machine: every state with every action."""

from typing import get_args

import pytest

from services.tracker.domain import TRANSITIONS, Action, State, advance
from shared.errors import Conflict


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("action", get_args(Action))
def test_an_action_advances_repeats_as_nothing_or_is_refused_with_what_is_possible(
    state: State, action: Action
) -> None:
    expected = TRANSITIONS[action].get(state)
    if expected is not None:
        assert advance(state, action) == expected
    elif state in TRANSITIONS[action].values() and action != "reply":
        assert advance(state, action) is None
    else:
        with pytest.raises(Conflict) as refused:
            advance(state, action)
        assert refused.value.more["possible"] == [
            other for other in get_args(Action) if state in TRANSITIONS[other] and other != "withdraw"
        ]
