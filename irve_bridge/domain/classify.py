"""A fact about a session → the event of the table that it is for this session. Pure."""

from irve_bridge.domain import facts
from irve_bridge.domain.debts import ITS_HOLDERS
from irve_bridge.domain.errors import Bug
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.plans import PLANS, keepable
from irve_bridge.domain.session import Delivery, MeteredBy, PlanName, Session, State

E, S = Event, State
_UNPAID = frozenset({S.OPEN, S.ABANDONED, S.SETTLING, S.DUE, S.WRITTEN_OFF, S.REVIEW})
"""Where a first payment may yet become the session's own."""


def classify(session: Session, fact: facts.SessionFact) -> Event:
    """Return the event of the table that this fact is for this session.

    `session.paid_minor` counts what the fact itself proves already.

    Raises:
        Bug: A fact nobody taught the table.
    """
    match fact:
        case facts.PaymentSecured():
            return _secured(session, fact)
        case facts.StopAsked():
            return _stop_asked(session)
        case facts.ChargingBegan():
            return E.STARTED if session.stop_cause is None else E.STARTED_TO_STOP
        case facts.StartRefused():
            return E.START_REFUSED if session.delivery is Delivery.NONE else E.START_SENT
        case facts.ChargingEnded():
            return _ended(session, fact)
        case facts.HoldEnding():
            return E.BILLABLE if trusted_minor(session) else E.UNBILLABLE
        case facts.ReviewDecided():
            return _decided(session, fact)
        case facts.PaymentSucceeded():
            return _succeeded(session, fact)
        case facts.PaymentDeclined():
            return _declined(session, fact)
        case facts.HoldReleased() | facts.ChargeCanceled():
            return _gone(session, fact.payment_intent_id)
        case facts.CardForgotten() if session.state is S.RELEASING:
            return E.RELEASED
        case facts.ChargeCreated():
            return _charge_created(session, fact)
        case facts.CheckoutExpired():
            return _checkout_expired(session, fact)
        case facts.PayAsked():
            return E.PAY_ASKED if session.paying_since is None else E.PAYING
        case facts.Refunded():
            return _refunded(session, fact)
        case facts.RefundFailed():
            return _refund_failed(session, fact)
        case facts.DisputeChanged():
            if fact.closed:
                return E.DISPUTE_CLOSED
            return E.DISPUTED if fact.first else E.DISPUTE_MOVED
    try:
        return _PLAIN[type(fact)]
    except KeyError:
        raise Bug(f"no event for the fact {type(fact).__name__}") from None


_PLAIN: dict[type[facts.SessionFact], Event] = {
    facts.CustomerCreated: E.CUSTOMER_CREATED,
    facts.CheckoutOpened: E.CHECKOUT_OPENED,
    facts.CheckoutOverdue: E.CHECKOUT_OVERDUE,
    facts.CheckoutRefused: E.CHECKOUT_ENDED,
    facts.GivenUp: E.GIVEN_UP,
    facts.StartAccepted: E.START_SENT,
    facts.StartUnconfirmed: E.START_SENT,
    facts.CablePlugged: E.PLUGGED,
    facts.NoStart: E.NO_START,
    facts.MoreAsked: E.MORE_ASKED,
    facts.HoldExtended: E.HELD_MORE,
    facts.ExtensionRefused: E.HELD_NO_MORE,
    facts.HoldLimited: E.HELD_LESS,
    facts.EndOverdue: E.END_OVERDUE,
    facts.SettlementRefused: E.REFUSED,
    facts.RetryDue: E.RETRY_DUE,
    facts.DebtTermPassed: E.TERM_PASSED,
    facts.RefundAsked: E.REFUND_ASKED,
    facts.CardForgotten: E.FORGOTTEN,
    facts.CustomerForgotten: E.FORGOTTEN,
    facts.CustomerTermPassed: E.CUSTOMER_TERM,
    facts.PersonalDataTermPassed: E.DATA_TERM,
}


def is_extra(session: Session, fact: facts.PaymentFact) -> bool:
    """Return whether a payment is one beyond the session's own."""
    own = session.payment_intent_id
    if fact.payment_intent_id in (None, own):
        return False
    secured_again = isinstance(fact, facts.PaymentSecured) and session.secured_at is not None
    return fact.beside or secured_again or own is not None or session.state not in _UNPAID


def owed_minor(session: Session, fact: facts.ChargingEnded) -> int:
    """Return what the driver owes for a finished charge; without energy there is no bill."""
    return 0 if fact.energy_wh == 0 else cost_minor(session, fact.cost.gross_minor)


def cost_minor(session: Session, gross_minor: int) -> int:
    """Return what of a cost is owed in this session's plan."""
    if session.keeps_remainder and session.plan is PlanName.FIXED and gross_minor:
        return session.secured_minor or 0
    return bounded(session, gross_minor)


def trusted_minor(session: Session) -> int:
    """Return what is owed for the part of a doubtful charge that nobody doubts."""
    if session.cost is None or session.energy_wh == 0:
        return 0
    return cost_minor(session, session.cost.gross_minor)


def bounded(session: Session, amount_minor: int) -> int:
    """Return what of an amount can be owed: nothing before anything was secured."""
    if session.secured_minor is None:
        return 0
    if session.taken:
        return keepable(session, amount_minor)
    return PLANS[session.plan].bound(session, amount_minor)


def _secured(session: Session, fact: facts.PaymentSecured) -> Event:
    if is_extra(session, fact):
        return E.EXTRA if fact.left_minor else E.KNOWN
    if fact.connector_lost or fact.debt_session_id:
        return E.SECURED_IN_VAIN
    return E.SECURED if session.metered_by is MeteredBy.BRIDGE else E.SECURED_FOR_CSMS


def _stop_asked(session: Session) -> Event:
    if session.state is S.CHARGING and session.metered_by is MeteredBy.CSMS:
        return E.STOP_ASKED_OF_CSMS
    waiting = session.state is S.SECURED and session.delivery is Delivery.NONE
    return E.STOP_BEFORE_START if waiting else E.STOP_ASKED


def _ended(session: Session, fact: facts.ChargingEnded) -> Event:
    if session.stopped_at is not None:
        return _ended_after_all(session, fact)
    if fact.doubt is not None:
        return E.SUSPECT
    return E.BILLABLE if owed_minor(session, fact) else E.UNBILLABLE


def _ended_after_all(session: Session, fact: facts.ChargingEnded) -> Event:
    """A stop that comes after its end was presumed only makes a charge cost less.

    Of one in doubt counts what nobody doubts.
    """
    billed_minor = session.decided_minor
    if billed_minor is None:
        billed_minor = trusted_minor(session)
    owed = owed_minor(session, fact)
    if fact.presumed or not session.end_presumed:
        return E.KNOWN
    if owed >= billed_minor:
        return E.NO_LESS
    return E.LESS if owed else E.NOTHING


def says_more(session: Session, fact: facts.ChargingEnded) -> bool:
    """Return whether a stop tells of more than was billed; more than was secured nobody owes."""
    if session.cost is None or session.secured_minor in {None, session.decided_minor}:
        return False
    most_minor = min(fact.cost.gross_minor, session.secured_minor or 0)
    return most_minor > session.cost.gross_minor


def _decided(session: Session, fact: facts.ReviewDecided) -> Event:
    if session.state is S.DUE:
        if bounded(session, fact.amount_minor) == 0:
            return E.FORGIVEN
        return E.LOWERED
    return E.BILLABLE if bounded(session, fact.amount_minor) else E.UNBILLABLE


def _succeeded(session: Session, fact: facts.PaymentSucceeded) -> Event:
    if is_extra(session, fact):
        return E.EXTRA if fact.left_minor else E.KNOWN
    if session.state is S.RELEASING:
        return _too_much(session)
    if session.paid_minor == session.decided_minor:
        return E.PAID
    return _too_much(session)


def _too_much(session: Session) -> Event:
    """More than is owed was taken before it became less: the rest goes back by itself."""
    lowered = session.end_corrected or session.state in (S.DUE, S.WRITTEN_OFF)
    owed = (session.decided_minor or 0) if session.state is not S.RELEASING else 0
    return E.OVERPAID if lowered and session.paid_minor > owed else E.PAID_OTHERWISE


def _charge_created(session: Session, fact: facts.ChargeCreated) -> Event:
    """One that comes while the driver pays, or is of another amount, must not be confirmed.

    The other amount is what was decided before a correction, or before the books were put back.
    """
    exact = fact.amount_minor == session.decided_minor
    if session.state is S.SETTLING and session.payment_intent_id is None:
        return E.CHARGE_CREATED if exact else E.CHARGE_IN_VAIN
    if session.state is S.DUE:
        return E.CHARGE_CREATED if exact and session.paying_since is None else E.CHARGE_IN_VAIN
    return E.CHARGE_CREATED if exact else E.KNOWN


def _checkout_expired(session: Session, fact: facts.CheckoutExpired) -> Event:
    """That an earlier checkout ended says nothing of the one by which the debt is being paid."""
    earlier = fact.checkout_id not in (None, session.checkout_id)
    return E.KNOWN if session.state is S.DUE and earlier else E.CHECKOUT_ENDED


def _declined(session: Session, fact: facts.PaymentDeclined) -> Event:
    """What befalls another payment, as at a checkout where the driver tries again, is no news.

    Nor is that the bank asks once more for a holder who did not convince it.
    """
    others = fact.payment_intent_id not in (None, session.payment_intent_id)
    asked_again = session.outcome in ITS_HOLDERS and fact.code == "authentication_required"
    told = session.state is S.DUE and (session.outcome == fact.code or asked_again)
    return E.KNOWN if others or told else E.DECLINED


def _gone(session: Session, payment_intent_id: str) -> Event:
    """Whose charge the CSMS meters is stopped by the CSMS, which is told once."""
    if payment_intent_id != session.payment_intent_id:
        return E.KNOWN
    if session.state is S.CHARGING and session.metered_by is MeteredBy.CSMS:
        return E.KNOWN if session.outcome == "hold_gone" else E.STOP_ASKED_OF_CSMS
    return E.RELEASED if session.state is S.RELEASING else E.HOLD_GONE


def _refunded(session: Session, fact: facts.Refunded) -> Event:
    """A refund proves what was wanted only if it leaves exactly what is owed."""
    if is_extra(session, fact):
        return E.KNOWN
    match session.state:
        case S.RELEASING:
            return E.RELEASED if session.paid_minor == 0 else _too_much(session)
        case S.SETTLING:
            return E.PAID if session.paid_minor == session.decided_minor else _too_much(session)
    return E.REFUNDED


def _refund_failed(session: Session, fact: facts.RefundFailed) -> Event:
    """One that failed long ago and was made good since must not be made again."""
    if is_extra(session, fact):
        return _extra_kept(fact)
    owed_minor = 0 if session.state in (S.RELEASING, S.RELEASED) else session.decided_minor or 0
    if session.paid_minor <= owed_minor:
        return E.REFUND_MADE_GOOD
    return E.REFUND_FAILED if fact.again else E.REFUND_LOST


def _extra_kept(fact: facts.RefundFailed) -> Event:
    if fact.left_minor == 0:
        return E.REFUND_MADE_GOOD
    return E.EXTRA if fact.again else E.EXTRA_LOST
