"""The table of the session's life is total, and what it asks for is wanted where it leads."""

import pytest

from irve_bridge.domain import diagram
from irve_bridge.domain.intents import Do
from irve_bridge.domain.lifecycle import DONE, LATE, TABLE, WANTED, Event, State

PAIRS = [(state, event) for state in State for event in Event]
PAID_OR_GIVEN_BACK = {State.SETTLED, State.RELEASED}


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_of_state_and_event_is_decided_once(state: State, event: Event) -> None:
    """A fact in a state nobody thought of would be money nobody watches."""
    assert ((state, event) in TABLE) != (event in LATE[state])


def test_the_end_is_the_end() -> None:
    """Later money is a movement, not a state; only a refund that never arrives needs a person."""
    out = {
        (event, row.state)
        for (state, event), row in TABLE.items()
        if state in PAID_OR_GIVEN_BACK and row.state is not state
    }
    assert out == {(Event.REFUND_LOST, State.REVIEW)}


def test_what_stands_beside_the_way_moves_no_session() -> None:
    """A second payment, a dispute and the keeping terms change nothing of what is owed."""
    beside = {Event.EXTRA, Event.EXTRA_LOST, Event.DISPUTED, Event.DISPUTE_CLOSED, Event.FORGOTTEN}
    beside |= {Event.CUSTOMER_TERM, Event.DATA_TERM}
    assert all(row.state is state for (state, event), row in TABLE.items() if event in beside)


def test_who_the_driver_was_is_forgotten_wherever_a_session_ends() -> None:
    for term in (Event.CUSTOMER_TERM, Event.DATA_TERM):
        assert {state for state, event in TABLE if event is term} == DONE


def test_a_second_payment_goes_back_wherever_anything_can_be_paid() -> None:
    paid_for = set(State) - {State.OPEN, State.ABANDONED}
    rows = {state: row.do for (state, event), row in TABLE.items() if event is Event.EXTRA}
    assert rows == dict.fromkeys(paid_for, (Do.RETURN,))


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    """No session is stuck by construction."""
    reached = {row.state for row in TABLE.values()}
    left = {state for (state, _), row in TABLE.items() if row.state is not state}
    assert reached == left == set(State)


def test_money_is_settled_only_from_a_stop_or_a_decision() -> None:
    """Only a finished or reviewed charge leads to taking money; of that, less may have to do."""
    events = {event for (_, event), row in TABLE.items() if Do.SETTLE in row.do}
    less = {Event.REFUND_FAILED, Event.OVERPAID, Event.HELD_LESS, Event.CHARGE_IN_VAIN}
    assert events == {Event.BILLABLE} | less


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


def test_the_document_has_every_row_once() -> None:
    """Those beside the way are folded into one line each."""
    shown = [line.split(" | ")[0:2] for line in diagram.rows()][2:]
    beside = [line.strip("| ").split(" | ")[:2] for line in diagram.beside()][2:]
    folded = [(state, event) for event, states in beside for state in states.split(", ")]
    assert len(shown) + len(folded) == len(TABLE)
    assert set(folded) == {(str(s), str(e)) for s, e in TABLE if str(e) in dict(beside)}
