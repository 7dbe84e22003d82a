"""One key, one effect: the promise the bridge leans on."""

import asyncio
from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import ClientFactory, Simulator

PARAMS: Any = {"amount": 100, "currency": "eur", "allowed_payment_method_types": ["card"]}
KEY: Any = {"idempotency_key": "session:1:1"}


async def intents(client: stripe.StripeClient) -> int:
    return len((await client.v1.payment_intents.list_async()).data)


async def test_a_repeat_gets_the_first_answer(client: stripe.StripeClient) -> None:
    first = await client.v1.payment_intents.create_async(PARAMS, KEY)
    again = await client.v1.payment_intents.create_async(PARAMS, KEY)
    assert again.id == first.id
    headers = again.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == first.last_response.request_id
    assert await intents(client) == 1


async def test_a_decline_is_replayed_too(client: stripe.StripeClient) -> None:
    params: Any = PARAMS | {"confirm": True, "payment_method": "pm_card_visa_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            await client.v1.payment_intents.create_async(params, KEY)
    assert await intents(client) == 1


async def test_other_parameters_under_the_same_key_are_refused(
    client: stripe.StripeClient,
) -> None:
    await client.v1.payment_intents.create_async(PARAMS, KEY)
    with pytest.raises(stripe.IdempotencyError) as refused:
        await client.v1.payment_intents.create_async(PARAMS | {"amount": 200}, KEY)
    assert refused.value.http_status == 400


async def test_what_never_began_is_not_kept(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.payment_intents.create_async(PARAMS | {"amount": "x"}, KEY)
    await client.v1.payment_intents.create_async(PARAMS, KEY)


async def test_a_key_is_forgotten_after_a_day(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    """A blind repeat after 24 hours is a second payment."""
    await client.v1.payment_intents.create_async(PARAMS, KEY)
    simulator.advance(24 * 3600 + 1)
    await client.v1.payment_intents.create_async(PARAMS, KEY)
    assert await intents(client) == 2


async def test_of_two_at_once_one_is_told_to_wait(
    client: stripe.StripeClient, make_client: ClientFactory, simulator: Simulator
) -> None:
    await simulator.control(
        "faults",
        [{"path": "/v1/payment_intents", "effect": "before", "status": 200, "delay_s": 0.2}],
    )
    both = await asyncio.gather(
        client.v1.payment_intents.create_async(PARAMS, KEY),
        make_client().v1.payment_intents.create_async(PARAMS, KEY),
        return_exceptions=True,
    )
    (refused,) = (each for each in both if isinstance(each, stripe.StripeError))
    assert refused.http_status == 409
    assert refused.error.code == "idempotency_key_in_use"
    assert await intents(client) == 1


async def test_a_key_is_at_most_255_long(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        await client.v1.payment_intents.create_async(PARAMS, {"idempotency_key": "k" * 256})
