"""What a fact brings, written down in its session; the state stays. Pure."""

from dataclasses import replace
from datetime import datetime

from irve_bridge.domain import facts
from irve_bridge.domain.classify import bounded, classify, is_extra, owed_minor, trusted_minor
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.session import Delivery, MeteredBy, Session, State

_STOPPED_AT = {State.OPEN: "given_up", State.SECURED: "stopped_early"}
_OUTCOMES: dict[type[facts.SessionFact], str] = {
    facts.CheckoutExpired: "checkout_expired",
    facts.GivenUp: "given_up",
    facts.StartRefused: "start_refused",
    facts.NoStart: "no_start",
    facts.EndOverdue: "end_overdue",
    facts.HoldReleased: "hold_gone",
    facts.ChargeCanceled: "charge_canceled",
    facts.DebtTermPassed: "written_off",
}


def evolve(session: Session, fact: facts.SessionFact) -> Session:
    """Return the session with what the fact brings written down."""
    if session.state is State.DUE and isinstance(fact, _CHECKOUT_OVER):
        return replace(session, paying_since=None, checkout_url=None)
    if isinstance(fact, facts.HoldReleased | facts.ChargeCanceled):
        return _gone(session, fact)
    match fact:
        case facts.CustomerCreated():
            return replace(session, customer_id=fact.customer_id)
        case facts.CheckoutOpened():
            return replace(
                session,
                checkout_id=fact.checkout_id,
                checkout_url=fact.url,
                checkout_expires_at=fact.expires_at,
                paying_since=session.paying_since or _paying_since(session, fact),
                setup_intent_id=fact.setup_intent_id or session.setup_intent_id,
            )
        case facts.PaymentSecured() if not is_extra(session, fact):
            return _secure(session, fact)
        case facts.StartAccepted():
            return replace(session, delivery=Delivery.ACCEPTED, start_sent_at=fact.at)
        case facts.StartUnconfirmed():
            sent_at = session.start_sent_at or fact.at
            return replace(session, delivery=Delivery.UNKNOWN, start_sent_at=sent_at)
        case facts.StopAsked():
            return replace(
                session,
                stop_cause=session.stop_cause or fact.cause,
                outcome=_STOPPED_AT.get(session.state, session.outcome),
            )
        case facts.ChargingBegan():
            return replace(
                session,
                transaction_id=fact.transaction_id,
                started_at=fact.started_at,
                outcome=None,
            )
        case facts.ChargingEnded() if session.stopped_at is not None:
            return _end_after_all(session, fact, classify(session, fact))
        case facts.ChargingEnded():
            return _end(session, fact)
        case facts.HoldEnding():
            return replace(session, decided_minor=trusted_minor(session), outcome="hold_ending")
        case facts.HoldExtended():
            return replace(session, secured_minor=fact.secured_minor)
        case facts.HoldLimited():
            decided_minor = min(session.decided_minor or 0, fact.secured_minor)
            return replace(session, secured_minor=fact.secured_minor, decided_minor=decided_minor)
        case facts.NoStart() if session.stop_cause:
            return session
        case facts.PersonalDataTermPassed():
            return replace(
                session, email=None, client_id=None, card_fingerprint=None, erased_at=fact.at
            )
        case facts.CustomerTermPassed():
            return replace(session, customer_id=None)
        case facts.CardForgotten() | facts.CustomerForgotten():
            return replace(session, payment_method_id=None)
        case facts.DisputeChanged():
            return replace(session, dispute=fact.status)
    return _money(session, fact)


_CHECKOUT_OVER = facts.CheckoutExpired | facts.CheckoutRefused


def _money(session: Session, fact: facts.SessionFact) -> Session:
    match fact:
        case facts.ReviewDecided():
            decided_minor = bounded(session, fact.amount_minor)
            outcome = session.outcome if session.state is State.DUE else "reviewed"
            return replace(session, decided_minor=decided_minor, outcome=outcome)
        case facts.ChargeCreated() if classify(session, fact) is Event.CHARGE_IN_VAIN:
            return session
        case facts.ChargeCreated():
            return replace(session, payment_intent_id=fact.payment_intent_id)
        case facts.PaymentSucceeded() if not is_extra(session, fact):
            return _proven(session, fact)
        case facts.Refunded():
            return _refunded(session, fact)
        case facts.PaymentDeclined() | facts.CheckoutRefused() | facts.SettlementRefused():
            return replace(session, outcome=fact.code)
        case facts.RefundFailed():
            return _refund_failed(session, fact)
        case facts.ExtensionRefused():
            return replace(session, incremental=False)
        case facts.PayAsked():
            return replace(
                session,
                paying_since=fact.at,
                checkout_id=None,
                checkout_url=None,
                checkout_expires_at=None,
            )
        case facts.RetryDue():
            tries = max(session.charge_tries + 1, fact.tries)
            return replace(session, charge_tries=tries)
        case facts.RefundAsked():
            left_minor = (session.decided_minor or 0) - fact.amount_minor
            return replace(session, decided_minor=left_minor, refund_tries=0)
    outcome = _OUTCOMES.get(type(fact))
    return replace(session, outcome=outcome) if outcome else session


def _paying_since(session: Session, fact: facts.CheckoutOpened) -> datetime | None:
    """Whoever can pay what is due is paying it: nothing else may charge it meanwhile."""
    return fact.at if session.state is State.DUE else None


def _secure(session: Session, fact: facts.PaymentSecured) -> Session:
    return replace(
        session,
        secured_at=fact.at,
        started_at=fact.at if session.metered_by is MeteredBy.CSMS else None,
        secured_minor=session.amount_minor if fact.secured_minor is None else fact.secured_minor,
        setup_intent_id=fact.setup_intent_id or session.setup_intent_id,
        payment_method_id=fact.payment_method_id or session.payment_method_id,
        payment_intent_id=fact.payment_intent_id or session.payment_intent_id,
        capture_before=fact.capture_before,
        incremental=fact.incremental,
        overcapture_minor=fact.overcapture_minor,
        card_fingerprint=fact.card_fingerprint,
        debt_session_id=fact.debt_session_id,
        email=fact.email or session.email,
        outcome=_why_in_vain(session, fact),
    )


def _why_in_vain(session: Session, fact: facts.PaymentSecured) -> str | None:
    """Return what keeps the charge from starting though it is paid for."""
    if fact.connector_lost:
        return "connector_lost"
    if fact.debt_session_id:
        return "card_in_debt"
    return "paid_late" if session.state is State.ABANDONED else session.outcome


def _end(session: Session, fact: facts.ChargingEnded) -> Session:
    decided = None if fact.doubt else owed_minor(session, fact)
    return replace(
        _ended(session, fact),
        end_presumed=fact.presumed,
        decided_minor=decided,
        outcome=fact.doubt or (None if decided else _why_nothing(fact)),
    )


def _end_after_all(session: Session, fact: facts.ChargingEnded, event: Event) -> Session:
    """The stop takes the presumed end's place if it says less, and is known to have come if not.

    What a person must decide stays undecided.
    """
    session = replace(session, end_presumed=False)
    if event is Event.NO_LESS:
        return session
    decided = None if session.decided_minor is None else owed_minor(session, fact)
    nothing = session.state is State.SETTLING and not decided
    return replace(
        _ended(session, fact),
        end_corrected=True,
        decided_minor=decided,
        outcome=_why_nothing(fact) if nothing else session.outcome,
    )


def _ended(session: Session, fact: facts.ChargingEnded) -> Session:
    return replace(
        session,
        stopped_at=fact.stopped_at,
        stop_reason=fact.reason,
        energy_wh=fact.energy_wh,
        cost=fact.cost,
    )


def _why_nothing(fact: facts.ChargingEnded) -> str:
    if fact.energy_wh == 0:
        return "nothing_told" if fact.presumed else "nothing_used"
    return "below_least"


def _gone(session: Session, fact: facts.HoldReleased | facts.ChargeCanceled) -> Session:
    """A payment that is no more can be paid no more: the next one is another."""
    if session.state is State.RELEASING:
        return session
    outcome = session.outcome if session.state is State.DUE else _OUTCOMES[type(fact)]
    own = session.payment_intent_id
    unpaid = session.state in (State.SETTLING, State.DUE)
    return replace(session, outcome=outcome, payment_intent_id=None if unpaid else own)


def _proven(session: Session, fact: facts.PaymentSucceeded) -> Session:
    otherwise = classify(session, fact) is Event.PAID_OTHERWISE
    released = session.outcome if session.state in (State.RELEASING, State.RELEASED) else None
    return replace(
        session,
        payment_intent_id=fact.payment_intent_id,
        paying_since=session.paying_since if otherwise else None,
        outcome="paid_otherwise" if otherwise else released,
    )


def _refunded(session: Session, fact: facts.Refunded) -> Session:
    """What the operator gave back by hand lowers what is owed: it cannot be taken again."""
    match classify(session, fact), session.state:
        case Event.PAID_OTHERWISE, _:
            return replace(session, outcome="paid_otherwise")
        case _, State.SETTLED:
            decided_minor = min(session.decided_minor or 0, session.paid_minor)
            return replace(session, decided_minor=decided_minor, outcome=None)
        case _, State.SECURED | State.CHARGING | State.STOPPING:
            return replace(session, secured_minor=session.paid_minor)
        case _, State.SETTLING:
            return replace(session, outcome=None)
    return session


def _refund_failed(session: Session, fact: facts.RefundFailed) -> Session:
    """That a second payment does not go back says nothing of the session before it is given up.

    Nor of what is due: why it is decides whether its card may be charged again.
    """
    second = is_extra(session, fact)
    silent = (second and fact.again) or session.state is State.DUE
    outcome = session.outcome if silent else fact.code
    tries = session.refund_tries if second else session.refund_tries + 1
    return replace(session, outcome=outcome, refund_tries=tries)
