from datetime import datetime

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Outcome, Task

_UNPAID = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
)


class CancelPayment:
    """A hold is let go, or a payment that was not made can be made no more.

    Source: https://docs.stripe.com/api/payment_intents/cancel.
    """

    def prepare(
        self, _session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return no parameters."""
        return {}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Let the money go, or close this way to pay."""
        payment = await account.client.v1.payment_intents.cancel_async(
            payment_call.payment_intent_id(task), {}, account.options(task.attempt.key)
        )
        return payment_call.outcome(account, task, payment)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether it is cancelled, or was paid or captured after all."""
        return await payment_call.look(account, task, *_UNPAID)

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Try again: as long as it is there, the driver lacks the money or may be charged."""
        return ()
