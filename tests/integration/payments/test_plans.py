"""The three plans from checkout to the last cent, and what can be observed at every stage."""

import json
from datetime import timedelta

import pytest
import stripe

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.lifecycle import wanted
from irve_bridge.domain.session import PlanName, State
from irve_bridge.payments import StripePayments
from irve_bridge.service.ports import Done
from tests.integration.payments.conftest import SECRETS, Simulator, Tills, WorldClock, only


@pytest.mark.parametrize(
    ("plan", "calls"),
    [
        (PlanName.ESTIMATED, [Kind.CAPTURE]),
        (PlanName.DYNAMIC, [Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE]),
    ],
)
async def test_stripe_mails_its_receipt_to_who_gave_an_address(
    new_till: Tills, simulator: Simulator, plan: PlanName, calls: list[Kind]
) -> None:
    """For the exact cost: the payment has the address before it is taken."""
    till = new_till(plan)
    await till.secure(simulator)
    await till.charge(732)
    for kind in calls:
        await till.do(kind)
    assert till.session.state is State.SETTLED
    (payment,) = await simulator.listed(f"payment_intents?customer={till.session.customer_id}")
    assert (payment["receipt_email"], payment["amount_received"]) == ("ada@example.org", 732)


@pytest.mark.parametrize("cost_minor", [732, 2000])
async def test_stripe_mails_its_receipt_of_a_fixed_amount_once_the_rest_went_back(
    new_till: Tills, simulator: Simulator, cost_minor: int
) -> None:
    """The payment was made before the address was known: its charge is given it."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    (charge,) = await simulator.listed(f"charges?customer={till.session.customer_id}")
    assert charge["receipt_email"] is None
    await till.charge(cost_minor)
    if cost_minor < 2000:
        await till.do(Kind.REFUND)
    assert till.session.state is State.SETTLED
    assert isinstance(await till.do(Kind.SEND_RECEIPT), Done)
    (charge,) = await simulator.listed(f"charges?customer={till.session.customer_id}")
    assert charge["receipt_email"] == "ada@example.org"


async def test_a_receipt_whose_answer_was_lost_is_sent_once(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await till.charge(2000)
    await simulator.fault("charges/*", "after", None)
    assert isinstance(await till.again(await till.do(Kind.SEND_RECEIPT)), Done)
    changes = [e for e in await simulator.listed("events") if e["type"] == "charge.updated"]
    addressed = [e for e in changes if "receipt_email" in e["data"]["previous_attributes"]]
    assert len(addressed) == 1


async def test_an_address_that_stripe_refuses_has_no_receipt(
    new_till: Tills, simulator: Simulator
) -> None:
    """Nobody looks again and again for want of a mail."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await till.charge(2000)
    await simulator.fault("charges/*", "before", 400)
    assert isinstance(await till.do(Kind.SEND_RECEIPT), Done)


async def test_fixed_keeps_the_exact_cost_and_refunds_the_rest(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.open()
    assert await till.observe() == ()

    await simulator.pay(till.session.checkout_id, email="ada@example.org")
    (secured,) = await till.observe()
    assert isinstance(secured, facts.PaymentSecured)
    assert (secured.secured_minor, secured.email) == (2000, "ada@example.org")

    await till.charge(732)
    refunded = only(await till.do(Kind.REFUND))
    assert isinstance(refunded, facts.Refunded)
    assert refunded.amount_minor == 1268
    assert till.session.state is State.SETTLED
    (line,) = await simulator.ledger()
    assert line["charged_minor"] - line["refunded_minor"] == 732
    assert refunded in await till.observe()


async def test_estimated_captures_the_cost_and_releases_the_rest(
    new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    assert till.session.state is State.SECURED
    assert till.session.secured_minor == 2000
    assert till.session.capture_before is not None
    assert till.session.capture_before > clock.now() + timedelta(days=4)
    assert await till.observe() != (), "the hold is still there"

    await till.charge(732)
    taken = only(await till.do(Kind.CAPTURE))
    assert isinstance(taken, facts.PaymentSucceeded)
    assert taken.amount_minor == 732
    assert till.session.state is State.SETTLED
    assert await till.observe() == (taken,)
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["released_minor"]) == (732, 1268)


async def test_dynamic_takes_the_cost_from_the_kept_card(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator)
    assert till.session.state is State.SECURED
    assert till.session.payment_method_id is not None
    assert till.session.email == "ada@example.org"
    assert await till.observe() == ()

    await till.charge(732)
    created = only(await till.do(Kind.CREATE_CHARGE))
    assert isinstance(created, facts.ChargeCreated)
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 0, "created is not taken"
    assert await till.observe() == ()

    taken = only(await till.do(Kind.CONFIRM_CHARGE))
    assert isinstance(taken, facts.PaymentSucceeded)
    assert till.session.state is State.SETTLED
    assert await till.observe() == (taken,)
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["metadata"]["session_id"]) == (732, till.session.id)


async def test_what_was_secured_goes_back_when_nothing_starts(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    till.refuse_start()
    await till.do(Kind.REFUND)
    assert till.session.state is State.RELEASED
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == line["refunded_minor"] == 2000


async def test_a_hold_is_let_go_when_nothing_starts(new_till: Tills, simulator: Simulator) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    till.refuse_start()
    released = only(await till.do(Kind.CANCEL_HOLD))
    assert isinstance(released, facts.HoldReleased)
    assert till.session.state is State.RELEASED
    assert await till.observe() == (released,)
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["released_minor"], line["held_minor"]) == (0, 2000, 0)


async def test_a_card_is_forgotten_when_nothing_starts(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator)
    till.refuse_start()
    forgotten = only(await till.do(Kind.FORGET_CARD))
    assert isinstance(forgotten, facts.CardForgotten)
    assert till.session.state is State.RELEASED
    cards = await simulator.listed(f"payment_methods?customer={till.session.customer_id}")
    assert cards == []


async def test_an_expired_hold_cannot_be_captured_and_the_cost_is_due(
    new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    await till.charge(732)
    clock.pass_(timedelta(days=8))
    assert isinstance(only(await till.do(Kind.CAPTURE)), facts.HoldReleased)
    assert till.session.state is State.DUE


async def test_releasing_what_is_released_already_is_the_same(
    new_till: Tills, simulator: Simulator
) -> None:
    """The operator cancelled a hold by hand before the bridge did."""
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    await simulator.post(f"payment_intents/{till.session.payment_intent_id}/cancel")
    till.refuse_start()
    assert isinstance(only(await till.do(Kind.CANCEL_HOLD)), facts.HoldReleased)
    assert till.session.state is State.RELEASED


async def test_a_hold_that_was_captured_by_hand_is_never_called_released(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    await simulator.post(f"payment_intents/{till.session.payment_intent_id}/capture")
    till.refuse_start()
    taken = only(await till.do(Kind.CANCEL_HOLD))
    assert isinstance(taken, facts.PaymentSucceeded)
    assert taken.amount_minor == 2000


async def test_forgetting_a_forgotten_card_is_the_same(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator)
    await simulator.post(f"payment_methods/{till.session.payment_method_id}/detach")
    till.refuse_start()
    assert isinstance(only(await till.do(Kind.FORGET_CARD)), facts.CardForgotten)


async def test_objects_live_in_the_operators_account(new_till: Tills, simulator: Simulator) -> None:
    till = new_till(PlanName.DYNAMIC, account="acct_operator")
    await till.secure(simulator)
    await till.charge(732)
    await till.do(Kind.CREATE_CHARGE)
    await till.do(Kind.CONFIRM_CHARGE)
    assert till.session.state is State.SETTLED
    assert len(await simulator.listed("payment_intents", "acct_operator")) == 1
    assert await simulator.listed("payment_intents") == []


async def test_the_operators_own_refund_settles_nothing(
    new_till: Tills, simulator: Simulator
) -> None:
    """Somebody's refund in the middle of a settlement: a person decides, nothing more goes back."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await simulator.post(
        "refunds", payment_intent=till.session.payment_intent_id or "", amount="100"
    )
    await till.charge(732)
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.REVIEW, 1900)
    assert not any(wanted(till.session, each.do) for each in till.intents)


async def test_a_hold_that_ran_out_before_the_start_is_given_up(
    new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    till = new_till(PlanName.ESTIMATED)
    await till.secure(simulator)
    clock.pass_(timedelta(days=8))
    (gone,) = await till.observe()
    assert isinstance(gone, facts.HoldReleased)
    assert till.session.state is State.RELEASING
    await till.do(Kind.CANCEL_HOLD)
    assert till.session.state is State.RELEASED


async def test_a_hold_that_ran_out_unseen_secures_nothing(
    new_till: Tills, simulator: Simulator, clock: WorldClock
) -> None:
    """The bridge was down for the whole life of the hold."""
    till = new_till(PlanName.ESTIMATED)
    await till.open()
    await simulator.pay(till.session.checkout_id)
    clock.pass_(timedelta(days=8))
    (expired,) = await till.observe()
    assert isinstance(expired, facts.CheckoutExpired)
    assert till.session.state is State.ABANDONED


SETTLING = {
    PlanName.FIXED: [Kind.REFUND],
    PlanName.ESTIMATED: [Kind.CAPTURE],
    PlanName.DYNAMIC: [Kind.CREATE_CHARGE, Kind.CONFIRM_CHARGE],
}


@pytest.mark.parametrize("plan", list(PlanName))
async def test_every_event_of_a_session_leads_back_to_it(
    plan: PlanName, new_till: Tills, simulator: Simulator, payments: StripePayments
) -> None:
    till = new_till(plan)
    await till.secure(simulator)
    await till.charge(732)
    for kind in SETTLING[plan]:
        await till.do(kind)
    session = till.session
    known = {session.customer_id, session.checkout_id, session.payment_intent_id}
    events = await simulator.listed("events?limit=100")
    assert len(events) > 5
    for event in events:
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, SECRETS[1])
        spoke = payments.read_webhook(body.encode(), signature, till.clock.now())
        assert spoke.session_id == session.id or known & {*spoke.object_ids}, event["type"]


@pytest.mark.parametrize(
    ("locale", "page", "words"),
    [("fr_FR", "fr", "borne"), ("it", "it", "punto di ricarica"), ("pl", "fr", "borne")],
)
async def test_the_driver_reads_what_they_pay_for(
    locale: str, page: str, words: str, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED, locale=locale)
    await till.open()
    (checkout,) = await simulator.listed("checkout/sessions")
    items = await simulator.listed(f"checkout/sessions/{checkout['id']}/line_items")
    assert checkout["locale"] == page
    assert words in items[0]["description"]
    assert "CP1/2" in items[0]["description"]


async def test_a_card_that_stripe_never_knew_counts_as_forgotten(new_till: Tills) -> None:
    till = new_till(PlanName.DYNAMIC)
    forget = Intent(Do.RELEASE, Kind.FORGET_CARD, {"payment_method_id": "pm_gone"})
    assert isinstance(only(await till.perform(forget)), facts.CardForgotten)
