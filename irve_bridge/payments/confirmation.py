"""The way back on session of a payment that was refused off session.

Source: https://docs.stripe.com/payments/save-and-reuse#charge-saved-payment-method: the same
PaymentIntent, with the same card, is confirmed in the browser, where the bank can ask its holder.
Since it is the same one it succeeds once at most, or is cancelled.
"""

from irve_bridge.domain.session import Session
from irve_bridge.payments import observe
from irve_bridge.payments.amounts import minor_amount
from irve_bridge.payments.client import Account
from irve_bridge.service.ports import Confirmation

_CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


async def confirmation(account: Account, session: Session) -> Confirmation | None:
    """Return the secret and the card; None where this payment is over or of another amount."""
    if session.payment_intent_id is None or session.payment_method_id is None:
        return None
    payment = await observe.payment_intent(account, session.payment_intent_id)
    exact = minor_amount(session.currency, payment.amount) == session.decided_minor
    if payment.status not in _CONFIRMABLE or not exact or payment.client_secret is None:
        return None
    return Confirmation(
        client_secret=payment.client_secret,
        payment_method_id=session.payment_method_id,
        account=session.account,
    )
