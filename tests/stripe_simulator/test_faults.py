"""Faults on demand, as the bridge's crash tests need them."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import ClientFactory, Simulator

PARAMS: Any = {"amount": 100, "currency": "eur", "allowed_payment_method_types": ["card"]}
KEY: Any = {"idempotency_key": "session:1:1"}


async def intents(client: stripe.StripeClient) -> int:
    return len((await client.v1.payment_intents.list_async()).data)


@pytest.mark.parametrize(("effect", "made"), [("before", 0), ("after", 1)])
async def test_a_server_error_is_replayed_under_its_key(
    client: stripe.StripeClient, simulator: Simulator, effect: str, made: int
) -> None:
    """Whether it took effect or not cannot be told from the answer."""
    await simulator.control("faults", [{"path": "/v1/payment_intents", "effect": effect}])
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            await client.v1.payment_intents.create_async(PARAMS, KEY)
        assert failed.value.http_status == 500
    assert await intents(client) == made


@pytest.mark.parametrize("effect", ["before", "after"])
async def test_after_a_lost_connection_the_same_key_is_safe(
    client: stripe.StripeClient, simulator: Simulator, effect: str
) -> None:
    await simulator.control(
        "faults", [{"path": "/v1/payment_intents", "effect": effect, "status": None}]
    )
    with pytest.raises(stripe.APIConnectionError):
        await client.v1.payment_intents.create_async(PARAMS, KEY)
    intent = await client.v1.payment_intents.create_async(PARAMS, KEY)
    assert intent.status == "requires_payment_method"
    assert await intents(client) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, stripe.AuthenticationError),
        (403, stripe.PermissionError),
        (429, stripe.RateLimitError),
        (409, stripe.APIError),
    ],
)
async def test_a_request_turned_away_may_come_again(
    client: stripe.StripeClient, simulator: Simulator, status: int, error: type[Exception]
) -> None:
    await simulator.control("faults", [{"path": "/v1/*", "status": status, "times": 1}])
    with pytest.raises(error):
        await client.v1.payment_intents.create_async(PARAMS, KEY)
    assert (await client.v1.payment_intents.create_async(PARAMS, KEY)).id


async def test_a_refusal_of_the_account_is_no_refusal_of_the_card(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("faults", [{"path": "/v1/payment_intents", "status": 400}])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.create_async(PARAMS, KEY)
    assert (refused.value.code, refused.value.param) == ("testmode_charges_only", None)
    assert await intents(client) == 0


async def test_a_fault_strikes_only_what_it_names(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    await simulator.control("faults", [{"path": "/v1/payment_intents/*/confirm"}])
    intent = await client.v1.payment_intents.create_async(
        PARAMS | {"payment_method": "pm_card_visa"}
    )
    with pytest.raises(stripe.APIError):
        await client.v1.payment_intents.confirm_async(intent.id, {"return_url": "https://a.test"})
    await simulator.control("faults", [])
    assert (await client.v1.payment_intents.retrieve_async(intent.id)).status == (
        "requires_confirmation"
    )


async def test_the_sdks_own_retries_get_through_a_lost_connection(
    make_client: ClientFactory, simulator: Simulator
) -> None:
    client = make_client(max_network_retries=1)
    await simulator.control(
        "faults", [{"path": "/v1/payment_intents", "effect": "after", "status": None}]
    )
    await client.v1.payment_intents.create_async(PARAMS)
    assert await intents(client) == 1


async def test_a_malformed_fault_is_refused(simulator: Simulator) -> None:
    async with simulator.http.post("/_sim/faults", json=[{"effect": "never"}]) as answer:
        assert answer.status == 400
