"""Refunds that are slow, that fail, and that fail after they had succeeded."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout


async def refunded(
    client: stripe.StripeClient, simulator: Simulator, *, amount: int = 1000, **pay: Any
) -> stripe.Refund:
    """Pay 25.00 EUR and give a part of it back."""
    paid = await simulator.pay(await checkout(client), **pay)
    return await client.v1.refunds.create_async(
        {"payment_intent": paid["intent"]["id"], "amount": amount}
    )


async def amounts(simulator: Simulator) -> tuple[int, int]:
    (line,) = await simulator.ledger()
    return line["refunded_minor"], line["refund_pending_minor"]


async def test_a_refund_arrives_at_once_and_is_traceable_later(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    refund = await refunded(client, simulator)
    assert (refund.status, await amounts(simulator)) == ("succeeded", (1000, 0))
    await receiver.wait_for("charge.refunded")
    updated = await receiver.wait_for("charge.refund.updated")
    card = updated["data"]["object"]["destination_details"]["card"]
    assert card["reference_status"] == "available"
    assert sorted(receiver.types(about=refund.id)) == [
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
    ]


@pytest.mark.parametrize(
    ("status", "charge_refunded_minor", "ledger"),
    [("succeeded", 1000, (1000, 0)), ("failed", 0, (0, 0)), ("canceled", 0, (0, 0))],
)
async def test_a_pending_refund_counts_on_the_charge_and_not_yet_on_the_card(
    client: stripe.StripeClient,
    simulator: Simulator,
    receiver: Receiver,
    status: str,
    charge_refunded_minor: int,
    ledger: tuple[int, int],
) -> None:
    await simulator.control("refunds", {"mode": "pending", "times": 1})
    refund = await refunded(client, simulator)
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert await amounts(simulator) == (0, 1000)
    charge = await client.v1.charges.retrieve_async(str(refund.charge))
    assert charge.amount_refunded == 1000
    settled = await simulator.control(f"refunds/{refund.id}/settle", {"status": status})
    assert settled["status"] == status
    updated = await receiver.wait_for("refund.updated")
    assert updated["data"]["previous_attributes"] == {"status": "pending"}
    assert await amounts(simulator) == ledger
    charge = await client.v1.charges.retrieve_async(str(refund.charge))
    assert charge.amount_refunded == charge_refunded_minor


async def test_a_refund_may_fail_at_once(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await simulator.control("refunds", {"mode": "fail"})
    refund = await refunded(client, simulator, amount=2500)
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    assert await amounts(simulator) == (0, 0)
    failed = await receiver.wait_for("refund.failed")
    booking = await client.v1.balance_transactions.retrieve_async(
        failed["data"]["object"]["failure_balance_transaction"]
    )
    assert booking.amount == 2500
    charge = await client.v1.charges.retrieve_async(str(refund.charge))
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    again = await client.v1.refunds.create_async({"charge": charge.id})
    assert (again.status, again.amount) == ("succeeded", 2500), "the decree was for one"


@pytest.mark.parametrize("decreed", [True, False])
async def test_a_refund_may_fail_after_it_had_succeeded(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver, decreed: bool
) -> None:
    """The money comes back to the merchant: it was not given back after all."""
    if decreed:
        await simulator.control("refunds", {"mode": "fail_later"})
    card = {} if decreed else {"card": "4000000000005126"}
    refund = await refunded(client, simulator, **card)
    assert refund.status == "succeeded"
    failed = await receiver.wait_for("refund.failed")
    assert failed["data"]["object"]["status"] == "failed"
    await receiver.wait_for("charge.refund.updated")
    assert await amounts(simulator) == (0, 0)


async def test_the_card_of_slow_refunds_is_slow(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    refund = await refunded(client, simulator, card="4000000000007726")
    assert refund.status == "pending"
    updated = await receiver.wait_for("refund.updated")
    assert updated["data"]["object"]["status"] == "succeeded"
    assert await amounts(simulator) == (1000, 0)


async def test_a_refund_that_ended_cannot_end_again(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    refund = await refunded(client, simulator)
    path = f"/_sim/refunds/{refund.id}/settle"
    for status, expected in (("canceled", 409), ("failed", 200), ("succeeded", 409)):
        async with simulator.http.post(path, json={"status": status}) as answer:
            assert answer.status == expected
    assert await amounts(simulator) == (0, 0)
