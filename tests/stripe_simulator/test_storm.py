"""Storms: faults and lost webhooks by dice, the same for the same seed."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest
import stripe

from simulators.stripe.storm import Storm, Trouble
from simulators.stripe.webhooks import Weather
from tests.stripe_simulator.conftest import ClientFactory, Receiver, Simulator


async def outcome(client: stripe.StripeClient, key: str) -> str:
    try:
        await client.v1.customers.create_async({}, {"idempotency_key": key})
    except stripe.APIConnectionError:
        return "no answer"
    except stripe.StripeError as error:
        return str(error.http_status)
    return "made"


async def names(client: stripe.StripeClient) -> int:
    return len([each async for each in (await client.v1.customers.list_async()).auto_paging_iter()])


@pytest.mark.parametrize(
    ("kind", "seen", "made"),
    [
        ("429", "429", 0),
        ("409", "409", 0),
        ("500", "500", 0),
        ("500_after", "500", 1),
        ("dropped_before", "no answer", 0),
        ("dropped_after", "no answer", 1),
        ("timeout_before", "no answer", 0),
        ("timeout_after", "no answer", 1),
        ("slow", "made", 1),
    ],
)
async def test_every_trouble_is_what_its_name_says(
    make_client: ClientFactory,
    simulator: Simulator,
    kind: str,
    seen: str,
    made: int,
) -> None:
    client, patient = make_client(timeout_s=0.3 if "timeout" in kind else 10), make_client()
    storm = {"probability": 1, "kinds": [kind], "slow_s": 0.01, "timeout_s": 60}
    await simulator.control("storm", storm)
    assert await outcome(client, "key") == seen
    await simulator.control("storm", {"probability": 0})
    assert await names(patient) == made
    expected = "500" if seen == "500" else "made"
    assert await outcome(patient, "key") == expected, "a key is not blocked by what went wrong"


def test_a_seed_repeats_the_dice() -> None:
    def throws(seed: int) -> list[Any]:
        storm = Storm(Random(seed), 0.5)
        return [storm.thrown(effect) for _ in range(50) for effect in ("before", "after")]

    assert throws(1) == throws(1)
    assert throws(1) != throws(2)


def test_a_storm_is_as_strong_as_it_says() -> None:
    storm = Storm(Random(7), 0.3)
    struck = Counter(
        "struck" if storm.thrown("before") or storm.thrown("after") else "fair" for _ in range(2000)
    )
    assert 0.25 < struck["struck"] / 2000 < 0.35


async def test_one_key_through_a_storm_has_one_effect(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    """Replays are struck as well; only a 500 is an answer to keep."""
    kinds = [kind for kind in Trouble if not kind.startswith(("500", "timeout"))]
    storm = {"seed": 3, "probability": 0.7, "kinds": kinds, "slow_s": 0.01}
    await simulator.control("storm", storm)
    answers = Counter([await outcome(client, "the-key") for _ in range(25)])
    assert {"429", "409", "no answer", "made"} == set(answers)
    await simulator.control("storm", {"probability": 0})
    assert await names(client) == 1


@pytest.mark.parametrize(
    ("weather", "least", "most"),
    [
        ({"lose": 1}, 0, 0),
        ({"duplicate": 1}, 20, 20),
        ({"lose": 0.5, "seed": 1}, 1, 9),
    ],
)
async def test_webhooks_are_lost_and_repeated_by_dice(
    client: stripe.StripeClient,
    simulator: Simulator,
    receiver: Receiver,
    weather: dict[str, Any],
    least: int,
    most: int,
) -> None:
    await simulator.control("webhooks", {"mode": "storm"} | weather)
    for _ in range(10):
        await client.v1.customers.create_async({})
    await simulator.control("webhooks", {"mode": "deliver"})
    await client.v1.customers.create_async({"name": "the last"})
    async with asyncio.timeout(30), receiver.arrived:
        await receiver.arrived.wait_for(lambda: len(receiver.events) > least)
    assert least < len(receiver.events) <= most + 1


def test_webhooks_are_reordered_by_dice() -> None:
    weather = Weather(Random(5), lose=0, duplicate=0, delay_s_most=0.3)
    delays_s = [delay_s for _ in range(8) for delay_s in weather.delays_s()]
    assert len(delays_s) == 8
    assert delays_s != sorted(delays_s)
    assert max(delays_s) <= 0.3


async def test_late_webhooks_are_still_repeated_until_taken(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    receiver.refusals += [500, 500]
    await simulator.control("webhooks", {"mode": "storm", "seed": 5, "delay_s_most": 0.1})
    made = [(await client.v1.customers.create_async({})).id for _ in range(8)]
    await receiver.wait_for("customer.created", times=8)
    arrived = [event["data"]["object"]["id"] for event in receiver.events]
    assert sorted(arrived) == sorted(made)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("storm", {"probability": 2}),
        ("storm", {"probability": 1, "kinds": ["hail"]}),
        ("webhooks", {"mode": "storm", "lose": -1}),
        ("refunds", {"mode": "vanish"}),
        ("holds", {"lasts_s": -1}),
        ("features", {"teleport": True}),
    ],
)
async def test_weather_that_cannot_be_is_refused(
    simulator: Simulator, path: str, body: dict[str, Any]
) -> None:
    async with simulator.http.post(f"/_sim/{path}", json=body) as answer:
        assert answer.status == 400
