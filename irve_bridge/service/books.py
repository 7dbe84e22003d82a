"""Which movement of money a fact proves."""

from collections.abc import Iterable, Iterator

from irve_bridge.domain import facts
from irve_bridge.domain.session import PlanName, Session
from irve_bridge.service.ports import KEPT, Movement, moved_minor


def movements(session: Session, fact: facts.SessionFact) -> Iterator[Movement]:
    """Yield what this fact proves to have moved, for the session as it stood before it."""
    match fact:
        case facts.PaymentSecured(payment_intent_id=str(intent_id), secured_minor=int(amount)):
            kind = "charge" if session.plan is PlanName.FIXED else "hold"
            yield _movement(session, fact, kind, intent_id, intent_id, amount)
        case facts.HoldExtended(payment_intent_id=intent_id, secured_minor=amount):
            more_minor = amount - (session.secured_minor or 0)
            yield _movement(session, fact, "hold", f"{intent_id}:{amount}", intent_id, more_minor)
        case facts.PaymentSucceeded(payment_intent_id=intent_id, amount_minor=amount):
            yield from _taken(session, fact, intent_id, amount)
        case facts.HoldReleased(payment_intent_id=intent_id):
            yield _released(session, fact, intent_id)
        case facts.Refunded(refund_id=refund_id, payment_intent_id=intent_id):
            yield _movement(session, fact, "refund", refund_id, intent_id, fact.amount_minor)
        case facts.RefundFailed(refund_id=refund_id, payment_intent_id=intent_id) if refund_id:
            amount = fact.amount_minor
            yield _movement(session, fact, "refund_returned", refund_id, intent_id, amount)
        case facts.DisputeChanged(dispute_id=dispute_id, payment_intent_id=intent_id):
            kind = f"dispute_{fact.status}" if fact.closed else "dispute"
            yield _movement(session, fact, kind, dispute_id, intent_id, fact.amount_minor)


def left_minor(found: Iterable[Movement], payment_intent_id: str | None) -> int:
    """Return what of one payment was taken and not given back."""
    return moved_minor((each for each in found if each.payment_id == payment_intent_id), KEPT)


def _taken(
    session: Session, fact: facts.SessionFact, intent_id: str, amount_minor: int
) -> Iterator[Movement]:
    """A payment is the capture of the session's hold, or a charge: a debt paid anew is one."""
    held = session.plan is PlanName.ESTIMATED and session.payment_intent_id == intent_id
    kind = "capture" if held else "charge"
    yield _movement(session, fact, kind, intent_id, intent_id, amount_minor)
    if held:
        yield _released(session, fact, intent_id)


def _released(session: Session, fact: facts.SessionFact, intent_id: str) -> Movement:
    """How much it is depends on what the books say was held."""
    return _movement(session, fact, "release", intent_id, intent_id, session.secured_minor or 0)


def _movement(
    session: Session,
    fact: facts.SessionFact,
    kind: str,
    provider_id: str,
    payment_id: str,
    amount_minor: int,
) -> Movement:
    return Movement(
        session_id=session.id,
        kind=kind,
        amount_minor=amount_minor,
        currency=session.currency,
        provider=session.provider,
        account=session.account,
        provider_id=provider_id,
        payment_id=payment_id,
        at=fact.at,
    )
