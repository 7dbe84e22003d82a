"""A hold that grows while the charge runs, where its charge says that it may."""

from irve_bridge.domain import facts
from irve_bridge.domain.errors import Conflict, UnknownThing
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.handle import Work


def most_minor(session: Session, bound_minor: int) -> int:
    """Return how far a session's hold may grow, by over-capture or by incrementing it.

    Nothing is assumed: the charge itself said what is available
    (https://docs.stripe.com/payments/overcapture, /incremental-authorization).
    """
    secured_minor = session.secured_minor or 0
    if session.plan is not PlanName.ESTIMATED or session.state is not State.CHARGING:
        return secured_minor
    reachable_minor = bound_minor if session.incremental else session.overcapture_minor or 0
    return max(secured_minor, min(reachable_minor, bound_minor))


def extend(work: Work, fact: facts.MoreAsked) -> Session:
    """Raise the hold to what its driver agrees to; over-capture needs nobody to be asked.

    Raises:
        UnknownThing: There is no such session.
        Conflict: The hold cannot grow, or not to this amount.
    """
    session = work.tx.sessions.get(fact.session_id)
    if session is None:
        raise UnknownThing("There is no session of this id.", "unknown_session")
    secured_minor = session.secured_minor or 0
    reachable_minor = most_minor(session, work.policy.bounds(session.currency).fixed_most_minor)
    if not secured_minor < fact.amount_minor <= reachable_minor:
        raise Conflict("This payment cannot be extended to that amount.")
    if fact.amount_minor <= (session.overcapture_minor or 0) and session.payment_intent_id:
        granted = facts.HoldExtended(
            at=fact.at,
            session_id=session.id,
            payment_intent_id=session.payment_intent_id,
            secured_minor=fact.amount_minor,
        )
        return work.advance(session, granted)
    if work.tx.intents.pending(session.id, Kind.INCREMENT_HOLD):
        raise Conflict("The bank is being asked already: wait for its answer.")
    return work.advance(session, fact)
