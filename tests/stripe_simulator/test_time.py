"""What happens because time passes."""

import time

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout, setup

DAY_S = 24 * 3600


async def test_a_session_expires_at_its_time_and_takes_its_intent_along(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await checkout(client, expires_at=int(time.time()) + 1900)
    declined = await simulator.pay(session, card="4000000000000002")
    simulator.advance(1901)
    expired = await receiver.wait_for("checkout.session.expired")
    assert expired["data"]["object"]["url"] is None
    intent = await client.v1.payment_intents.retrieve_async(declined["intent"]["id"])
    assert intent.status == "canceled"
    refused = await simulator.pay(session)
    assert "expired" in refused["error"]["message"]


async def test_an_expired_setup_session_can_no_longer_keep_a_card(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await setup(client)
    expired = await client.v1.checkout.sessions.expire_async(session.id)
    assert expired.status == "expired"
    intent = await client.v1.setup_intents.retrieve_async(str(session.setup_intent))
    assert intent.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        await client.v1.checkout.sessions.expire_async(session.id)
    async with simulator.http.get(f"/c/pay/{session.id}?lang=en") as page:
        assert "no longer valid" in await page.text()


async def test_a_bank_that_answers_after_the_session_expired_takes_nothing(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    session = await checkout(client)
    asked = await simulator.pay(session, card="4000002760003184", authenticate=None)
    assert asked["outcome"] == "requires_action"
    await client.v1.checkout.sessions.expire_async(session.id)
    async with simulator.http.post(asked["redirect_url"], data={"outcome": "approve"}) as answer:
        assert answer.status == 200
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["status"]) == (0, "canceled")


async def test_a_hold_expires_after_seven_days_and_its_money_is_released(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await checkout(client, payment_intent_data={"capture_method": "manual"})
    held = (await simulator.pay(session))["intent"]
    charge = await client.v1.charges.retrieve_async(held["latest_charge"])
    capture_before = charge.payment_method_details.card.capture_before
    assert capture_before == charge.created + 7 * DAY_S
    simulator.advance(7 * DAY_S - 60)
    assert (await client.v1.payment_intents.retrieve_async(held["id"])).status == (
        "requires_capture"
    )
    simulator.advance(61)
    intent = await client.v1.payment_intents.retrieve_async(held["id"])
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    (line,) = await simulator.ledger()
    assert (line["released_minor"], line["held_minor"], line["charged_minor"]) == (2500, 0, 0)
    (refund,) = (await client.v1.refunds.list_async({"payment_intent": held["id"]})).data
    assert (refund.reason, refund.amount) == ("expired_uncaptured_charge", 2500)
    for kind in ("charge.expired", "payment_intent.canceled"):
        event = await receiver.wait_for(kind)
        assert event["request"]["id"] is None, "time asked for it, no request"
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        await client.v1.payment_intents.capture_async(held["id"])


async def test_a_hold_of_the_merchants_own_ends_earlier(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({"payment_method": "pm_card_visa"})
    (method,) = (await client.v1.payment_methods.list_async({"customer": customer.id})).data
    intent = await client.v1.payment_intents.create_async(
        {
            "amount": 100,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": method.id,
            "capture_method": "manual",
            "off_session": True,
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    charge = await client.v1.charges.retrieve_async(str(intent.latest_charge))
    hold_s = charge.payment_method_details.card.capture_before - charge.created
    assert hold_s == 4 * DAY_S + 18 * 3600


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
async def test_the_intent_of_a_session_is_the_sessions_own(
    client: stripe.StripeClient, simulator: Simulator, capture_method: str
) -> None:
    """It cannot be confirmed or cancelled by others, but for a hold that is let go."""
    session = await checkout(client, payment_intent_data={"capture_method": capture_method})
    intent_id = (await simulator.pay(session, card="4000000000000002"))["intent"]["id"]
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        await client.v1.payment_intents.confirm_async(intent_id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        await client.v1.payment_intents.cancel_async(intent_id)
    await simulator.pay(session)
    if capture_method == "manual":
        intent = await client.v1.payment_intents.cancel_async(intent_id)
        assert intent.status == "canceled"
