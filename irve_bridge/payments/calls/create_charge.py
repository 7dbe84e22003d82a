from datetime import datetime

import stripe

from irve_bridge.domain.facts import ChargeCreated, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import texts
from irve_bridge.payments.amounts import minor_amount, wire_amount
from irve_bridge.payments.calls.call import Request, fee, mark, ours, receipt, stamped, unpaid
from irve_bridge.payments.client import PAGE, Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class CreateCharge:
    """A payment for the cost, unconfirmed: its id is stored before anything is taken.

    Source: https://docs.stripe.com/api/payment_intents/create.
    """

    def prepare(
        self, session: Session, intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the PaymentIntent for the kept card."""
        amount = wire_amount(session.currency, intent.parameters["amount_minor"])
        return {
            "amount": amount,
            **fee(session, amount),
            "currency": session.currency.lower(),
            "customer": session.customer_id,
            "payment_method": session.payment_method_id,
            "allowed_payment_method_types": ["card"],
            "description": texts.item_name(session),
            "metadata": mark(session),
            **receipt(session),
        }

    async def post(self, account: Account, task: Task) -> Outcome:
        """Create the payment; nothing is taken yet."""
        payment = await account.client.v1.payment_intents.create_async(
            stamped(task), account.options(task.attempt.key)
        )
        return _created(task, payment, account.now())

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Find the payment among its customer's."""
        listed = await account.client.v1.payment_intents.list_async(
            {"customer": task.session.customer_id or "", "limit": PAGE}, account.options()
        )
        for payment in listed.data:
            if ours(payment, task):
                return _created(task, payment, account.now())
        return None

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """The cost stays due, or a person finds out why."""
        return unpaid(task, refusal, at)


def _created(task: Task, payment: stripe.PaymentIntent, at: datetime) -> Done:
    fact = ChargeCreated(
        session_id=task.session.id,
        at=at,
        payment_intent_id=payment.id,
        amount_minor=minor_amount(task.session.currency, payment.amount),
    )
    return Done((fact,))
