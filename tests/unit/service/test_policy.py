"""A session nobody moves any more is moved by time: every state's deadline."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from irve_bridge.domain.session import MeteredBy, PlanName, State
from irve_bridge.service.policy import Policy, deadline
from tests.unit.domain.sessions import NOW, session

POLICY = Policy()
HOLD_ENDS = NOW + timedelta(days=7)
CAPTURED_BY = HOLD_ENDS - POLICY.hold_margin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def due_at(state: State, plan: PlanName = PlanName.DYNAMIC, **changes: Any) -> datetime | None:
    return deadline(session(plan, state=state, **changes), POLICY)


def held(state: State, **changes: Any) -> datetime | None:
    fields = {"secured_at": NOW, "capture_before": HOLD_ENDS} | changes
    return due_at(state, PlanName.ESTIMATED, **fields)


def owing(outcome: str = "insufficient_funds", **changes: Any) -> datetime | None:
    fields = {"due_since": NOW, "payment_method_id": "pm_1", "outcome": outcome} | changes
    return due_at(State.DUE, **fields)


def test_a_checkout_is_looked_at_once_it_must_be_over() -> None:
    assert due_at(State.OPEN) == NOW + POLICY.checkout_lasts + POLICY.checkout_margin
    opened = due_at(State.OPEN, checkout_expires_at=NOW + HOUR)
    assert opened == NOW + HOUR + POLICY.checkout_margin


def test_a_start_is_awaited_no_longer_than_the_hold_lasts() -> None:
    assert due_at(State.SECURED, secured_at=NOW) == NOW + POLICY.start_within
    ending = NOW + POLICY.hold_margin + timedelta(minutes=1)
    assert held(State.SECURED, capture_before=ending) == NOW + timedelta(minutes=1)


def test_a_charge_is_stopped_before_its_hold_must_be_captured() -> None:
    assert held(State.CHARGING) == CAPTURED_BY - POLICY.hold_stop
    for plan in (PlanName.FIXED, PlanName.DYNAMIC):
        ends_at = NOW + POLICY.transaction_most
        assert due_at(State.CHARGING, plan, secured_at=NOW) == ends_at - POLICY.hold_stop
        assert due_at(State.STOPPING, plan, secured_at=NOW) == ends_at


def test_the_end_of_a_charge_that_the_csms_meters_is_awaited_no_longer_than_the_hold() -> None:
    by_csms = {"metered_by": MeteredBy.CSMS, "secured_at": NOW}
    assert due_at(State.CHARGING, **by_csms) == NOW + POLICY.csms_end_within
    assert held(State.CHARGING, metered_by=MeteredBy.CSMS) == NOW + POLICY.csms_end_within
    soon = held(State.CHARGING, metered_by=MeteredBy.CSMS, capture_before=NOW + 3 * HOUR)
    assert soon == NOW + HOUR


@pytest.mark.parametrize("state", [State.STOPPING, State.REVIEW])
def test_a_hold_does_not_wait_for_a_charge_point_or_a_person(state: State) -> None:
    assert held(state) == CAPTURED_BY
    captured = held(state, paid_minor=1200)
    if state is State.REVIEW:
        assert captured is None, "what is captured does not end"
    else:
        assert captured == NOW + POLICY.transaction_most


@pytest.mark.parametrize(
    ("state", "before"),
    [
        (State.CHARGING, POLICY.hold_margin + POLICY.hold_stop),
        (State.STOPPING, POLICY.hold_margin),
        (State.REVIEW, POLICY.hold_margin),
    ],
)
def test_a_hold_that_does_not_say_its_end_is_taken_to_end_first_of_all(
    state: State, before: timedelta
) -> None:
    """Visa keeps the shortest ones for four days and 18 hours."""
    assert held(state, capture_before=None) == NOW + 4 * DAY + 18 * HOUR - before
    if state is State.REVIEW:
        assert held(state, capture_before=None, paid_minor=1200) is None
        for plan in (PlanName.FIXED, PlanName.DYNAMIC):
            assert due_at(state, plan, secured_at=NOW) is None, "nothing is held"


@pytest.mark.parametrize("state", [State.SETTLING, State.RELEASING])
def test_money_on_its_way_waits_for_the_provider_only(state: State) -> None:
    assert held(state) is None


def test_what_is_due_is_charged_again_on_the_operators_schedule_until_its_term() -> None:
    tries = [owing(charge_tries=count) for count in range(5)]
    assert tries == [NOW + days * DAY for days in (1, 3, 7, 14, 30)]


@pytest.mark.parametrize("code", ["expired_card", "authentication_required", "stolen_card", "x"])
def test_a_refusal_that_does_not_pass_is_not_tried_again(code: str) -> None:
    """Authentication in particular: only the driver can give it."""
    assert owing(code) == NOW + POLICY.debt_term


def test_without_a_kept_card_nothing_is_charged_again() -> None:
    assert owing(payment_method_id=None) == NOW + POLICY.debt_term
    assert due_at(State.DUE, PlanName.ESTIMATED, due_since=NOW) == NOW + POLICY.debt_term


def test_no_retry_comes_after_the_debts_term() -> None:
    short = Policy(debt_term=timedelta(hours=12))
    due = session(
        state=State.DUE, due_since=NOW, payment_method_id="pm_1", outcome="insufficient_funds"
    )
    assert deadline(due, short) == NOW + timedelta(hours=12)


def test_while_the_driver_pays_a_debt_only_the_checkout_ends() -> None:
    """Nothing else may charge it then, and it is not written off meanwhile."""
    paying = owing(paying_since=NOW + 29 * DAY, checkout_expires_at=NOW + 31 * DAY)
    assert paying == NOW + 31 * DAY + POLICY.checkout_margin
    unopened = owing(paying_since=NOW + HOUR)
    assert unopened == NOW + HOUR + POLICY.checkout_lasts + POLICY.checkout_margin


@pytest.mark.parametrize(
    "state", [State.SETTLED, State.RELEASED, State.ABANDONED, State.WRITTEN_OFF]
)
def test_after_the_end_first_the_customer_then_the_personal_data_are_forgotten(
    state: State,
) -> None:
    ended_at = NOW + HOUR
    assert due_at(state, ended_at=ended_at) == ended_at + POLICY.customer_kept
    anonymous = {"ended_at": ended_at, "customer_id": None}
    assert due_at(state, **anonymous) == ended_at + POLICY.personal_data_kept
    assert due_at(state, **anonymous, erased_at=NOW) is None


def test_what_was_decided_once_is_not_captured_again_by_time() -> None:
    """A capture that was refused is a person's matter, not tried at every look."""
    assert held(State.REVIEW) == CAPTURED_BY
    assert held(State.REVIEW, decided_minor=500) is None
