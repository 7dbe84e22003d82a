from contextlib import suppress
from datetime import datetime

import stripe

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request, receipt, stamped
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class SendReceipt:
    """Stripe mails its receipt of a charge to the address that the charge is given.

    Source: https://docs.stripe.com/api/charges/update#update_charge-receipt_email.
    """

    def prepare(
        self, session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the address."""
        return receipt(session)

    async def post(self, account: Account, task: Task) -> Outcome:
        """Address the receipt; one that Stripe will not send to there is not sent."""
        charge = await _charge(account, task)
        if charge is not None:
            with suppress(stripe.InvalidRequestError):
                await account.client.v1.charges.update_async(
                    charge.id, stamped(task), account.options(task.attempt.key)
                )
        return Done()

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether the charge has the address."""
        charge = await _charge(account, task)
        addressed = charge is None or charge.receipt_email == task.attempt.request["receipt_email"]
        return Done() if addressed else None

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Nobody pays less or more for want of a mail."""
        return ()


async def _charge(account: Account, task: Task) -> stripe.Charge | None:
    payment = await observe.payment_intent(account, payment_call.payment_intent_id(task))
    charge = payment.latest_charge
    return charge if isinstance(charge, stripe.Charge) else None
