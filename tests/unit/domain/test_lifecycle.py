"""The table of the session's life is total, and what it asks for is wanted where it leads."""

import pytest

from irve_bridge.domain.intents import Do
from irve_bridge.domain.lifecycle import LATE, TABLE, WANTED, Event, State

PAIRS = [(state, event) for state in State for event in Event]
FINAL = {State.SETTLED, State.RELEASED}


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_of_state_and_event_is_decided_once(state: State, event: Event) -> None:
    """A fact in a state nobody thought of would be money nobody watches."""
    assert ((state, event) in TABLE) != (event in LATE[state])


def test_the_end_is_the_end() -> None:
    """Nothing leads out of SETTLED and RELEASED: later money is a movement, not a state."""
    assert not [pair for pair in TABLE if pair[0] in FINAL]


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    """No session is stuck by construction."""
    reached = {row.state for row in TABLE.values()}
    left = {state for (state, _), row in TABLE.items() if row.state is not state}
    assert reached == set(State)
    assert left == set(State) - FINAL


def test_money_is_settled_only_from_a_stop_or_a_decision() -> None:
    """Only a finished or reviewed charge leads to taking money."""
    events = {event for (_, event), row in TABLE.items() if Do.SETTLE in row.do}
    assert events == {Event.BILLABLE}


def test_settling_and_releasing_are_never_wanted_together() -> None:
    """What is being settled cannot be released by an intent left over, nor the other way round."""
    assert not WANTED[Do.SETTLE] & WANTED[Do.RELEASE]
    assert WANTED[Do.START] == {State.SECURED}
    assert WANTED[Do.STOP] == {State.STOPPING}


def test_each_row_that_tells_of_money_leads_to_its_proof() -> None:
    """`payment_succeeded` and `payment_released` are said only on proof."""
    for (_, event), row in TABLE.items():
        if "payment_succeeded" in row.tell:
            assert event is Event.PAID
        if "payment_released" in row.tell:
            assert event is Event.RELEASED
