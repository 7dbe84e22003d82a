"""The way of a session: one table of state and event, and nothing else that changes a state.

`classify` turns a fact into an event of the table, so that the table needs no conditions.
A pair that stands in no row is in `LATE`: a fact that comes late, twice or in vain, and changes
nothing. A test holds that every pair stands in exactly one of the two.
"""

from dataclasses import dataclass
from enum import StrEnum

from irve_bridge.domain import facts
from irve_bridge.domain.errors import Bug
from irve_bridge.domain.intents import Do
from irve_bridge.domain.plans import PLANS
from irve_bridge.domain.session import Delivery, MeteredBy, Session, State


class Event(StrEnum):
    """A fact as the table sees it."""

    CUSTOMER_CREATED = "customer created"
    CHECKOUT_OPENED = "checkout opened"
    CHECKOUT_OVERDUE = "checkout overdue"
    CHECKOUT_ENDED = "checkout expired or refused"
    GIVEN_UP = "given up by the driver"
    SECURED = "payment secured"
    SECURED_FOR_CSMS = "payment secured, the CSMS meters"
    SECURED_IN_VAIN = "payment secured, connector lost"
    START_SENT = "start accepted or unconfirmed"
    START_REFUSED = "start refused on proof"
    PLUGGED = "cable plugged in"
    NO_START = "start deadline passed"
    STARTED = "transaction started"
    STARTED_TO_STOP = "transaction started, stop already asked"
    STOP_ASKED = "stop asked"
    STOP_ASKED_OF_CSMS = "stop asked, the CSMS meters"
    STOP_BEFORE_START = "stop asked before any start was sent"
    BILLABLE = "stopped, billable"
    UNBILLABLE = "stopped, nothing to bill"
    SUSPECT = "stopped, readings not to be trusted"
    END_OVERDUE = "end never reported"
    CHARGE_CREATED = "charge created"
    PAID = "paid"
    PAID_OTHERWISE = "paid or refunded another amount"
    DECLINED = "declined"
    HOLD_GONE = "hold gone"
    RELEASED = "released"
    REFUND_FAILED = "refund failed for good"
    FORGIVEN = "decided: nothing more is due"


@dataclass(frozen=True, slots=True)
class Row:
    """Where to go, what to have done, and what to tell the CSMS and the driver."""

    state: State
    do: tuple[Do, ...] = ()
    tell: tuple[str, ...] = ()


S, E = State, Event
STOPPED = ("charging_stopped",)

TABLE: dict[tuple[State, Event], Row] = {
    (S.OPEN, E.CUSTOMER_CREATED): Row(S.OPEN, (Do.SECURE,)),
    (S.OPEN, E.CHECKOUT_OPENED): Row(S.OPEN),
    (S.OPEN, E.CHECKOUT_OVERDUE): Row(S.OPEN, (Do.CLOSE,)),
    (S.OPEN, E.CHECKOUT_ENDED): Row(S.ABANDONED, tell=("session_abandoned",)),
    (S.OPEN, E.GIVEN_UP): Row(S.ABANDONED, (Do.CLOSE,), ("session_abandoned",)),
    (S.OPEN, E.STOP_ASKED): Row(S.ABANDONED, (Do.CLOSE,), ("session_abandoned",)),
    (S.OPEN, E.SECURED): Row(S.SECURED, (Do.START,), ("session_completed",)),
    (S.OPEN, E.SECURED_FOR_CSMS): Row(S.CHARGING, (), ("session_completed", "charging_started")),
    (S.OPEN, E.SECURED_IN_VAIN): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.ABANDONED, E.CHECKOUT_OPENED): Row(S.ABANDONED, (Do.CLOSE,)),
    (S.ABANDONED, E.SECURED): Row(S.RELEASING, (Do.RELEASE,)),
    (S.ABANDONED, E.SECURED_FOR_CSMS): Row(S.RELEASING, (Do.RELEASE,)),
    (S.ABANDONED, E.SECURED_IN_VAIN): Row(S.RELEASING, (Do.RELEASE,)),
    (S.SECURED, E.START_SENT): Row(S.SECURED),
    (S.SECURED, E.PLUGGED): Row(S.SECURED, (Do.START,)),
    (S.SECURED, E.STOP_ASKED): Row(S.SECURED),
    (S.SECURED, E.START_REFUSED): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.SECURED, E.NO_START): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.SECURED, E.HOLD_GONE): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.SECURED, E.STOP_BEFORE_START): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.SECURED, E.SUSPECT): Row(S.REVIEW, (), ("review_needed",)),
    (S.SECURED, E.STARTED): Row(S.CHARGING, (), ("charging_started",)),
    (S.SECURED, E.STARTED_TO_STOP): Row(S.STOPPING, (Do.STOP,), ("charging_started",)),
    (S.CHARGING, E.STOP_ASKED): Row(S.STOPPING, (Do.STOP,), ("stop_requested",)),
    (S.CHARGING, E.STOP_ASKED_OF_CSMS): Row(S.CHARGING, (), ("stop_requested",)),
    (S.CHARGING, E.HOLD_GONE): Row(S.STOPPING, (Do.STOP,), ("stop_requested",)),
    (S.CHARGING, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,), STOPPED),
    (S.CHARGING, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,), STOPPED),
    (S.CHARGING, E.SUSPECT): Row(S.REVIEW, (), (*STOPPED, "review_needed")),
    (S.CHARGING, E.END_OVERDUE): Row(S.REVIEW, (), ("review_needed",)),
    (S.STOPPING, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,), STOPPED),
    (S.STOPPING, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,), STOPPED),
    (S.STOPPING, E.SUSPECT): Row(S.REVIEW, (), (*STOPPED, "review_needed")),
    (S.SETTLING, E.CHARGE_CREATED): Row(S.SETTLING, (Do.CONFIRM,)),
    (S.SETTLING, E.PAID): Row(S.SETTLED, (), ("payment_succeeded",)),
    (S.SETTLING, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.SETTLING, E.DECLINED): Row(S.DUE, (), ("charge_failed",)),
    (S.SETTLING, E.HOLD_GONE): Row(S.DUE, (), ("charge_failed",)),
    (S.SETTLING, E.REFUND_FAILED): Row(S.REVIEW, (), ("review_needed",)),
    (S.RELEASING, E.RELEASED): Row(S.RELEASED, (), ("payment_released",)),
    (S.RELEASING, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.RELEASING, E.REFUND_FAILED): Row(S.REVIEW, (), ("review_needed",)),
    (S.REVIEW, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,)),
    (S.REVIEW, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,)),
    (S.DUE, E.PAID): Row(S.SETTLED, (), ("payment_succeeded",)),
    (S.DUE, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.DUE, E.FORGIVEN): Row(S.WRITTEN_OFF),
    (S.WRITTEN_OFF, E.PAID): Row(S.SETTLED, (), ("payment_succeeded",)),
}

_CHECKOUT = frozenset(
    {E.CUSTOMER_CREATED, E.CHECKOUT_OPENED, E.CHECKOUT_OVERDUE, E.CHECKOUT_ENDED, E.GIVEN_UP}
)
_SECURED = frozenset({E.SECURED, E.SECURED_FOR_CSMS, E.SECURED_IN_VAIN})
_START = frozenset(
    {E.START_SENT, E.START_REFUSED, E.PLUGGED, E.NO_START, E.STARTED, E.STARTED_TO_STOP}
)
_STOP = frozenset({E.STOP_ASKED, E.STOP_ASKED_OF_CSMS, E.STOP_BEFORE_START})
_END = frozenset({E.BILLABLE, E.UNBILLABLE, E.SUSPECT, E.END_OVERDUE})
_PROOF = frozenset({E.PAID, E.PAID_OTHERWISE, E.RELEASED, E.REFUND_FAILED})
_FAILURE = frozenset({E.DECLINED, E.HOLD_GONE})
_MONEY = _PROOF | _FAILURE | {E.CHARGE_CREATED, E.FORGIVEN}
_BEFORE = _CHECKOUT | _SECURED
_CHARGE = _START | _STOP | _END

LATE: dict[State, frozenset[Event]] = {
    S.OPEN: _START | _END | _MONEY | {E.STOP_BEFORE_START, E.STOP_ASKED_OF_CSMS},
    S.ABANDONED: _CHECKOUT - {E.CHECKOUT_OPENED} | _CHARGE | _MONEY,
    S.SECURED: _BEFORE | _END - {E.SUSPECT} | _MONEY - {E.HOLD_GONE} | {E.STOP_ASKED_OF_CSMS},
    S.CHARGING: _BEFORE | _START | _MONEY - {E.HOLD_GONE} | {E.STOP_BEFORE_START},
    S.STOPPING: _BEFORE | _START | _STOP | _MONEY | {E.END_OVERDUE},
    S.SETTLING: _BEFORE | _CHARGE | {E.RELEASED, E.FORGIVEN},
    S.RELEASING: _BEFORE | _CHARGE | _FAILURE | {E.PAID, E.CHARGE_CREATED, E.FORGIVEN},
    S.REVIEW: _BEFORE | _START | _STOP | _MONEY | {E.SUSPECT, E.END_OVERDUE},
    S.DUE: _BEFORE | _CHARGE | _FAILURE | {E.CHARGE_CREATED, E.RELEASED, E.REFUND_FAILED},
    S.WRITTEN_OFF: _BEFORE | _CHARGE | _MONEY - {E.PAID},
    S.SETTLED: _BEFORE | _CHARGE | _MONEY,
    S.RELEASED: _BEFORE | _CHARGE | _MONEY,
}
"""What changes nothing: too late, twice, or in vain."""

WANTED: dict[Do, frozenset[State]] = {
    do: frozenset(row.state for row in TABLE.values() if do in row.do) for do in Do
} | {
    Do.CREATE_CUSTOMER: frozenset({S.OPEN}),
    Do.OBSERVE: frozenset(State),
    Do.REFUSE: frozenset(State),
    Do.TELL: frozenset(State),
}
"""The states in which an intent is still worth performing: where the rows asking for it lead."""


def wanted(session: Session, do: Do) -> bool:
    """Return whether an intent is still worth performing; no start once a stop was wished."""
    return session.state in WANTED[do] and not (do is Do.START and session.stop_cause)


def classify(session: Session, fact: facts.SessionFact) -> Event:
    """Return the event of the table that this fact is for this session.

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
        case facts.ReviewDecided():
            return _decided(session, fact)
        case facts.PaymentSucceeded():
            exact = fact.amount_minor == session.decided_minor
            return E.PAID if exact and session.state is not State.RELEASING else E.PAID_OTHERWISE
        case facts.HoldReleased():
            return E.RELEASED if session.state is State.RELEASING else E.HOLD_GONE
        case facts.Refunded():
            return _refunded(session, fact)
    try:
        return _PLAIN[type(fact)]
    except KeyError:
        raise Bug(f"no event for the fact {type(fact).__name__}") from None


_PLAIN: dict[type[facts.SessionFact], Event] = {
    facts.CustomerCreated: E.CUSTOMER_CREATED,
    facts.CheckoutOpened: E.CHECKOUT_OPENED,
    facts.CheckoutOverdue: E.CHECKOUT_OVERDUE,
    facts.CheckoutRefused: E.CHECKOUT_ENDED,
    facts.CheckoutExpired: E.CHECKOUT_ENDED,
    facts.GivenUp: E.GIVEN_UP,
    facts.StartAccepted: E.START_SENT,
    facts.StartUnconfirmed: E.START_SENT,
    facts.CablePlugged: E.PLUGGED,
    facts.NoStart: E.NO_START,
    facts.EndOverdue: E.END_OVERDUE,
    facts.ChargeCreated: E.CHARGE_CREATED,
    facts.PaymentDeclined: E.DECLINED,
    facts.CardForgotten: E.RELEASED,
    facts.RefundFailed: E.REFUND_FAILED,
}


def _secured(session: Session, fact: facts.PaymentSecured) -> Event:
    if fact.connector_lost:
        return E.SECURED_IN_VAIN
    return E.SECURED if session.metered_by is MeteredBy.BRIDGE else E.SECURED_FOR_CSMS


def _stop_asked(session: Session) -> Event:
    if session.state is State.CHARGING and session.metered_by is MeteredBy.CSMS:
        return E.STOP_ASKED_OF_CSMS
    waiting = session.state is State.SECURED and session.delivery is Delivery.NONE
    return E.STOP_BEFORE_START if waiting else E.STOP_ASKED


def _refunded(session: Session, fact: facts.Refunded) -> Event:
    """A refund proves what was wanted only if it leaves exactly what is owed."""
    secured_minor = session.secured_minor or 0
    if session.state is State.RELEASING:
        return E.RELEASED if fact.amount_minor == secured_minor else E.PAID_OTHERWISE
    left_minor = secured_minor - fact.amount_minor
    return E.PAID if left_minor == session.decided_minor else E.PAID_OTHERWISE


def _ended(session: Session, fact: facts.ChargingEnded) -> Event:
    if fact.doubt is not None:
        return E.SUSPECT
    return E.BILLABLE if owed_minor(session, fact) else E.UNBILLABLE


def _decided(session: Session, fact: facts.ReviewDecided) -> Event:
    if session.state is State.DUE and fact.amount_minor == 0:
        return E.FORGIVEN
    return E.BILLABLE if _bounded(session, fact.amount_minor) else E.UNBILLABLE


def owed_minor(session: Session, fact: facts.ChargingEnded) -> int:
    """Return what the driver owes for a finished charge; without energy there is no bill."""
    return 0 if fact.energy_wh == 0 else _bounded(session, fact.cost.gross_minor)


def _bounded(session: Session, cost_minor: int) -> int:
    """Nothing can be owed before anything was secured."""
    if session.secured_minor is None:
        return 0
    return PLANS[session.plan].decide(session, cost_minor)
