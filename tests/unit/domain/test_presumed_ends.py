"""A charge whose stop never came ends at its last reading; a stop after all only lowers it."""

from dataclasses import replace
from typing import Any

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.classify import says_more
from irve_bridge.domain.decide import Decision
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import PlanName, Session, State
from tests.books import decided
from tests.unit.domain.sessions import LATER, NOW, session

AT: dict[str, Any] = {"at": LATER, "session_id": "ses_1"}
PAYS = {
    PlanName.FIXED: {"payment_intent_id": "pi_1", "paid_minor": 3000},
    PlanName.ESTIMATED: {"payment_intent_id": "pi_1"},
    PlanName.DYNAMIC: {"payment_method_id": "pm_1"},
}
every_plan = pytest.mark.parametrize("plan", list(PlanName))


def ended(cost_minor: int, **changes: Any) -> facts.ChargingEnded:
    said = {"stopped_at": LATER, "energy_wh": cost_minor, "reason": "Local"} | changes
    return facts.ChargingEnded(**AT, **said, cost=Breakdown("EUR", cost_minor, cost_minor))


def charging(plan: PlanName, state: State = State.CHARGING) -> Session:
    return session(plan, state=state, secured_at=NOW, secured_minor=3000, **PAYS[plan])


def presumed(plan: PlanName, **changes: Any) -> Session:
    """A session that was ended at 12.00 without its stop, settling unless changed."""
    before = decided(charging(plan), ended(1200, presumed=True)).session
    fields = {name: getattr(before, name) for name in before.__slots__} | changes
    return session(**{**fields, "taken": bool(fields["paid_minor"])})


def late(before: Session, cost_minor: int, **changes: Any) -> Decision:
    return decided(before, ended(cost_minor, **changes))


def asked(decision: Decision) -> list[tuple[Kind, Any]]:
    return [(i.kind, i.parameters.get("amount_minor")) for i in decision.intents]


@every_plan
@pytest.mark.parametrize("state", [State.CHARGING, State.STOPPING])
def test_an_end_that_is_presumed_is_billed_like_any_other(plan: PlanName, state: State) -> None:
    decision = decided(charging(plan, state), ended(1200, presumed=True))
    now = decision.session
    assert (now.state, now.decided_minor, now.end_presumed) == (State.SETTLING, 1200, True)
    expected = {
        PlanName.FIXED: (Kind.REFUND, 1800),
        PlanName.ESTIMATED: (Kind.CAPTURE, 1200),
        PlanName.DYNAMIC: (Kind.CREATE_CHARGE, 1200),
    }
    assert asked(decision) == [expected[plan]]


@every_plan
def test_without_a_reading_everything_goes_back_and_the_driver_is_told_so(plan: PlanName) -> None:
    now = decided(charging(plan), ended(0, presumed=True)).session
    assert (now.state, now.outcome) == (State.RELEASING, "nothing_told")


@every_plan
@pytest.mark.parametrize("cost_minor", [1200, 1201, 3000])
def test_a_stop_after_all_never_makes_it_cost_more(plan: PlanName, cost_minor: int) -> None:
    for paid in ({}, {"state": State.SETTLED, "paid_minor": 1200, "payment_intent_id": "pi_1"}):
        before = presumed(plan, **paid)
        decision = late(before, cost_minor)
        assert decision.session == replace(before, end_presumed=False)
        assert (decision.intents, decision.tell) == ((), ())


@every_plan
@pytest.mark.parametrize("cost_minor", [0, 700, 1200, 1500])
@pytest.mark.parametrize("state", [State.SETTLING, State.SETTLED, State.REVIEW, State.DUE])
def test_once_a_stop_came_its_end_is_presumed_no_more_and_another_changes_nothing(
    plan: PlanName, cost_minor: int, state: State
) -> None:
    before = presumed(plan, state=state, paid_minor=1200, payment_intent_id="pi_1")
    heard = late(before, cost_minor).session
    assert (heard.end_presumed, heard.end_corrected) == (False, cost_minor < 1200)
    for again in (0, 300, 1500):
        assert late(heard, again) == Decision(heard)


@pytest.mark.parametrize("state", [State.RELEASING, State.RELEASED])
def test_what_was_released_without_a_reading_stays_so_whatever_its_stop_says(state: State) -> None:
    before = decided(charging(PlanName.DYNAMIC), ended(0, presumed=True)).session
    released = replace(before, state=state)
    assert late(released, 900).session == replace(released, end_presumed=False)


@pytest.mark.parametrize(
    ("billed_minor", "cost_minor", "more"),
    [(1200, 1200, False), (1200, 1199, False), (1200, 1201, True), (3000, 3100, False)],
)
@every_plan
def test_what_a_stop_says_beyond_the_bill_is_more_up_to_what_was_secured(
    plan: PlanName, billed_minor: int, cost_minor: int, *, more: bool
) -> None:
    """Whether it was paid already or not; what overshoots is nobody's loss to look for."""
    for paid in (0, billed_minor):
        cost = Breakdown("EUR", billed_minor, billed_minor)
        before = presumed(plan, cost=cost, decided_minor=billed_minor, paid_minor=paid)
        assert says_more(before, ended(cost_minor)) is more


@every_plan
def test_a_stop_that_was_heard_is_not_corrected_by_another(plan: PlanName) -> None:
    before = decided(charging(plan), ended(1200)).session
    assert late(before, 700) == Decision(before)


@every_plan
def test_two_presumptions_do_not_lower_each_other(plan: PlanName) -> None:
    before = presumed(plan)
    assert late(before, 700, presumed=True) == Decision(before)


@every_plan
def test_what_was_settled_goes_back_as_far_as_the_stop_says_less(plan: PlanName) -> None:
    paid = {"state": State.SETTLED, "paid_minor": 1200, "payment_intent_id": "pi_1"}
    decision = late(presumed(plan, **paid), 700)
    assert (decision.session.state, decision.session.decided_minor) == (State.SETTLED, 700)
    assert asked(decision) == [(Kind.REFUND, 500)]
    assert late(presumed(plan, **paid), 0).session.decided_minor == 0


@every_plan
def test_of_a_stop_in_doubt_counts_what_nobody_doubts(plan: PlanName) -> None:
    """Its register lies below the last reading: the lower one of both is billed."""
    paid = {"state": State.SETTLED, "paid_minor": 1200, "payment_intent_id": "pi_1"}
    decision = late(presumed(plan, **paid), 700, doubt="below the last reading")
    assert (decision.session.decided_minor, decision.session.outcome) == (700, None)


@every_plan
def test_while_it_settles_less_is_decided_and_whatever_was_taken_goes_back(plan: PlanName) -> None:
    """A call that is on its way is not disturbed: what it took too much is refunded."""
    decision = late(presumed(plan), 700)
    lowered = decision.session
    assert (lowered.state, lowered.decided_minor, decision.intents) == (State.SETTLING, 700, ())
    if plan is PlanName.FIXED:
        proof: facts.SessionFact = facts.Refunded(
            **AT, refund_id="re_1", payment_intent_id="pi_1", amount_minor=1800
        )
    else:
        proof = facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=1200)
    paid = decided(lowered, proof)
    assert paid.session.state is State.SETTLING
    assert asked(paid) == [(Kind.REFUND, 500)]
    back = facts.Refunded(**AT, refund_id="re_2", payment_intent_id="pi_1", amount_minor=500)
    assert decided(paid.session, back).session.state is State.SETTLED


@every_plan
def test_while_it_settles_nothing_to_bill_gives_everything_back(plan: PlanName) -> None:
    """Also what a call on its way still takes, be it after everything was released."""
    decision = late(presumed(plan), 0)
    assert decision.session.state is State.RELEASING
    expected = {
        PlanName.FIXED: (Kind.REFUND, 3000),
        PlanName.ESTIMATED: (Kind.CANCEL_HOLD, None),
        PlanName.DYNAMIC: (Kind.FORGET_CARD, None),
    }
    assert asked(decision) == [expected[plan]]
    if plan is PlanName.FIXED:
        return
    taken = facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=1200)
    for state in (State.RELEASING, State.RELEASED):
        fields = {name: getattr(decision.session, name) for name in decision.session.__slots__}
        before = session(**fields | {"state": state, "payment_intent_id": "pi_1"})
        paid = decided(before, taken)
        assert (paid.session.state, asked(paid)) == (state, [(Kind.REFUND, 1200)])


def test_a_charge_created_for_more_is_replaced_before_anything_is_taken() -> None:
    lowered = late(presumed(PlanName.DYNAMIC), 700).session
    created = facts.ChargeCreated(**AT, payment_intent_id="pi_1", amount_minor=1200)
    decision = decided(lowered, created)
    assert decision.session.payment_intent_id is None
    assert asked(decision) == [(Kind.CANCEL_CHARGE, None), (Kind.CREATE_CHARGE, 700)]
    again = facts.ChargeCreated(**AT, payment_intent_id="pi_2", amount_minor=700)
    assert asked(decided(decision.session, again)) == [(Kind.CONFIRM_CHARGE, None)]


def test_what_is_due_becomes_less_and_nothing_is_charged_meanwhile() -> None:
    due = presumed(PlanName.DYNAMIC, state=State.DUE, payment_intent_id="pi_1", due_since=LATER)
    decision = late(due, 700)
    assert (decision.session.state, decision.session.decided_minor) == (State.DUE, 700)
    assert asked(decision) == [(Kind.CANCEL_CHARGE, None)]
    assert late(due, 0).session.state is State.WRITTEN_OFF


def test_what_a_person_must_decide_is_lowered_but_not_decided() -> None:
    """Before the hold ends no more than this is captured."""
    doubted = ended(1200, presumed=True, doubt="more than can be delivered")
    review = decided(charging(PlanName.ESTIMATED), doubted).session
    assert review.state is State.REVIEW
    lowered = late(review, 700).session
    assert (lowered.state, lowered.decided_minor) == (State.REVIEW, None)
    assert decided(lowered, facts.HoldEnding(**AT)).session.decided_minor == 700


def test_a_remainder_that_is_kept_stays_kept_unless_nothing_was_used() -> None:
    paid = {"state": State.SETTLED, "paid_minor": 3000, "decided_minor": 3000}
    kept = presumed(PlanName.FIXED, keeps_remainder=True, **paid)
    assert late(kept, 700).session == replace(kept, end_presumed=False)
    assert asked(late(kept, 0)) == [(Kind.REFUND, 3000)]
