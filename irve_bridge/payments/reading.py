"""Stripe objects → facts. The session's plan decides what a payment in some state proves.

Payments: https://docs.stripe.com/payments/paymentintents/lifecycle. A hold is proven by
`requires_capture`, never by a checkout's `payment_status`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

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
        yield facts.CheckoutExpired(session_id=session.id, at=at, checkout_id=checkout.id)
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
            card_fingerprint=_kept_fingerprint(setup.payment_method),
            email=email,
        )
    elif setup.status == "canceled":
        yield facts.CheckoutExpired(session_id=session.id, at=at)
    elif setup.last_setup_error is not None or setup.status == "requires_payment_method":
        yield facts.CheckoutRefused(
            session_id=session.id,
            at=at,
            code=_refused_for(setup.last_setup_error),
            message=_message(setup.last_setup_error),
        )


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
        case PlanName.DYNAMIC, "canceled":
            yield facts.ChargeCanceled(session_id=session.id, at=at, payment_intent_id=payment.id)
        case PlanName.DYNAMIC, _ if code := _declined(payment):
            yield facts.PaymentDeclined(
                session_id=session.id,
                at=at,
                code=code,
                message=_message(payment.last_payment_error),
                payment_intent_id=payment.id,
            )


def _secured(
    session: Session,
    payment: stripe.PaymentIntent,
    amount_wire: int,
    at: datetime,
    email: str | None,
) -> facts.PaymentSecured:
    card = _card(payment)
    held = payment.status == "requires_capture"
    until = getattr(card, "capture_before", None)
    return facts.PaymentSecured(
        session_id=session.id,
        at=at,
        secured_minor=minor_amount(session.currency, amount_wire),
        payment_intent_id=payment.id,
        capture_before=moment(until) if held and until else None,
        incremental=held and _available(card, "incremental_authorization"),
        overcapture_minor=_overcapture(session, card) if held else None,
        card_fingerprint=getattr(card, "fingerprint", None),
        email=email,
    )


def _card(payment: stripe.PaymentIntent) -> Any:
    """Return the charge's card; typed Any: the SDK does not know all of its newer fields."""
    charge = payment.latest_charge
    if not isinstance(charge, stripe.Charge) or charge.payment_method_details is None:
        return None
    return charge.payment_method_details.card


def _available(card: Any, feature: str) -> bool:
    """What a hold may do is never assumed: the charge says it (https://docs.stripe.com/api/charges)."""
    return getattr(getattr(card, feature, None), "status", None) == "available"


def _overcapture(session: Session, card: Any) -> int | None:
    if not _available(card, "overcapture"):
        return None
    return minor_amount(session.currency, card.overcapture.maximum_amount_capturable)


def _kept_fingerprint(card: Any) -> str | None:
    return getattr(getattr(card, "card", None), "fingerprint", None)


def from_extended(
    session: Session, payment: stripe.PaymentIntent, at: datetime
) -> facts.HoldExtended:
    """Return what a hold that was incremented secures."""
    return facts.HoldExtended(
        session_id=session.id,
        at=at,
        payment_intent_id=payment.id,
        secured_minor=minor_amount(session.currency, payment.amount_capturable),
    )


def _declined(payment: stripe.PaymentIntent) -> str | None:
    """Return why an off-session payment will not happen; None while it may."""
    if payment.status == "requires_action":
        return "authentication_required"
    error = payment.last_payment_error
    if payment.status != "requires_payment_method" or error is None:
        return None
    return _refused_for(error)


def _refused_for(error: Any) -> str:
    """Return why a card was refused; an error has only the fields that say something.

    Its decline code tells more than its code, but not that the cardholder must authenticate.
    """
    code = getattr(error, "code", None)
    if code == "authentication_required":
        return "authentication_required"
    return getattr(error, "decline_code", None) or code or "card_declined"


def _message(error: Any) -> str:
    return getattr(error, "message", None) or ""


def from_refund(
    session: Session, refund: stripe.Refund, at: datetime
) -> Iterator[facts.SessionFact]:
    """Yield how a refund ended; nothing while it is under way (https://docs.stripe.com/refunds)."""
    told: Any = {
        "session_id": session.id,
        "at": at,
        "refund_id": refund.id,
        "payment_intent_id": id_of(refund.payment_intent) or "",
        "amount_minor": minor_amount(session.currency, refund.amount),
    }
    if refund.status == "succeeded":
        yield facts.Refunded(**told)
    elif refund.status in ("failed", "canceled"):
        code = getattr(refund, "failure_reason", None) or f"refund_{refund.status}"
        yield facts.RefundFailed(**told, code=code)


def from_dispute(session: Session, dispute: stripe.Dispute, at: datetime) -> facts.DisputeChanged:
    """Return how a dispute stands (https://docs.stripe.com/api/disputes)."""
    return facts.DisputeChanged(
        session_id=session.id,
        at=at,
        dispute_id=dispute.id,
        payment_intent_id=id_of(dispute.payment_intent) or "",
        status=dispute.status,
        reason=dispute.reason,
        amount_minor=minor_amount(session.currency, dispute.amount),
    )
