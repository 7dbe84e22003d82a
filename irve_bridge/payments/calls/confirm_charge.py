from datetime import datetime

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request, stamped, unpaid
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Outcome, Task


class ConfirmCharge:
    """The cost is taken from the kept card, without its driver.

    Source: https://docs.stripe.com/api/payment_intents/confirm.
    """

    def prepare(
        self, session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return what tells the bank that nobody is there to authenticate.

        The card is named anew: a payment that was declined has let go of it.
        """
        return {"off_session": True, "payment_method": session.payment_method_id}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Take the money."""
        payment = await account.client.v1.payment_intents.confirm_async(
            payment_call.payment_intent_id(task),
            stamped(task),
            account.options(task.attempt.key),
        )
        return payment_call.outcome(account, task, payment)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether it was taken; a payment succeeds once, however often it is confirmed."""
        return await payment_call.look(
            account, task, "requires_confirmation", "requires_payment_method"
        )

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """The bank declined, or wants to see the driver: the cost stays due."""
        return unpaid(task, refusal, at)
