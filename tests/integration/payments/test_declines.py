"""A card that is not charged leaves the cost due, with the bank's reason."""

from dataclasses import replace

import pytest

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import PlanName, State
from irve_bridge.service.ports import Again, Done
from tests.integration.payments.conftest import Simulator, Tills, only


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("4000000000000341", "generic_decline"),
        ("4000008260003178", "insufficient_funds"),
        ("4000002760003184", "authentication_required"),
    ],
)
async def test_a_declined_charge_says_why(
    card: str, code: str, new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator, card)
    await till.charge(732)
    await till.do(Kind.CREATE_CHARGE)
    outcome = await till.do(Kind.CONFIRM_CHARGE)
    assert isinstance(outcome, Done), "the bank's no is an outcome, not a failure"
    declined = only(outcome)
    assert isinstance(declined, facts.PaymentDeclined)
    assert declined.code == code
    assert till.session.state is State.DUE
    (seen,) = await till.observe()
    assert isinstance(seen, facts.PaymentDeclined)
    assert seen.code == code


async def test_a_decline_whose_answer_was_lost_is_found(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.DYNAMIC)
    await till.secure(simulator, "4000000000000341")
    await till.charge(732)
    await till.do(Kind.CREATE_CHARGE)
    await simulator.fault("payment_intents/*/confirm", "after", None)
    lost = await till.do(Kind.CONFIRM_CHARGE)
    assert isinstance(only(await till.again(lost)), facts.PaymentDeclined)


async def test_a_refund_that_the_bank_returns_is_made_again_and_then_a_person_s(
    new_till: Tills, simulator: Simulator
) -> None:
    till = new_till(PlanName.FIXED)
    till.books.policy = replace(till.books.policy, refund_retries=1)
    await till.secure(simulator, "4000000000005126")
    await simulator.fault("refunds", "after", None)
    await till.charge(732)
    lost = await till.do(Kind.REFUND)
    failed = only(await till.again(lost))
    assert isinstance(failed, facts.RefundFailed)
    assert failed.code == "expired_or_canceled_card"
    assert till.session.state is State.SETTLING
    assert any(isinstance(fact, facts.RefundFailed) for fact in await till.observe())
    assert [each.kind for each in till.intents].count(Kind.REFUND) == 1, "seen twice, made once"
    await till.do(Kind.REFUND)
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.REVIEW, 2000)


async def test_a_refund_beyond_what_is_left_goes_to_a_person(
    new_till: Tills, simulator: Simulator
) -> None:
    """What somebody gave back by hand is seen before anything of ours is given back."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    await simulator.post("refunds", payment_intent=till.session.payment_intent_id or "")
    await till.charge(732)
    seen = await till.do(Kind.REFUND)
    assert isinstance(seen, Again)
    assert seen.known
    await till.observe()
    assert (till.session.state, till.session.paid_minor) == (State.REVIEW, 0)
