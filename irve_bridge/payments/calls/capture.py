from contextlib import suppress
from datetime import datetime

import stripe

from irve_bridge.domain.facts import HoldLimited, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe
from irve_bridge.payments.amounts import minor_amount, wire_amount
from irve_bridge.payments.calls import payment_call
from irve_bridge.payments.calls.call import Request, fee, receipt, stamped, unpaid
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class Capture:
    """The cost is taken from the hold; the rest of it is let go.

    Source: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method.
    """

    def prepare(
        self, session: Session, intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the amount to take."""
        amount = wire_amount(session.currency, intent.parameters["amount_minor"])
        return {"amount_to_capture": amount, **fee(session, amount)}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Take the money; where more than the hold is refused after all, say what it covers."""
        await _address(account, task)
        try:
            payment = await account.client.v1.payment_intents.capture_async(
                payment_call.payment_intent_id(task),
                stamped(task),
                account.options(task.attempt.key),
            )
        except stripe.InvalidRequestError as error:
            if error.param != "amount_to_capture" or not (limited := await _limit(account, task)):
                raise
            return Done((limited,))
        return payment_call.outcome(account, task, payment)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether it was captured, or the hold is gone."""
        return await payment_call.look(account, task, "requires_capture")

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """The hold is there, but cannot be captured."""
        return unpaid(task, refusal, at)


async def _address(account: Account, task: Task) -> None:
    """Have Stripe mail its receipt to who gave an address at the checkout, after the hold was made.

    That it cannot be mailed keeps nobody from paying.
    """
    if where := receipt(task.session):
        with suppress(stripe.InvalidRequestError):
            await account.client.v1.payment_intents.update_async(
                payment_call.payment_intent_id(task),
                {"receipt_email": where["receipt_email"]},
                account.options(),
            )


async def _limit(account: Account, task: Task) -> HoldLimited | None:
    """Return what the hold covers; None where it covers what was asked, or is no hold."""
    payment = await observe.payment_intent(account, payment_call.payment_intent_id(task))
    if not 0 < payment.amount_capturable < task.attempt.request["amount_to_capture"]:
        return None
    return HoldLimited(
        session_id=task.session.id,
        at=account.now(),
        payment_intent_id=payment.id,
        secured_minor=minor_amount(task.session.currency, payment.amount_capturable),
    )
