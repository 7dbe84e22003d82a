"""What a browser may ask with a publishable key: one payment, by its secret."""

from typing import Any

import pytest
import stripe
from aiohttp import ClientSession

from tests.stripe_simulator.conftest import ClientFactory, Simulator

ASKS = "pm_card_authenticationRequired"
KEY = "pk_test_1"


async def refused_off_session(client: stripe.StripeClient) -> tuple[stripe.PaymentIntent, str]:
    """Return a payment whose bank wants its holder, and the card."""
    customer = await client.v1.customers.create_async({"email": "a@example.com"})
    card = await client.v1.payment_methods.attach_async(ASKS, {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        await client.v1.payment_intents.create_async(
            {
                "amount": 652,
                "currency": "eur",
                "customer": customer.id,
                "payment_method": card.id,
                "metadata": {"session_id": "ses_1"},
                "allowed_payment_method_types": ["card"],
                "off_session": True,
                "confirm": True,
            }
        )
    (payment,) = (await client.v1.payment_intents.list_async({"customer": customer.id})).data
    return payment, card.id


async def asked(
    method: str, simulator: Simulator, payment: stripe.PaymentIntent, **fields: str
) -> tuple[int, Any]:
    path = "/confirm" if method == "POST" else ""
    url = f"/v1/payment_intents/{payment.id}{path}"
    given: dict[str, Any] = {"data": fields} if method == "POST" else {"params": fields}
    async with simulator.http.request(method, url, **given) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.status, await answer.json()


async def test_a_payment_refused_off_session_is_confirmed_by_its_holder(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    """The same payment, with the same card, and the bank asks this time."""
    payment, card = await refused_off_session(client)
    secret = str(payment.client_secret)
    status, asking = await asked(
        "POST", simulator, payment, key=KEY, client_secret=secret, payment_method=card
    )
    assert (status, asking["status"]) == (200, "requires_action")
    assert {"customer", "metadata", "latest_charge"}.isdisjoint(asking)
    bank = asking["next_action"]["use_stripe_sdk"]["stripe_js"]
    async with ClientSession() as http, http.post(bank, data={"outcome": "approve"}) as answer:
        assert answer.status == 200
    status, paid = await asked("GET", simulator, payment, key=KEY, client_secret=secret)
    assert (status, paid["status"]) == (200, "succeeded")


async def test_without_its_secret_a_payment_is_nobody_s(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    payment, card = await refused_off_session(client)
    for secret in ({}, {"client_secret": f"{payment.id}_secret_guessed"}):
        status, answer = await asked(
            "POST", simulator, payment, key=KEY, payment_method=card, **secret
        )
        assert (status, answer["error"]["param"]) == (400, "client_secret")


async def test_what_is_refused_tells_no_more_than_what_is_shown(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    payment, card = await refused_off_session(client)
    await client.v1.payment_intents.cancel_async(payment.id)
    status, answer = await asked(
        "POST",
        simulator,
        payment,
        key=KEY,
        client_secret=str(payment.client_secret),
        payment_method=card,
    )
    assert (status, answer["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert answer["error"]["payment_intent"]["status"] == "canceled"
    assert "metadata" not in answer["error"]["payment_intent"]


async def test_a_publishable_key_opens_nothing_else(make_client: ClientFactory) -> None:
    with pytest.raises(stripe.AuthenticationError, match="publishable API key"):
        await make_client(KEY).v1.customers.list_async()
