"""What confirming, capturing and cancelling a PaymentIntent have in common."""

import stripe

from irve_bridge.payments import observe, reading
from irve_bridge.payments.calls.call import proven, under_way
from irve_bridge.payments.client import Account
from irve_bridge.service.ports import Outcome, Task


def payment_intent_id(task: Task) -> str:
    """Return which payment the intent is about."""
    named: str = task.intent.parameters["payment_intent_id"]
    return named


def outcome(account: Account, task: Task, payment: stripe.PaymentIntent) -> Outcome:
    """Return what a payment came to that was just confirmed, captured or cancelled."""
    facts = reading.from_payment(task.session, payment, account.now())
    return proven(facts) or under_way(payment.status)


async def look(account: Account, task: Task, *before: str) -> Outcome | None:
    """Return what a payment came to; None while its status is one of those `before` the call."""
    payment = await observe.payment_intent(account, payment_intent_id(task))
    return None if payment.status in before else outcome(account, task, payment)
