"""Which movement of money a fact proves."""

from collections.abc import Iterator

from irve_bridge.domain import facts
from irve_bridge.domain.session import PlanName, Session
from irve_bridge.service.ports import Movement


def movements(session: Session, fact: facts.SessionFact) -> Iterator[Movement]:
    """Yield what this fact proves to have moved, for the session as it stood before it."""
    match fact:
        case facts.PaymentSecured(payment_intent_id=str(intent_id), secured_minor=int(amount)):
            kind = "charge" if session.plan is PlanName.FIXED else "hold"
            yield _movement(session, fact, kind, intent_id, amount)
        case facts.PaymentSucceeded() if session.plan is PlanName.ESTIMATED:
            yield _movement(session, fact, "capture", fact.payment_intent_id, fact.amount_minor)
            if rest_minor := (session.secured_minor or 0) - fact.amount_minor:
                yield _movement(session, fact, "release", fact.payment_intent_id, rest_minor)
        case facts.PaymentSucceeded():
            yield _movement(session, fact, "charge", fact.payment_intent_id, fact.amount_minor)
        case facts.HoldReleased() if session.secured_minor:
            yield _movement(session, fact, "release", fact.payment_intent_id, session.secured_minor)
        case facts.Refunded():
            yield _movement(session, fact, "refund", fact.refund_id, fact.amount_minor)


def _movement(
    session: Session, fact: facts.SessionFact, kind: str, provider_id: str, amount_minor: int
) -> Movement:
    return Movement(
        session_id=session.id,
        kind=kind,
        amount_minor=amount_minor,
        currency=session.currency,
        provider=session.provider,
        account=session.account,
        provider_id=provider_id,
        at=fact.at,
    )
