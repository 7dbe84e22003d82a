"""Webhooks arrive signed, at least once, in any order, and wait for a bridge that is down."""

import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout


async def test_a_webhook_is_repeated_until_it_is_taken(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.refusals += [500, 404]
    customer = await client.v1.customers.create_async({"email": "a@example.com"})
    event = await receiver.wait_for("customer.created")
    assert receiver.refusals == []
    assert event["pending_webhooks"] == 1
    assert event["data"]["object"]["id"] == customer.id
    stored = await client.v1.events.retrieve_async(event["id"])
    assert stored.type == "customer.created"


async def test_a_bridge_that_is_down_gets_its_webhooks_when_it_is_back(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    nowhere = {"url": "http://127.0.0.1:9/webhook", "secret": "whsec_other"}
    await simulator.control("webhook_endpoints", nowhere)
    await client.v1.customers.create_async({})
    await simulator.control("webhook_endpoints", {"url": receiver.url, "secret": "whsec_test"})
    await receiver.wait_for("customer.created")


async def test_held_webhooks_come_when_released_in_any_order_and_number(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await simulator.control("webhooks", {"mode": "hold"})
    await simulator.pay(await checkout(client))
    assert receiver.events == []
    released = await simulator.control("webhooks/release", {"order": "reverse", "copies": 2})
    assert released == {"released": 12}
    await receiver.wait_for("checkout.session.completed", times=2)
    assert await simulator.control("webhooks", {"mode": "deliver"}) == {
        "mode": "deliver",
        "released": 0,
    }


async def test_an_event_can_be_sent_again(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await client.v1.customers.create_async({})
    event = await receiver.wait_for("customer.created")
    await simulator.control(f"events/{event['id']}/resend")
    assert (await receiver.wait_for("customer.created", times=2))["id"] == event["id"]


async def test_an_event_tells_which_request_made_it(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    customer = await client.v1.customers.create_async({}, {"idempotency_key": "key-1"})
    event = await receiver.wait_for("customer.created")
    assert event["request"] == {
        "id": customer.last_response.request_id,
        "idempotency_key": "key-1",
    }
    await client.v1.customers.update_async(customer.id, {"name": "Ada"})
    changed = await receiver.wait_for("customer.updated")
    assert changed["data"]["previous_attributes"] == {"name": None}
