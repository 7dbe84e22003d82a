"""Kept cards that change their mind, and what a bridge may do after a refusal."""

import time
from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Simulator
from tests.stripe_simulator.sessions import checkout, setup


async def kept(client: stripe.StripeClient, simulator: Simulator, **pay: Any) -> dict[str, Any]:
    """Return the parameters of an off-session charge of a card kept just now."""
    intent = (await simulator.pay(await setup(client), **pay))["intent"]
    return {
        "amount": 777,
        "currency": "eur",
        "customer": intent["customer"],
        "payment_method": intent["payment_method"],
        "off_session": True,
        "confirm": True,
        "allowed_payment_method_types": ["card"],
    }


async def charge(client: stripe.StripeClient, params: Any) -> stripe.PaymentIntent:
    return await client.v1.payment_intents.create_async(params)


@pytest.mark.parametrize(
    ("behaviour", "code", "decline_code"),
    [
        ("insufficient_funds", "card_declined", "insufficient_funds"),
        ("generic_decline", "card_declined", "generic_decline"),
        ("expired_card", "expired_card", "expired_card"),
        ("authentication_required", "authentication_required", "authentication_required"),
    ],
)
async def test_a_card_refuses_until_it_changes_its_mind(
    client: stripe.StripeClient,
    simulator: Simulator,
    behaviour: str,
    code: str,
    decline_code: str,
) -> None:
    """The retry is a confirmation of the same PaymentIntent, and makes a charge of its own."""
    params = await kept(client, simulator)
    path = f"customers/{params['customer']}/cards"
    await simulator.control(path, {"behaviour": behaviour})
    with pytest.raises(stripe.CardError) as refused:
        await charge(client, params)
    error = refused.value.error
    assert (error.code, error.decline_code) == (code, decline_code)
    intent = await client.v1.payment_intents.retrieve_async(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == code
    again: Any = {"payment_method": params["payment_method"], "off_session": True}
    with pytest.raises(stripe.CardError):
        await client.v1.payment_intents.confirm_async(intent.id, again)
    await simulator.control(path, {"behaviour": "ok"})
    intent = await client.v1.payment_intents.confirm_async(intent.id, again)
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    charges = await client.v1.charges.list_async({"payment_intent": intent.id})
    assert [each.status for each in charges.data] == ["succeeded", "failed", "failed"]
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 777


async def test_a_refusal_may_be_for_a_number_of_times(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    params = await kept(client, simulator, card="4000000000000341")
    path = f"customers/{params['customer']}/cards"
    await simulator.control(path, {"behaviour": "ok", "times": 1})
    assert (await charge(client, params)).status == "succeeded"
    with pytest.raises(stripe.CardError) as refused:
        await charge(client, params)
    assert refused.value.error.decline_code == "generic_decline", "the card's own way again"


async def test_fingerprints_tell_cards_apart_within_an_account(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    async def fingerprint(card: str, **options: Any) -> str:
        customer = await client.v1.customers.create_async({"payment_method": card}, options)
        found = await client.v1.payment_methods.list_async({"customer": customer.id}, options)
        return str(found.data[0].card.fingerprint)

    visa = await fingerprint("pm_card_visa")
    assert await fingerprint("pm_card_visa") == visa
    assert await fingerprint("pm_card_mastercard") != visa
    assert await fingerprint("pm_card_visa", stripe_account="acct_operator") != visa


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "requires_payment_method"),
        ({"payment_method": "pm_card_visa"}, "requires_confirmation"),
        (
            {
                "payment_method": "pm_card_threeDSecure2Required",
                "confirm": True,
                "return_url": "https://bridge.example/back",
            },
            "requires_action",
        ),
    ],
)
async def test_a_payment_can_be_given_up_until_it_is_made(
    client: stripe.StripeClient, simulator: Simulator, more: dict[str, Any], status: str
) -> None:
    intent = await charge(client, {"amount": 100, "currency": "eur", **more})
    assert intent.status == status
    intent = await client.v1.payment_intents.cancel_async(intent.id)
    assert intent.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_authentication_can_be_made_an_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refused:
        await charge(
            client,
            {
                "amount": 100,
                "currency": "eur",
                "payment_method": "pm_card_authenticationRequired",
                "confirm": True,
                "error_on_requires_action": True,
                "return_url": "https://bridge.example/back",
            },
        )
    assert refused.value.code == "authentication_required"
    events = await client.v1.events.list_async({"type": "payment_intent.requires_action"})
    assert events.data == []


async def test_a_deleted_customer_leaves_its_payments_behind(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    params = await kept(client, simulator)
    made = await charge(client, params)
    gone = await client.v1.customers.delete_async(params["customer"])
    assert gone.deleted
    method = await client.v1.payment_methods.retrieve_async(params["payment_method"])
    assert method.customer is None
    now = int(time.time())
    listed = await client.v1.payment_intents.list_async(
        {
            "customer": params["customer"],
            "created": {"gte": now - 100, "lt": now + 100},
            "expand": ["data.latest_charge", "data.payment_method"],
        }
    )
    (intent,) = listed.data
    assert intent.id == made.id
    assert intent.latest_charge.amount == 777
    assert intent.payment_method.card.fingerprint == method.card.fingerprint
    none = await client.v1.payment_intents.list_async(
        {"customer": params["customer"], "created": {"lt": now - 100}}
    )
    assert none.data == []
    with pytest.raises(stripe.InvalidRequestError):
        await charge(client, params)


async def test_a_checkouts_intents_show_the_card(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    paid = (await simulator.pay(await checkout(client)))["intent"]
    intent = await client.v1.payment_intents.retrieve_async(
        paid["id"], {"expand": ["payment_method"]}
    )
    set_up = (await simulator.pay(await setup(client)))["intent"]
    setup_intent = await client.v1.setup_intents.retrieve_async(
        set_up["id"], {"expand": ["payment_method"]}
    )
    assert intent.payment_method.card.fingerprint == setup_intent.payment_method.card.fingerprint
