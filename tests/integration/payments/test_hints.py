"""What Stripe told is listed as hints, the same that its webhooks give."""

import json
from datetime import timedelta

import pytest
import stripe

from irve_bridge.domain.facts import ProviderSpoke
from irve_bridge.domain.session import PlanName
from irve_bridge.payments import StripePayments
from irve_bridge.service.ports import ProviderUnreachable
from tests.integration.payments.conftest import SECRETS, Simulator, Tills, WorldClock

MINUTE = timedelta(minutes=1)


async def hints(
    payments: StripePayments, clock: WorldClock, account: str = ""
) -> list[ProviderSpoke]:
    """Return what was told in the last minute."""
    now = clock.now()
    return [hint async for hint in payments.hints(account, now - MINUTE, now)]


async def test_every_refund_of_a_span_is_told_page_by_page(
    new_till: Tills, simulator: Simulator, payments: StripePayments, clock: WorldClock
) -> None:
    """More than one page; nothing of what was told before, nor of what is no refund."""
    till = new_till(PlanName.FIXED)
    await till.secure(simulator)
    paid = till.session.payment_intent_id or ""
    await simulator.post("refunds", payment_intent=paid, amount="1")
    clock.pass_(2 * MINUTE)
    for _ in range(60):
        await simulator.post("refunds", payment_intent=paid, amount="1")
    told = await hints(payments, clock)
    assert [hint.type for hint in told] == ["refund.updated", "charge.refunded"] * 60
    assert all(paid in hint.object_ids for hint in told)
    assert len({hint.event_id for hint in told}) == 120
    clock.pass_(2 * MINUTE)
    assert await hints(payments, clock) == []


async def test_a_listed_event_is_the_hint_that_its_webhook_gives(
    new_till: Tills, simulator: Simulator, payments: StripePayments, clock: WorldClock
) -> None:
    """By the same key, so that it is heard once; an account tells of its own alone."""
    till = new_till(PlanName.FIXED, account="acct_1")
    await till.secure(simulator)
    await simulator.control(f"payment_intents/{till.session.payment_intent_id}/dispute", {})
    (event,) = await simulator.listed("events?type=charge.dispute.created", "acct_1")
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, SECRETS[0])
    posted = payments.read_webhook(body.encode(), signature, clock.now())
    assert await hints(payments, clock, "acct_1") == [posted]
    assert await hints(payments, clock) == []


async def test_who_will_not_tell_is_unreachable(
    simulator: Simulator, payments: StripePayments, clock: WorldClock
) -> None:
    await simulator.fault("events", "before", 403, method="GET")
    with pytest.raises(ProviderUnreachable):
        await hints(payments, clock)
