"""The three ways to pay, as the bridge walks them."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout, setup


async def test_fixed_is_charged_at_once_and_what_was_not_used_goes_back(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await checkout(client, payment_intent_data={"metadata": {"session": "1"}})
    assert session.status == "open"
    assert session.payment_intent is None, "it is made when the form is sent"
    paid = await simulator.pay(session, email="ada@example.com")
    assert paid["outcome"] == "complete"
    assert paid["redirect_url"] == f"https://bridge.example/back?id={session.id}"
    await receiver.wait_for("charge.updated")
    order = [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]
    events = await client.v1.events.list_async()
    assert [event.type for event in reversed(events.data)] == order

    session = await client.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    intent: Any = session.payment_intent
    assert (session.payment_status, session.customer_details.email) == ("paid", "ada@example.com")
    assert intent.latest_charge.balance_transaction.amount == 2500
    assert session.line_items.data[0].amount_total == 2500
    for amount in (1000, 700):
        await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": amount})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 801})
    refunds = await client.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.amount for refund in refunds.data] == [700, 1000]
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["refunded_minor"], line["held_minor"]) == (2500, 1700, 0)
    assert (line["client_reference_id"], line["metadata"]) == ("session-1", {"session": "1"})


async def test_all_that_was_paid_goes_back_only_once(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    paid = await simulator.pay(await checkout(client))
    intent_id = paid["session"]["payment_intent"]
    refund = await client.v1.refunds.create_async({"payment_intent": intent_id})
    assert (refund.amount, refund.status) == (2500, "succeeded")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.refunds.create_async({"payment_intent": intent_id})
    assert refused.value.code == "charge_already_refunded"
    charge = await client.v1.charges.retrieve_async(refund.charge, {"expand": ["refunds"]})
    assert charge.refunded
    assert [each.id for each in charge.refunds.data] == [refund.id]


async def test_estimated_is_held_then_captured_in_part_and_the_rest_is_released(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await checkout(client, payment_intent_data={"capture_method": "manual"})
    paid = await simulator.pay(session)
    assert paid["session"]["payment_status"] == "unpaid"
    intent_id = paid["intent"]["id"]
    (held,) = await simulator.ledger()
    assert (held["held_minor"], held["charged_minor"]) == (2500, 0)
    captured = await client.v1.payment_intents.capture_async(
        intent_id, {"amount_to_capture": 1234}, {"idempotency_key": "capture-1"}
    )
    assert (captured.status, captured.amount_received, captured.amount_capturable) == (
        "succeeded",
        1234,
        0,
    )
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["released_minor"], line["held_minor"]) == (1234, 1266, 0)
    charge = await client.v1.charges.retrieve_async(str(captured.latest_charge))
    assert (charge.amount_captured, charge.amount_refunded) == (1234, 0)
    await receiver.wait_for("charge.updated")
    events = await client.v1.events.list_async({"limit": 100})
    moved = [e.type for e in events.data if e.type.startswith(("charge.", "payment_intent."))]
    assert moved[::-1] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
        "charge.updated",
    ]
    with pytest.raises(stripe.InvalidRequestError) as again:
        await client.v1.payment_intents.capture_async(intent_id)
    assert again.value.code == "payment_intent_unexpected_state"
    assert again.value.error.payment_intent.status == "succeeded"


async def test_a_hold_cannot_be_captured_beyond_its_amount(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    paid = await simulator.pay(
        await checkout(client, payment_intent_data={"capture_method": "manual"})
    )
    with pytest.raises(stripe.InvalidRequestError, match="at most the capturable"):
        await client.v1.payment_intents.capture_async(
            paid["intent"]["id"], {"amount_to_capture": 2501}
        )
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["held_minor"]) == (0, 2500)


async def test_a_cancelled_hold_is_released_whole(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    paid = await simulator.pay(
        await checkout(client, payment_intent_data={"capture_method": "manual"})
    )
    intent = await client.v1.payment_intents.cancel_async(
        paid["intent"]["id"], {"cancellation_reason": "abandoned"}
    )
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    (line,) = await simulator.ledger()
    assert (line["released_minor"], line["refunded_minor"], line["held_minor"]) == (2500, 0, 0)
    await receiver.wait_for("payment_intent.canceled")


async def test_dynamic_keeps_the_card_and_charges_it_off_session(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await setup(client)
    assert session.setup_intent, "a setup session has its intent from the start"
    paid = await simulator.pay(session)
    assert paid["session"]["payment_status"] == "no_payment_required"
    kept = await client.v1.setup_intents.retrieve_async(
        str(session.setup_intent), {"expand": ["payment_method"]}
    )
    method: Any = kept.payment_method
    assert (kept.status, method.customer) == ("succeeded", kept.customer)
    await receiver.wait_for("checkout.session.completed")
    events = await client.v1.events.list_async()
    assert [event.type for event in reversed(events.data)] == [
        "setup_intent.created",
        "customer.created",
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]
    intent = await client.v1.payment_intents.create_async(
        {
            "amount": 777,
            "currency": "eur",
            "customer": str(kept.customer),
            "payment_method": method.id,
            "allowed_payment_method_types": ["card"],
            "metadata": {"session": "1"},
        }
    )
    assert intent.status == "requires_confirmation"
    intent = await client.v1.payment_intents.confirm_async(intent.id, {"off_session": True})
    assert (intent.status, intent.amount_received) == ("succeeded", 777)
    listed = await client.v1.payment_intents.list_async({"customer": str(kept.customer)})
    assert [each.id for each in listed.data] == [intent.id]
    charge = await client.v1.charges.retrieve_async(str(intent.latest_charge))
    card = charge.payment_method_details.card
    assert card.fingerprint == method.card.fingerprint
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["last4"]) == (777, "4242")


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000002760003184", "authentication_required", "authentication_required"),
        ("4000008260003178", "card_declined", "insufficient_funds"),
    ],
)
async def test_a_kept_card_may_be_refused_later(
    client: stripe.StripeClient,
    simulator: Simulator,
    receiver: Receiver,
    card: str,
    code: str,
    decline_code: str,
) -> None:
    """The refusal is a 402 that carries the PaymentIntent, which survives without its card."""
    paid = await simulator.pay(await setup(client), card=card)
    with pytest.raises(stripe.CardError) as refused:
        await client.v1.payment_intents.create_async(
            {
                "amount": 777,
                "currency": "eur",
                "customer": paid["intent"]["customer"],
                "payment_method": paid["intent"]["payment_method"],
                "off_session": True,
                "confirm": True,
                "allowed_payment_method_types": ["card"],
            }
        )
    assert refused.value.http_status == 402
    assert (refused.value.code, refused.value.error.decline_code) == (code, decline_code)
    intent = refused.value.error.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.payment_method.id == paid["intent"]["payment_method"]
    await receiver.wait_for("charge.failed")
    await receiver.wait_for("payment_intent.payment_failed")
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["held_minor"]) == (0, 0)


@pytest.mark.parametrize("card", ["4000002500003155", "4000003800000446"])
async def test_a_card_set_up_once_is_charged_off_session_without_its_driver(
    client: stripe.StripeClient, simulator: Simulator, card: str
) -> None:
    paid = await simulator.pay(await setup(client), card=card)
    intent = await client.v1.payment_intents.create_async(
        {
            "amount": 777,
            "currency": "eur",
            "customer": paid["intent"]["customer"],
            "payment_method": paid["intent"]["payment_method"],
            "off_session": True,
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    assert intent.status == "succeeded"
