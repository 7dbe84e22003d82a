"""What a fact does to a session: the right call with the right amount, or nothing at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.decide import Decision
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import Delivery, MeteredBy, PlanName, Session, State
from tests.books import decided
from tests.unit.domain.sessions import LATER, NOW, session

AT = {"at": LATER, "session_id": "ses_1"}


def secured(plan: PlanName, secured_minor: int = 3000, **changes: object) -> Session:
    proof = facts.PaymentSecured(
        **AT,
        secured_minor=secured_minor,
        payment_intent_id=None if plan is PlanName.DYNAMIC else "pi_1",
        payment_method_id="pm_1",
    )
    return decided(session(plan, **changes), proof).session


def charging(plan: PlanName, secured_minor: int = 3000) -> Session:
    began = facts.ChargingBegan(**AT, transaction_id="7", started_at=NOW)
    return decided(secured(plan, secured_minor), began).session


def ended(
    plan: PlanName, cost_minor: int, energy_wh: int = 10_000, secured_minor: int = 3000
) -> Decision:
    cost = Breakdown("EUR", cost_minor, cost_minor)
    fact = facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=energy_wh, cost=cost)
    return decided(charging(plan, secured_minor), fact)


def calls(decision: Decision) -> list[tuple[Kind, int | None]]:
    return [(i.kind, i.parameters.get("amount_minor")) for i in decision.intents]


@pytest.mark.parametrize(
    ("plan", "call"),
    [
        (PlanName.FIXED, (Kind.REFUND, 1800)),
        (PlanName.ESTIMATED, (Kind.CAPTURE, 1200)),
        (PlanName.DYNAMIC, (Kind.CREATE_CHARGE, 1200)),
    ],
)
def test_a_finished_charge_is_settled_the_plan_s_way(
    plan: PlanName, call: tuple[Kind, int]
) -> None:
    decision = ended(plan, 1200)
    assert decision.session.state is State.SETTLING
    assert decision.session.decided_minor == 1200
    assert calls(decision) == [call]


@pytest.mark.parametrize(
    ("plan", "call"),
    [
        (PlanName.FIXED, (Kind.REFUND, 3000)),
        (PlanName.ESTIMATED, (Kind.CANCEL_HOLD, None)),
        (PlanName.DYNAMIC, (Kind.FORGET_CARD, None)),
    ],
)
def test_without_energy_everything_is_given_back(
    plan: PlanName, call: tuple[Kind, int | None]
) -> None:
    decision = ended(plan, 100, energy_wh=0)
    assert decision.session.state is State.RELEASING
    assert decision.session.decided_minor == 0
    assert calls(decision) == [call]


@pytest.mark.parametrize("plan", [PlanName.ESTIMATED, PlanName.DYNAMIC])
def test_a_cost_below_the_least_amount_is_not_taken(plan: PlanName) -> None:
    decision = ended(plan, 49)
    assert (decision.session.state, decision.session.outcome) == (State.RELEASING, "below_least")


def test_a_prepaid_cost_below_the_least_amount_is_kept_exactly() -> None:
    assert calls(ended(PlanName.FIXED, 49)) == [(Kind.REFUND, 2951)]


def test_a_prepayment_used_up_exactly_is_settled_at_once() -> None:
    decision = ended(PlanName.FIXED, 3000)
    assert decision.session.state is State.SETTLED
    assert decision.intents == ()
    assert decision.tell == ("charging_stopped", "payment_succeeded")


@given(
    plan=st.sampled_from(PlanName),
    cost_minor=st.integers(0, 100_000),
    secured_minor=st.integers(50, 50_000),
)
def test_nobody_ever_owes_more_than_the_meter_or_the_security(
    plan: PlanName, cost_minor: int, secured_minor: int
) -> None:
    owed_minor = ended(plan, cost_minor, secured_minor=secured_minor).session.decided_minor
    assert owed_minor is not None
    assert 0 <= owed_minor <= min(cost_minor, secured_minor)


def test_doubtful_readings_go_to_a_person() -> None:
    cost = Breakdown("EUR", 500, 500)
    fact = facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=1, cost=cost, doubt="dropped")
    decision = decided(charging(PlanName.DYNAMIC), fact)
    assert decision.session.state is State.REVIEW
    assert decision.intents == ()
    assert decision.session.decided_minor is None


def test_a_payment_that_comes_after_the_checkout_was_left_is_given_back() -> None:
    left = decided(session(PlanName.FIXED), facts.GivenUp(**AT)).session
    proof = facts.PaymentSecured(**AT, secured_minor=3000, payment_intent_id="pi_1")
    decision = decided(left, proof)
    assert decision.session.state is State.RELEASING
    assert calls(decision) == [(Kind.REFUND, 3000)]


def test_a_rejection_is_a_refusal_only_if_no_start_may_have_arrived() -> None:
    fresh = secured(PlanName.DYNAMIC)
    refused = facts.StartRefused(**AT)
    assert decided(fresh, refused).session.state is State.RELEASING
    unsure = decided(fresh, facts.StartUnconfirmed(**AT)).session
    assert decided(unsure, refused).session.state is State.SECURED


def test_a_stop_wished_before_the_start_is_applied_at_the_start() -> None:
    sent = decided(secured(PlanName.DYNAMIC), facts.StartAccepted(**AT)).session
    wished = decided(sent, facts.StopAsked(**AT, cause=StopCause.DRIVER)).session
    assert wished.state is State.SECURED
    began = facts.ChargingBegan(**AT, transaction_id="7", started_at=NOW)
    decision = decided(wished, began)
    assert decision.session.state is State.STOPPING
    assert [i.kind for i in decision.intents] == [Kind.REMOTE_STOP]


def test_a_stop_before_anything_was_sent_gives_the_money_back() -> None:
    waiting = secured(PlanName.ESTIMATED)
    assert waiting.delivery is Delivery.NONE
    decision = decided(waiting, facts.StopAsked(**AT, cause=StopCause.DRIVER))
    assert [i.kind for i in decision.intents] == [Kind.CANCEL_HOLD, Kind.CANCEL_RESERVATION]


def test_a_repeated_fact_changes_nothing() -> None:
    """Every fact that moved a session finds nothing to do when it comes again."""
    proof = facts.PaymentSecured(**AT, payment_method_id="pm_1", setup_intent_id="seti_1")
    once = decided(session(), proof).session
    assert decided(once, proof) == Decision(once)
    settled = decided(ended(PlanName.ESTIMATED, 1200).session, _paid(1200)).session
    assert settled.state is State.SETTLED
    assert decided(settled, _paid(1200)) == Decision(settled)


def test_a_charge_is_confirmed_only_once_its_id_is_known() -> None:
    settling = ended(PlanName.DYNAMIC, 1200).session
    created = facts.ChargeCreated(**AT, payment_intent_id="pi_9", amount_minor=1200)
    decision = decided(settling, created)
    assert [(i.kind, i.parameters) for i in decision.intents] == [
        (Kind.CONFIRM_CHARGE, {"payment_intent_id": "pi_9"})
    ]


def test_a_charge_of_another_amount_never_leaves_a_session_without_a_next_step() -> None:
    """Found at Stripe after the books were put back: if it was paid, its cancelling tells."""
    settling = ended(PlanName.DYNAMIC, 1200).session
    earlier = facts.ChargeCreated(**AT, payment_intent_id="pi_1", amount_minor=1100)
    decision = decided(settling, earlier)
    assert decision.session.payment_intent_id is None
    assert [(i.kind, i.parameters) for i in decision.intents] == [
        (Kind.CANCEL_CHARGE, {"payment_intent_id": "pi_1"}),
        (Kind.CREATE_CHARGE, {"amount_minor": 1200}),
    ]
    review = decided(decision.session, _paid(1100)).session
    assert (review.state, review.outcome) == (State.REVIEW, "paid_otherwise")


def test_a_declined_charge_is_due_and_paid_after_all() -> None:
    settling = ended(PlanName.DYNAMIC, 1200).session
    due = decided(settling, facts.PaymentDeclined(**AT, code="expired_card", message="x"))
    assert due.session.state is State.DUE
    assert due.tell == ("charge_failed",)
    assert decided(due.session, _paid(1200)).session.state is State.SETTLED


def test_a_session_metered_by_the_csms_charges_once_secured() -> None:
    opened = session(metered_by=MeteredBy.CSMS)
    decision = decided(opened, facts.PaymentSecured(**AT, payment_method_id="pm_1"))
    assert decision.session.state is State.CHARGING
    assert decision.intents == ()


def _paid(amount_minor: int) -> facts.PaymentSucceeded:
    return facts.PaymentSucceeded(**AT, payment_intent_id="pi_1", amount_minor=amount_minor)


@given(
    plan=st.sampled_from(PlanName),
    cost_minor=st.integers(0, 5000),
    least_minor=st.sampled_from([50, 500]),
)
def test_only_steps_that_a_card_can_be_charged_in_are_owed(
    plan: PlanName, cost_minor: int, least_minor: int
) -> None:
    """Of a currency with three decimals the last one is never charged: it stays the driver's."""
    fields = {"step_minor": 10, "least_minor": least_minor, "currency": "KWD"}
    running = replace(charging(plan), **fields)
    cost = Breakdown("KWD", cost_minor, cost_minor)
    fact = facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=10_000, cost=cost)
    owed_minor = decided(running, fact).session.decided_minor
    assert owed_minor is not None
    assert owed_minor % 10 == 0
    assert owed_minor <= min(cost_minor, 3000)
    if plan is PlanName.FIXED or cost_minor >= least_minor:
        assert owed_minor > min(cost_minor, 3000) - 10


@pytest.mark.parametrize(
    ("plan", "owed_minor"),
    [(PlanName.FIXED, 3000), (PlanName.ESTIMATED, 1200), (PlanName.DYNAMIC, 1200)],
)
def test_only_the_rest_of_a_fixed_amount_can_be_kept(plan: PlanName, owed_minor: int) -> None:
    """Where the operator chose so, and the driver was told before paying."""
    kept = replace(charging(plan), keeps_remainder=True)
    cost = Breakdown("EUR", 1200, 1200)
    fact = facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=10_000, cost=cost)
    assert decided(kept, fact).session.decided_minor == owed_minor


def test_without_energy_nothing_is_kept_either() -> None:
    kept = replace(charging(PlanName.FIXED), keeps_remainder=True)
    cost = Breakdown("EUR", 1200, 1200)
    nothing = facts.ChargingEnded(**AT, stopped_at=LATER, energy_wh=0, cost=cost)
    assert calls(decided(kept, nothing)) == [(Kind.REFUND, 3000)]


def test_of_a_doubtful_charge_whose_hold_ends_only_the_trusted_part_is_taken() -> None:
    trusted = Breakdown("EUR", 700, 700)
    doubtful = facts.ChargingEnded(
        **AT, stopped_at=LATER, energy_wh=7000, cost=trusted, doubt="dropped"
    )
    review = decided(charging(PlanName.ESTIMATED), doubtful).session
    ending = decided(review, facts.HoldEnding(**AT))
    assert (ending.session.state, ending.session.outcome) == (State.SETTLING, "hold_ending")
    assert calls(ending) == [(Kind.CAPTURE, 700)]


def test_a_charge_of_which_nothing_is_known_is_released_when_its_hold_ends() -> None:
    unknown = decided(
        replace(charging(PlanName.ESTIMATED), metered_by=MeteredBy.CSMS), facts.EndOverdue(**AT)
    ).session
    assert unknown.state is State.REVIEW
    ending = decided(unknown, facts.HoldEnding(**AT))
    assert ending.session.state is State.RELEASING
    assert calls(ending) == [(Kind.CANCEL_HOLD, None)]


def test_a_charge_that_the_provider_will_not_take_is_no_debt() -> None:
    """The driver's card said nothing: a person puts it right and has it taken again."""
    refused = facts.SettlementRefused(**AT, code="account_invalid", message="x")
    review = decided(ended(PlanName.DYNAMIC, 1200).session, refused).session
    assert (review.state, review.outcome) == (State.REVIEW, "account_invalid")
    again = decided(review, facts.ReviewDecided(**AT, amount_minor=1200))
    assert calls(again) == [(Kind.CREATE_CHARGE, 1200)]


def test_a_hold_grows_only_while_the_charge_runs() -> None:
    more = facts.MoreAsked(**AT, amount_minor=4000)
    asked = decided(charging(PlanName.ESTIMATED), more)
    assert calls(asked) == [(Kind.INCREMENT_HOLD, 4000)]
    grown = facts.HoldExtended(**AT, payment_intent_id="pi_1", secured_minor=4000)
    assert decided(asked.session, grown).session.secured_minor == 4000
    settling = ended(PlanName.ESTIMATED, 1200).session
    assert decided(settling, more) == Decision(settling)
    refused = decided(asked.session, facts.ExtensionRefused(**AT, code="card_declined")).session
    assert (refused.secured_minor, refused.incremental) == (3000, False)


@pytest.mark.parametrize("plan", list(PlanName))
def test_who_the_driver_was_is_forgotten_in_two_steps(plan: PlanName) -> None:
    """First the provider's customer, asked for by its id, which is no longer ours afterwards."""
    over = session(
        plan, state=State.SETTLED, email="ada@example.org", client_id="fleet-42",
        payment_method_id="pm_1", card_fingerprint="fp_1", decided_minor=0,
    )  # fmt: skip
    gone = decided(over, facts.CustomerTermPassed(**AT, customer_id="cus_1"))
    assert [(i.kind, i.parameters) for i in gone.intents] == [
        (Kind.FORGET_CUSTOMER, {"customer_id": "cus_1"})
    ]
    assert gone.session.customer_id is None
    told = decided(gone.session, facts.CustomerForgotten(**AT, customer_id="cus_1")).session
    assert told.payment_method_id is None
    nameless = decided(told, facts.PersonalDataTermPassed(**AT)).session
    assert (nameless.email, nameless.client_id, nameless.card_fingerprint) == (None, None, None)
    assert nameless.erased_at == LATER
    assert nameless.state is State.SETTLED
