from datetime import datetime

from irve_bridge.domain.facts import ExtensionRefused, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe, reading
from irve_bridge.payments.amounts import wire_amount
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request, mark, stamped
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class IncrementHold:
    """The hold grows to what its driver agreed to.

    Source: https://docs.stripe.com/api/payment_intents/increment_authorization.
    """

    def prepare(
        self, session: Session, intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the whole amount to be held."""
        amount = wire_amount(session.currency, intent.parameters["amount_minor"])
        return {"amount": amount, "metadata": mark(session)}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Ask the bank for more."""
        payment = await account.client.v1.payment_intents.increment_authorization_async(
            payment_call.payment_intent_id(task), stamped(task), account.options(task.attempt.key)
        )
        return Done((reading.from_extended(task.session, payment, account.now()),))

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether it holds that much."""
        payment = await observe.payment_intent(account, payment_call.payment_intent_id(task))
        if payment.status != "requires_capture":
            return payment_call.outcome(account, task, payment)
        if payment.amount_capturable < task.attempt.request["amount"]:
            return None
        return Done((reading.from_extended(task.session, payment, account.now()),))

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """The hold stays as it is."""
        return (ExtensionRefused(session_id=task.session.id, at=at, code=refusal.code),)
