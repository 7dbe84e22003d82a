"""What a driver meets on the hosted pages, without a script running."""

import re
from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout, setup

FORM = {"email": "ada@example.com", "expiry": "12/34", "cvc": "123", "name": "Ada"}


async def send(simulator: Simulator, path: str, **fields: str) -> tuple[int, str, str]:
    """Post a form; return the status, where it leads and what it shows."""
    async with simulator.http.post(path, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def show(simulator: Simulator, url: str, **headers: str) -> str:
    async with simulator.http.get(url, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_the_page_says_it_is_simulated_in_the_sessions_language(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    session = await checkout(client, locale="fr")
    french = await show(simulator, str(session.url))
    assert "SIMULATION" in french
    assert "Payer 25.00 EUR" in french
    session = await checkout(client, locale="auto")
    english = await show(simulator, str(session.url), **{"Accept-Language": "en-GB,fr;q=0.5"})
    assert "SIMULATED" in english
    assert re.findall(r'name="(\w+)"', english)[-5:] == ["email", "card", "expiry", "cvc", "name"]
    assert str(session.cancel_url) in english
    assert "<script" not in english


async def test_a_paid_form_leads_to_the_success_url(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    session = await checkout(client)
    path = f"/c/pay/{session.id}"
    status, where, _ = await send(simulator, path, card="4242 4242 4242 4242", **FORM)
    assert (status, where) == (303, f"https://bridge.example/back?id={session.id}")
    assert "Vous pouvez fermer cette page" in await show(simulator, str(session.url))
    again = await send(simulator, path, card="4242424242424242", **FORM)
    assert again[0] == 200, "a second payment of the same session is not taken"
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 2500


async def test_a_decline_is_shown_and_the_same_intent_is_tried_again(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    session = await checkout(client, locale="en")
    path = f"/c/pay/{session.id}"
    status, _, page = await send(simulator, path, card="4000000000009995", **FORM)
    assert status == 200
    assert "Insufficient funds" in page
    assert 'value="ada@example.com"' in page
    declined = await client.v1.checkout.sessions.retrieve_async(session.id)
    assert declined.status == "open"
    status, _, _ = await send(simulator, path, card="4242424242424242", **FORM)
    assert status == 303
    paid = await client.v1.checkout.sessions.retrieve_async(session.id)
    assert paid.payment_intent == declined.payment_intent
    await receiver.wait_for("charge.updated")
    assert sorted(receiver.types(about=str(paid.payment_intent))) == [
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    ]
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 2500


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("card", "1234", "not the number of a test card"),
        ("expiry", "13/34", "expiry date"),
        ("cvc", "12", "security code"),
        ("email", "ada", "e-mail"),
    ],
)
async def test_a_wrong_field_is_named(
    client: stripe.StripeClient, simulator: Simulator, field: str, value: str, sentence: str
) -> None:
    session = await checkout(client, locale="en")
    fields = FORM | {"card": "4242424242424242", field: value}
    status, _, page = await send(simulator, f"/c/pay/{session.id}", **fields)
    assert status == 200
    assert re.search(rf'role="alert">[^<]*{sentence}', page)
    assert await simulator.ledger() == []


@pytest.mark.parametrize("open_session", [checkout, setup])
async def test_the_bank_asks_and_the_driver_approves(
    client: stripe.StripeClient, simulator: Simulator, open_session: Any
) -> None:
    session = await open_session(client)
    path = f"/c/pay/{session.id}"
    status, bank, _ = await send(simulator, path, card="4000002760003184", **FORM)
    assert status == 303
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "open"
    page = await show(simulator, bank)
    assert re.findall(r'name="outcome" value="(\w+)"', page) == ["approve", "fail"]
    status, where, _ = await send(simulator, bank, outcome="approve")
    assert (status, where) == (303, f"https://bridge.example/back?id={session.id}")
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "complete"
    assert (await send(simulator, bank, outcome="approve"))[0] == 200, "it is asked only once"


async def test_the_bank_asks_and_the_driver_fails(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    session = await checkout(client, locale="en")
    _, bank, _ = await send(simulator, f"/c/pay/{session.id}", card="4000002760003184", **FORM)
    status, where, _ = await send(simulator, bank, outcome="fail")
    assert status == 303
    assert "could not authenticate you" in await show(simulator, where)
    session = await client.v1.checkout.sessions.retrieve_async(session.id)
    intent = await client.v1.payment_intents.retrieve_async(str(session.payment_intent))
    assert (session.status, intent.status) == ("open", "requires_payment_method")
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 0


async def test_a_bank_page_left_open_takes_no_second_payment(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    """The driver goes back, pays with another card, then finds the first bank's page again."""
    session = await checkout(client)
    path = f"/c/pay/{session.id}"
    _, bank, _ = await send(simulator, path, card="4000002760003184", **FORM)
    assert (await send(simulator, path, card="4242424242424242", **FORM))[0] == 303
    assert (await send(simulator, bank, outcome="approve"))[0] == 200
    (line,) = await simulator.ledger()
    assert (line["charged_minor"], line["last4"]) == (2500, "4242")


@pytest.mark.parametrize(("outcome", "status"), [("approve", "succeeded"), ("fail", "failed")])
async def test_an_intent_of_ones_own_leads_to_the_bank_and_back(
    client: stripe.StripeClient, simulator: Simulator, outcome: str, status: str
) -> None:
    intent = await client.v1.payment_intents.create_async(
        {
            "amount": 100,
            "currency": "eur",
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "https://bridge.example/done",
            "confirm": True,
        }
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    _, where, _ = await send(simulator, intent.next_action.redirect_to_url.url, outcome=outcome)
    assert where.startswith(f"https://bridge.example/done?payment_intent={intent.id}&")
    assert where.endswith(f"redirect_status={status}")
    intent = await client.v1.payment_intents.retrieve_async(intent.id)
    assert intent.status == ("succeeded" if status == "succeeded" else "requires_payment_method")


async def test_a_setup_intent_of_ones_own_can_be_approved(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    customer = await client.v1.customers.create_async({})
    intent = await client.v1.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "return_url": "https://bridge.example/done",
            "confirm": True,
        }
    )
    await send(simulator, intent.next_action.redirect_to_url.url, outcome="approve")
    (kept,) = (await client.v1.setup_intents.list_async({"customer": customer.id})).data
    assert kept.status == "succeeded"


async def test_a_card_can_be_refused_when_it_is_set_up(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    refused = await simulator.pay(await setup(client), card="4000000000000002")
    assert (refused["outcome"], refused["error"]["decline_code"]) == (
        "declined",
        "generic_decline",
    )
    assert refused["intent"]["status"] == "requires_payment_method"
    await receiver.wait_for("setup_intent.setup_failed")


async def test_the_receipt_shows_what_was_taken(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    paid = await simulator.pay(await checkout(client))
    charge = await client.v1.charges.retrieve_async(paid["intent"]["latest_charge"])
    page = await show(simulator, str(charge.receipt_url))
    assert "25.00 EUR" in page
    assert "4242" in page


async def test_a_page_of_nobody_is_not_found(simulator: Simulator) -> None:
    async with simulator.http.get("/c/pay/cs_test_nothing") as answer:
        assert answer.status == 404
