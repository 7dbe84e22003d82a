"""Disputes: the cardholder takes a payment back, and the bank decides."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout


async def disputed_minor(simulator: Simulator) -> int:
    (line,) = await simulator.ledger()
    assert line["charged_minor"] == 2500
    amount_minor: int = line["disputed_minor"]
    return amount_minor


async def disputed(client: stripe.StripeClient, simulator: Simulator) -> dict[str, Any]:
    paid = await simulator.pay(await checkout(client))
    path = f"payment_intents/{paid['intent']['id']}/dispute"
    dispute: dict[str, Any] = await simulator.control(path, {"reason": "product_not_received"})
    return dispute


@pytest.mark.parametrize(
    ("card", "reason"),
    [("4000000000000259", "fraudulent"), ("4000000000002685", "product_not_received")],
)
async def test_a_card_may_dispute_by_itself(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver, card: str, reason: str
) -> None:
    paid = await simulator.pay(await checkout(client), card=card)
    await receiver.wait_for("charge.dispute.funds_withdrawn")
    found = await client.v1.disputes.list_async({"payment_intent": paid["intent"]["id"]})
    (dispute,) = found.data
    assert (dispute.status, dispute.amount) == ("needs_response", 2500)
    assert dispute.reason == reason
    charge = await client.v1.charges.retrieve_async(paid["intent"]["latest_charge"])
    assert charge.disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.refunds.create_async({"charge": charge.id})
    assert refused.value.code == "charge_disputed"
    assert await disputed_minor(simulator) == 2500


@pytest.mark.parametrize(("status", "amount_minor"), [("won", 0), ("lost", 2500)])
async def test_a_dispute_is_decided_for_one_side(
    client: stripe.StripeClient,
    simulator: Simulator,
    receiver: Receiver,
    status: str,
    amount_minor: int,
) -> None:
    dispute = await disputed(client, simulator)
    assert dispute["reason"] == "product_not_received"
    assert await disputed_minor(simulator) == 2500
    await simulator.control(f"disputes/{dispute['id']}/close", {"status": status})
    closed = await receiver.wait_for("charge.dispute.closed")
    assert closed["data"]["object"]["status"] == status
    assert await disputed_minor(simulator) == amount_minor
    if status == "won":
        await receiver.wait_for("charge.dispute.funds_reinstated")
        refund = await client.v1.refunds.create_async({"charge": dispute["charge"]})
        assert refund.amount == 2500
    async with simulator.http.post(
        f"/_sim/disputes/{dispute['id']}/close", json={"status": "won"}
    ) as answer:
        assert answer.status == 409


@pytest.mark.parametrize("verdict", ["won", "lost"])
async def test_evidence_decides_as_in_stripes_tests(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver, verdict: str
) -> None:
    dispute = await disputed(client, simulator)
    text = {"won": "winning_evidence", "lost": "losing_evidence"}[verdict]
    answered = await client.v1.disputes.update_async(
        dispute["id"], {"evidence": {"uncategorized_text": text}, "submit": True}
    )
    assert answered.status == "under_review"
    await receiver.wait_for("charge.dispute.updated")
    closed = await receiver.wait_for("charge.dispute.closed")
    assert closed["data"]["object"]["status"] == verdict


async def test_a_dispute_can_be_given_up(client: stripe.StripeClient, simulator: Simulator) -> None:
    dispute = await disputed(client, simulator)
    lost = await client.v1.disputes.close_async(dispute["id"])
    assert lost.status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        await client.v1.disputes.close_async(dispute["id"])


async def test_only_what_was_not_refunded_is_disputed(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    paid = await simulator.pay(await checkout(client))
    intent_id = paid["intent"]["id"]
    await client.v1.refunds.create_async({"payment_intent": intent_id, "amount": 1000})
    dispute = await simulator.control(f"payment_intents/{intent_id}/dispute")
    assert dispute["amount"] == 1500
    async with simulator.http.post(f"/_sim/payment_intents/{intent_id}/dispute") as answer:
        assert answer.status == 409, "once is enough"
    other = await simulator.pay(await checkout(client))
    other_id = other["intent"]["id"]
    await client.v1.refunds.create_async({"payment_intent": other_id})
    async with simulator.http.post(f"/_sim/payment_intents/{other_id}/dispute") as answer:
        assert answer.status == 409
