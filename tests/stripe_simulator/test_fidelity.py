"""Every kind of object, through every endpoint that reads: as the SDK and Stripe's spec say."""

from typing import Any

import stripe

from simulators.stripe.api import ROUTES
from tests.stripe_simulator.conftest import Simulator
from tests.stripe_simulator.sessions import checkout, setup

THERE: Any = {"stripe_account": "acct_operator"}
PAY: Any = {
    "amount": 2000,
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "allowed_payment_method_types": ["card"],
}
KINDS = {
    "/v1/application_fees": "fee",
    "/v1/balance_transactions": "txn",
    "/v1/charges": "ch",
    "/v1/checkout/sessions": "cs",
    "/v1/customers": "cus",
    "/v1/disputes": "du",
    "/v1/events": "evt",
    "/v1/payment_intents": "pi",
    "/v1/payment_methods": "pm",
    "/v1/payment_pages": "cs",
    "/v1/prices": "price",
    "/v1/products": "prod",
    "/v1/refunds": "re",
    "/v1/setup_intents": "seti",
}


async def ids(client: stripe.StripeClient, simulator: Simulator) -> dict[str, str]:
    """Live through everything once and return an id of every kind."""
    await simulator.pay(await setup(client))
    paid = await simulator.pay(await checkout(client))
    intent = paid["intent"]
    refund = await client.v1.refunds.create_async(
        {"payment_intent": intent["id"], "amount": 100, "expand": ["balance_transaction"]}
    )
    dispute = await simulator.control(f"payment_intents/{intent['id']}/dispute")
    await simulator.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    await client.v1.payment_intents.create_async(PAY | {"application_fee_amount": 100}, THERE)
    (fee,) = (await client.v1.application_fees.list_async()).data
    product = await client.v1.products.create_async({"name": "Charging"})
    price = await client.v1.prices.create_async(
        {"product": product.id, "currency": "eur", "unit_amount": 2500}
    )
    (set_up,) = (await client.v1.setup_intents.list_async()).data
    (event, *_) = (await client.v1.events.list_async()).data
    booking: Any = refund.balance_transaction
    made = [paid["session"], intent, dispute]
    found = [each["id"] for each in made] + [
        booking.id,
        intent["latest_charge"],
        intent["customer"],
        intent["payment_method"],
        *(each.id for each in (refund, fee, product, price, set_up, event)),
    ]
    return {each.split("_", maxsplit=1)[0]: each for each in found}


async def test_every_reading_endpoint_answers_as_stripe_would(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    """The simulator's fixture checks each answer field by field; here each is asked for once."""
    known = await ids(client, simulator)
    headers = {"Authorization": "Bearer sk_test_1", "Stripe-Version": stripe.api_version}
    for route in ROUTES:
        if route.method != "GET":
            continue
        path = route.path
        if "{id}" in path:
            path = path.replace("{id}", known[KINDS[path[: path.index("/{id}")]]])
        async with simulator.http.get(path, headers=headers) as answer:
            assert answer.status == 200, path
            assert (await answer.json())["object"], path


async def test_a_price_kept_in_the_catalogue_is_paid(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    product = await client.v1.products.create_async({"name": "Charging"})
    price = await client.v1.prices.create_async(
        {"product": product.id, "currency": "eur", "unit_amount": 1500}
    )
    session = await checkout(client, line_items=[{"price": price.id, "quantity": 2}])
    assert session.amount_total == 3000
    items = await client.v1.checkout.sessions.line_items.list_async(session.id)
    assert items.data[0].description == "Charging"


async def test_what_is_refused_before_it_began_leaves_nothing_behind(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    customer = await client.v1.customers.create_async({})
    method = await client.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    await client.v1.payment_methods.detach_async(method.id)
    for params in (
        PAY | {"payment_method": method.id},
        PAY | {"payment_method": "pm_unknown"},
        {name: value for name, value in PAY.items() if name != "allowed_payment_method_types"},
    ):
        refused: Any = await _refusal(client, params)
        assert refused.http_status == 400
    assert await simulator.ledger() == []
    assert (await client.v1.events.list_async({"type": "payment_intent.created"})).data == []


async def _refusal(client: stripe.StripeClient, params: Any) -> stripe.StripeError | None:
    try:
        await client.v1.payment_intents.create_async(params)
    except stripe.StripeError as error:
        return error
    return None
