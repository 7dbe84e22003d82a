from datetime import datetime

import stripe

from irve_bridge.domain.facts import RefundFailed, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe, reading
from irve_bridge.payments.amounts import minor_amount, wire_amount, wire_refund
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request, fee, mark, ours, proven, stamped
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import REFUND_PENDING, Refusal
from irve_bridge.service.ports import Again, Outcome, Task


class Refund:
    """Money goes back to the card. Source: https://docs.stripe.com/api/refunds/create."""

    def prepare(
        self, session: Session, intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the refund."""
        return {
            "payment_intent": intent.parameters["payment_intent_id"],
            "amount": wire_refund(session.currency, intent.parameters["amount_minor"]),
            "metadata": mark(session),
            **({"refund_application_fee": True} if _fee_taken(session, intent) else {}),
        }

    async def post(self, account: Account, task: Task) -> Outcome:
        """Give the money back, unless somebody gave some of it back meanwhile."""
        if otherwise := await _refunded_otherwise(account, task):
            return otherwise
        refund = await account.client.v1.refunds.create_async(
            stamped(task), account.options(task.attempt.key)
        )
        return _outcome(account, task, refund)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Find the refund among its payment's."""
        payment_intent_id = payment_call.payment_intent_id(task)
        for refund in await observe.refunds(account, payment_intent_id):
            if ours(refund, task):
                return _outcome(account, task, refund)
        return None

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """Stripe will not refund this; a person finds out why."""
        return (
            RefundFailed(
                session_id=task.session.id,
                at=at,
                refund_id="",
                payment_intent_id=payment_call.payment_intent_id(task),
                amount_minor=task.intent.parameters["amount_minor"],
                code=refusal.code,
            ),
        )


async def _refunded_otherwise(account: Account, task: Task) -> Again | None:
    """Return to look again where less is left at Stripe than we know: what is too much is less."""
    session, named = task.session, payment_call.payment_intent_id(task)
    if named != session.payment_intent_id:
        return None
    payment = await observe.payment_intent(account, named)
    made = await observe.refunds(account, named)
    back = sum(refund.amount for refund in made if refund.status in _ON_THE_WAY)
    if minor_amount(session.currency, payment.amount_received - back) >= session.paid_minor:
        return None
    at = account.now()
    facts = tuple(fact for refund in made for fact in reading.from_refund(session, refund, at))
    waits = any(refund.status == "pending" for refund in made)
    after = REFUND_PENDING if waits else None
    absent = not task.attempt.unknown  # else it may still arrive: only its own key is safe
    return Again(reason="refunded otherwise meanwhile", known=absent, after=after, facts=facts)


_ON_THE_WAY = frozenset({"succeeded", "pending", "requires_action"})


def _fee_taken(session: Session, intent: Intent) -> bool:
    """What is too little for a fee had none, and Stripe gives none back."""
    paid_minor = max(session.paid_minor, intent.parameters["amount_minor"])
    return any(fee(session, wire_amount(session.currency, paid_minor)).values())


def _outcome(account: Account, task: Task, refund: stripe.Refund) -> Outcome:
    """A pending refund waits for the operator's balance; a webhook may tell of its end earlier."""
    return proven(reading.from_refund(task.session, refund, account.now())) or Again(
        reason=f"refund {refund.status}", known=False, after=REFUND_PENDING
    )
