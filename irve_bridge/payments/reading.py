"""Stripe objects → facts. The session's plan decides what a payment in some state proves.

Payments: https://docs.stripe.com/payments/paymentintents/lifecycle. A hold is proven by
`requires_capture`, never by a checkout's `payment_status`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import stripe

from irve_bridge.domain import facts
from irve_bridge.domain.session import PlanName, Session
from irve_bridge.payments.amounts import minor_amount
from irve_bridge.payments.client import id_of


def moment(timestamp: int) -> datetime:
    """Return a Stripe timestamp as a moment."""
    return datetime.fromtimestamp(timestamp, UTC)


def from_checkout(
    session: Session, checkout: stripe.checkout.Session, at: datetime
) -> Iterator[facts.SessionFact]:
    """Yield what a Checkout Session with expanded intents proves; nothing while it is open."""
    if checkout.status == "expired":
        yield facts.CheckoutExpired(session_id=session.id, at=at)
    if checkout.status != "complete":
        return
    details = checkout.customer_details
    email = details.email if details else None
    if isinstance(checkout.payment_intent, stripe.PaymentIntent):
        yield from from_payment(session, checkout.payment_intent, at, email)
    if isinstance(checkout.setup_intent, stripe.SetupIntent):
        yield from from_setup(session, checkout.setup_intent, at, email)


def from_setup(
    session: Session, setup: stripe.SetupIntent, at: datetime, email: str | None = None
) -> Iterator[facts.SessionFact]:
    """Yield what a SetupIntent proves; nothing while the driver still authenticates."""
    if setup.status == "succeeded":
        yield facts.PaymentSecured(
            session_id=session.id,
            at=at,
            setup_intent_id=setup.id,
            payment_method_id=id_of(setup.payment_method),
            email=email,
        )
    elif setup.status == "canceled":
        yield facts.CheckoutExpired(session_id=session.id, at=at)
    elif setup.last_setup_error is not None or setup.status == "requires_payment_method":
        error = setup.last_setup_error
        code = (error and (error.decline_code or error.code)) or "card_declined"
        message = (error and error.message) or ""
        yield facts.CheckoutRefused(session_id=session.id, at=at, code=code, message=message)


def from_payment(
    session: Session, payment: stripe.PaymentIntent, at: datetime, email: str | None = None
) -> Iterator[facts.SessionFact]:
    """Yield what a PaymentIntent with its charge expanded proves in the session's plan."""
    match session.plan, payment.status:
        case PlanName.FIXED, "succeeded":
            yield _secured(session, payment, payment.amount_received, at, email)
        case PlanName.ESTIMATED, "requires_capture":
            yield _secured(session, payment, payment.amount_capturable, at, email)
        case ((PlanName.ESTIMATED | PlanName.DYNAMIC), "succeeded"):
            yield facts.PaymentSucceeded(
                session_id=session.id,
                at=at,
                payment_intent_id=payment.id,
                amount_minor=minor_amount(session.currency, payment.amount_received),
            )
        case PlanName.ESTIMATED, "canceled" if session.secured_at is None:
            yield facts.CheckoutExpired(session_id=session.id, at=at)
        case PlanName.ESTIMATED, "canceled":
            yield facts.HoldReleased(session_id=session.id, at=at, payment_intent_id=payment.id)
        case PlanName.DYNAMIC, _ if code := _declined(payment):
            error = payment.last_payment_error
            message = (error.message if error else None) or ""
            yield facts.PaymentDeclined(session_id=session.id, at=at, code=code, message=message)


def _secured(
    session: Session,
    payment: stripe.PaymentIntent,
    amount_wire: int,
    at: datetime,
    email: str | None,
) -> facts.PaymentSecured:
    return facts.PaymentSecured(
        session_id=session.id,
        at=at,
        secured_minor=minor_amount(session.currency, amount_wire),
        payment_intent_id=payment.id,
        capture_before=_capture_before(payment),
        email=email,
    )


def _capture_before(payment: stripe.PaymentIntent) -> datetime | None:
    charge = payment.latest_charge
    if payment.status != "requires_capture" or not isinstance(charge, stripe.Charge):
        return None
    card = charge.payment_method_details and charge.payment_method_details.card
    until = getattr(card, "capture_before", None)
    return moment(until) if until else None


def _declined(payment: stripe.PaymentIntent) -> str | None:
    """Return why an off-session payment will not happen; None while it may."""
    if payment.status == "canceled":
        return "canceled"
    if payment.status == "requires_action":
        return "authentication_required"
    error = payment.last_payment_error
    if payment.status != "requires_payment_method" or error is None:
        return None
    if error.code == "authentication_required":
        return error.code
    return error.decline_code or error.code or "card_declined"


def from_refund(
    session: Session, refund: stripe.Refund, at: datetime
) -> Iterator[facts.SessionFact]:
    """Yield how a refund ended; nothing while it is under way (https://docs.stripe.com/refunds)."""
    if refund.status == "succeeded":
        yield facts.Refunded(
            session_id=session.id,
            at=at,
            refund_id=refund.id,
            amount_minor=minor_amount(session.currency, refund.amount),
        )
    elif refund.status in ("failed", "canceled"):
        code = getattr(refund, "failure_reason", None) or f"refund_{refund.status}"
        yield facts.RefundFailed(session_id=session.id, at=at, refund_id=refund.id, code=code)
