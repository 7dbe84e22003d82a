"""Connected accounts: the operator is paid, the platform takes its fee."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import Receiver, Simulator
from tests.stripe_simulator.sessions import checkout

THERE: Any = {"stripe_account": "acct_operator"}
PAY: Any = {
    "amount": 2000,
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "allowed_payment_method_types": ["card"],
    "application_fee_amount": 150,
}


async def fee_minor(simulator: Simulator) -> int:
    (line,) = await simulator.ledger()
    assert line["account"] == "acct_operator"
    amount_minor: int = line["application_fee_minor"]
    return amount_minor


async def test_events_say_whose_they_are(
    client: stripe.StripeClient, simulator: Simulator, receiver: Receiver
) -> None:
    await client.v1.payment_intents.create_async(PAY, THERE)
    succeeded = await receiver.wait_for("payment_intent.succeeded")
    assert succeeded["account"] == "acct_operator"
    fee = await receiver.wait_for("application_fee.created")
    assert "account" not in fee, "the fee is the platform's own"
    assert fee["data"]["object"]["account"] == "acct_operator"


async def test_a_fee_goes_back_in_proportion_if_asked(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    intent = await client.v1.payment_intents.create_async(PAY, THERE)
    charge = await client.v1.charges.retrieve_async(str(intent.latest_charge), None, THERE)
    assert charge.application_fee_amount == 150
    assert await fee_minor(simulator) == 150
    fee = await client.v1.application_fees.retrieve_async(str(charge.application_fee))
    assert (fee.amount, fee.charge) == (150, charge.id)
    part: Any = {"charge": charge.id, "amount": 1000}
    await client.v1.refunds.create_async(part, THERE)
    assert await fee_minor(simulator) == 150
    await client.v1.refunds.create_async(
        {"charge": charge.id, "amount": 400, "refund_application_fee": True}, THERE
    )
    assert await fee_minor(simulator) == 120
    await client.v1.refunds.create_async(
        {"charge": charge.id, "refund_application_fee": True}, THERE
    )
    assert await fee_minor(simulator) == 0
    (listed,) = (await client.v1.application_fees.list_async({"charge": charge.id})).data
    assert (listed.refunded, listed.amount_refunded) == (True, 150)
    assert [each.amount for each in listed.refunds.data] == [120, 30]


async def test_a_fee_of_a_hold_is_taken_at_capture_and_at_most_what_was_captured(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    session = await client.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 2500,
                        "product_data": {"name": "Charging"},
                    },
                }
            ],
            "payment_intent_data": {"capture_method": "manual", "application_fee_amount": 100},
            "success_url": "https://bridge.example/back",
        },
        THERE,
    )
    intent_id = (await simulator.pay(session))["intent"]["id"]
    assert await fee_minor(simulator) == 0
    await client.v1.payment_intents.capture_async(
        intent_id, {"amount_to_capture": 200, "application_fee_amount": 300}, THERE
    )
    assert await fee_minor(simulator) == 200


@pytest.mark.parametrize(
    ("options", "fee", "words"), [({}, 150, "direct payment"), (THERE, 2001, "greater than")]
)
async def test_impossible_fees_are_refused(
    client: stripe.StripeClient, options: Any, fee: int, words: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        await client.v1.payment_intents.create_async(PAY | {"application_fee_amount": fee}, options)
    assert refused.value.param == "application_fee_amount"


async def test_the_platforms_own_sessions_have_no_fee(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="direct payment"):
        await checkout(client, payment_intent_data={"application_fee_amount": 100})


async def test_a_fee_that_was_not_taken_is_not_refunded(
    client: stripe.StripeClient, simulator: Simulator
) -> None:
    params = {name: value for name, value in PAY.items() if name != "application_fee_amount"}
    intent = await client.v1.payment_intents.create_async(params, THERE)
    with pytest.raises(stripe.InvalidRequestError, match="no application fee"):
        await client.v1.refunds.create_async(
            {"payment_intent": intent.id, "refund_application_fee": True}, THERE
        )
    (line,) = await simulator.ledger()
    assert line["refunded_minor"] == 0
