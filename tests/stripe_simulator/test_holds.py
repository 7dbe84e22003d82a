"""Holds that end early, grow, or give more than they held."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout

WISHES: Any = {
    "request_incremental_authorization": "if_available",
    "request_overcapture": "if_available",
    "request_extended_authorization": "if_available",
}


async def held(client: stripe.StripeClient, simulator: Simulator) -> Any:
    """Hold 25.00 EUR through Checkout, with every wish; return the PaymentIntent."""
    session = await checkout(
        client,
        payment_intent_data={"capture_method": "manual"},
        payment_method_options={"card": WISHES},
    )
    paid = await simulator.pay(session)
    return await client.v1.payment_intents.retrieve_async(
        paid["intent"]["id"], {"expand": ["latest_charge"]}
    )


def card_of(intent: Any) -> Any:
    return intent.latest_charge.payment_method_details.card


async def money(simulator: Simulator) -> tuple[int, int, int]:
    (line,) = await simulator.ledger()
    return line["held_minor"], line["charged_minor"], line["released_minor"]


async def test_a_hold_can_be_made_to_end_early(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await simulator.control("holds", {"lasts_s": 600})
    intent = await held(client, simulator)
    assert card_of(intent).capture_before == intent.latest_charge.created + 600
    simulator.advance(601)
    await receiver.wait_for("charge.expired")
    canceled = await receiver.wait_for("payment_intent.canceled")
    assert canceled["data"]["object"]["cancellation_reason"] == "automatic"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.capture_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert await money(simulator) == (0, 0, 2500)


async def test_wishes_are_unavailable_unless_the_account_has_them(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    intent = await held(client, simulator)
    card = card_of(intent)
    assert card.incremental_authorization.status == "unavailable"
    assert card.overcapture.status == "unavailable"
    assert card.overcapture.maximum_amount_capturable == 2500
    assert card.extended_authorization.status == "disabled"
    with pytest.raises(stripe.InvalidRequestError, match="not available"):
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 3000})


async def test_what_was_not_requested_is_not_available(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("features", {"incremental": True, "overcapture_percent": 15})
    session = await checkout(client, payment_intent_data={"capture_method": "manual"})
    paid = await simulator.pay(session)
    charge = await client.v1.charges.retrieve_async(paid["intent"]["latest_charge"])
    card = charge.payment_method_details.card
    assert card.incremental_authorization.status == "unavailable"
    assert card.overcapture.status == "unavailable"


async def test_an_extended_hold_lasts_longer(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("features", {"extended": True})
    intent = await held(client, simulator)
    assert card_of(intent).extended_authorization.status == "enabled"
    assert card_of(intent).capture_before == intent.latest_charge.created + 30 * 24 * 3600


async def test_a_hold_grows_and_all_of_it_can_be_captured(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await simulator.control("features", {"incremental": True})
    intent = await held(client, simulator)
    assert card_of(intent).incremental_authorization.status == "available"
    grown = await client.v1.payment_intents.increment_authorization_async(
        intent.id, {"amount": 4000, "expand": ["latest_charge"]}
    )
    assert (grown.amount, grown.amount_capturable) == (4000, 4000)
    assert card_of(grown).amount_authorized == 4000
    await receiver.wait_for("payment_intent.amount_capturable_updated", times=2)
    assert await money(simulator) == (4000, 0, 0)
    with pytest.raises(stripe.InvalidRequestError, match="greater than"):
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 4000})
    await client.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 3500})
    assert await money(simulator) == (0, 3500, 500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 5000})
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_a_bank_may_refuse_to_hold_more_and_ten_times_are_the_most(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("features", {"incremental": True, "increments_declined": 1})
    intent = await held(client, simulator)
    with pytest.raises(stripe.CardError) as refused:
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 3000})
    assert refused.value.code == "card_declined"
    assert refused.value.error.payment_intent.amount_capturable == 2500
    assert await money(simulator) == (2500, 0, 0)
    for amount in range(2501, 2510):
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": amount})
    with pytest.raises(stripe.InvalidRequestError, match="limit of 10"):
        await client.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 3000})
    assert await money(simulator) == (2509, 0, 0)


async def test_what_can_be_captured_above_the_hold_grows_with_it(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("features", {"incremental": True, "overcapture_percent": 20})
    intent = await held(client, simulator)
    await simulator.control("features")
    grown = await client.v1.payment_intents.increment_authorization_async(
        intent.id, {"amount": 5000, "expand": ["latest_charge"]}
    )
    assert card_of(grown).overcapture.maximum_amount_capturable == 6000
    assert card_of(grown).incremental_authorization.status == "available", "it was promised"


async def test_more_than_the_hold_can_be_captured_where_the_charge_says_so(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("features", {"overcapture_percent": 15})
    intent = await held(client, simulator)
    assert card_of(intent).overcapture.maximum_amount_capturable == 2875
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 2876})
    assert refused.value.code == "amount_too_large"
    captured = await client.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 2800})
    assert (captured.status, captured.amount, captured.amount_received) == ("succeeded", 2500, 2800)
    assert await money(simulator) == (0, 2800, 0)
