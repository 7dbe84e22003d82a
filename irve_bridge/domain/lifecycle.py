"""The way of a session: one table of state and event, and nothing else that changes a state.

`classify` turns a fact into an event of the table, so that the table needs no conditions.
A pair that stands in no row is in `LATE`: a fact that comes late, twice or in vain, and changes
nothing. A test holds that every pair stands in exactly one of the two.
"""

from dataclasses import dataclass
from enum import StrEnum

from irve_bridge.domain.intents import Do
from irve_bridge.domain.session import Session, State


class Event(StrEnum):
    """A fact as the table sees it."""

    CUSTOMER_CREATED = "customer created"
    CHECKOUT_OPENED = "checkout opened"
    CHECKOUT_OVERDUE = "checkout overdue"
    CHECKOUT_ENDED = "checkout expired or refused"
    GIVEN_UP = "given up by the driver"
    SECURED = "payment secured"
    SECURED_FOR_CSMS = "payment secured, the CSMS meters"
    SECURED_IN_VAIN = "payment secured, connector lost or card in debt"
    START_SENT = "start accepted or unconfirmed"
    START_REFUSED = "start refused on proof"
    PLUGGED = "cable plugged in"
    NO_START = "start deadline passed"
    STARTED = "transaction started"
    STARTED_TO_STOP = "transaction started, stop already asked"
    STOP_ASKED = "stop asked"
    STOP_ASKED_OF_CSMS = "stop asked, the CSMS meters"
    STOP_BEFORE_START = "stop asked before any start was sent"
    MORE_ASKED = "larger hold asked"
    HELD_MORE = "hold extended"
    HELD_NO_MORE = "larger hold refused"
    HELD_LESS = "hold covers less than was promised"
    BILLABLE = "stopped, billable"
    UNBILLABLE = "stopped, nothing to bill"
    SUSPECT = "stopped, readings not to be trusted"
    LESS = "stopped after all, less to bill"
    NOTHING = "stopped after all, nothing to bill"
    NO_LESS = "stopped after all, no less to bill"
    END_OVERDUE = "end never reported"
    CHARGE_CREATED = "charge created"
    CHARGE_IN_VAIN = "charge created for another amount, or while the driver pays"
    PAID = "paid"
    OVERPAID = "paid more than is owed by now"
    PAID_OTHERWISE = "paid or refunded another amount"
    DECLINED = "declined"
    REFUSED = "charge or capture refused"
    HOLD_GONE = "hold or charge gone"
    RELEASED = "released"
    FORGOTTEN = "card or customer forgotten"
    PAY_ASKED = "driver pays what is due"
    PAYING = "driver pays what is due, again"
    RETRY_DUE = "time to charge again"
    TERM_PASSED = "debt's term passed"
    LOWERED = "decided: less is due"
    FORGIVEN = "decided: nothing more is due"
    EXTRA = "paid a second time"
    EXTRA_LOST = "second payment cannot be given back"
    KNOWN = "known already, or of another payment"
    REFUND_ASKED = "refund asked by the operator"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund failed"
    REFUND_LOST = "refund failed for good"
    REFUND_MADE_GOOD = "refund failed, made good since"
    DISPUTED = "disputed"
    DISPUTE_MOVED = "dispute goes on"
    DISPUTE_CLOSED = "dispute closed"
    CUSTOMER_TERM = "customer no longer needed"
    DATA_TERM = "personal data to be deleted"


@dataclass(frozen=True, slots=True)
class Row:
    """Where to go, what to have done, and what to tell the CSMS and the driver."""

    state: State
    do: tuple[Do, ...] = ()
    tell: tuple[str, ...] = ()


S, E = State, Event
STOPPED = ("charging_stopped",)
DONE = frozenset({S.SETTLED, S.RELEASED, S.ABANDONED, S.WRITTEN_OFF})
"""Where a session ends; what still moves afterwards is a movement in the books."""
_BACK_AND_FREE = (Do.RELEASE, Do.UNRESERVE)
_PAID_FOR = tuple(state for state in State if state not in (S.OPEN, S.ABANDONED))
_USING = (S.SECURED, S.CHARGING, S.STOPPING)
_GIVING = (S.SETTLED, S.RELEASED)
_AFTER = (S.SETTLING, S.RELEASING, S.REVIEW, S.DUE, S.WRITTEN_OFF, *_GIVING)

TABLE: dict[tuple[State, Event], Row] = {
    (S.OPEN, E.CUSTOMER_CREATED): Row(S.OPEN, (Do.SECURE,)),
    (S.OPEN, E.CHECKOUT_OPENED): Row(S.OPEN),
    (S.OPEN, E.CHECKOUT_OVERDUE): Row(S.OPEN, (Do.CLOSE,)),
    (S.OPEN, E.CHECKOUT_ENDED): Row(S.ABANDONED, tell=("session_abandoned",)),
    (S.OPEN, E.GIVEN_UP): Row(S.ABANDONED, (Do.CLOSE,), ("session_abandoned",)),
    (S.OPEN, E.STOP_ASKED): Row(S.ABANDONED, (Do.CLOSE,), ("session_abandoned",)),
    (S.OPEN, E.SECURED): Row(S.SECURED, (Do.RESERVE, Do.START), ("session_completed",)),
    (S.OPEN, E.SECURED_FOR_CSMS): Row(S.CHARGING, (), ("session_completed", "charging_started")),
    (S.OPEN, E.SECURED_IN_VAIN): Row(S.RELEASING, (Do.RELEASE,), ("charging_refused",)),
    (S.ABANDONED, E.CHECKOUT_OPENED): Row(S.ABANDONED, (Do.CLOSE,)),
    (S.ABANDONED, E.SECURED): Row(S.RELEASING, (Do.RELEASE,)),
    (S.ABANDONED, E.SECURED_FOR_CSMS): Row(S.RELEASING, (Do.RELEASE,)),
    (S.ABANDONED, E.SECURED_IN_VAIN): Row(S.RELEASING, (Do.RELEASE,)),
    (S.SECURED, E.START_SENT): Row(S.SECURED),
    (S.SECURED, E.PLUGGED): Row(S.SECURED, (Do.START,)),
    (S.SECURED, E.STOP_ASKED): Row(S.SECURED),
    (S.SECURED, E.START_REFUSED): Row(S.RELEASING, _BACK_AND_FREE, ("charging_refused",)),
    (S.SECURED, E.NO_START): Row(S.RELEASING, _BACK_AND_FREE, ("charging_refused",)),
    (S.SECURED, E.HOLD_GONE): Row(S.RELEASING, _BACK_AND_FREE, ("charging_refused",)),
    (S.SECURED, E.STOP_BEFORE_START): Row(S.RELEASING, _BACK_AND_FREE, ("charging_refused",)),
    (S.SECURED, E.SUSPECT): Row(S.REVIEW, (), ("review_needed",)),
    (S.SECURED, E.STARTED): Row(S.CHARGING, (), ("charging_started",)),
    (S.SECURED, E.STARTED_TO_STOP): Row(S.STOPPING, (Do.STOP,), ("charging_started",)),
    (S.CHARGING, E.STOP_ASKED): Row(S.STOPPING, (Do.STOP,), ("stop_requested",)),
    (S.CHARGING, E.STOP_ASKED_OF_CSMS): Row(S.CHARGING, (), ("stop_requested",)),
    (S.CHARGING, E.MORE_ASKED): Row(S.CHARGING, (Do.EXTEND,)),
    (S.CHARGING, E.HELD_MORE): Row(S.CHARGING, (), ("payment_extended",)),
    (S.CHARGING, E.HELD_NO_MORE): Row(S.CHARGING),
    (S.CHARGING, E.HOLD_GONE): Row(S.STOPPING, (Do.STOP,), ("stop_requested",)),
    (S.CHARGING, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,), STOPPED),
    (S.CHARGING, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,), STOPPED),
    (S.CHARGING, E.SUSPECT): Row(S.REVIEW, (), (*STOPPED, "review_needed")),
    (S.CHARGING, E.END_OVERDUE): Row(S.REVIEW, (), ("review_needed",)),
    (S.STOPPING, E.HELD_MORE): Row(S.STOPPING, (), ("payment_extended",)),
    (S.STOPPING, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,), STOPPED),
    (S.STOPPING, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,), STOPPED),
    (S.STOPPING, E.SUSPECT): Row(S.REVIEW, (), (*STOPPED, "review_needed")),
    (S.SETTLING, E.LESS): Row(S.SETTLING),
    (S.SETTLING, E.NOTHING): Row(S.RELEASING, (Do.RELEASE,)),
    (S.SETTLING, E.CHARGE_CREATED): Row(S.SETTLING, (Do.CONFIRM,)),
    (S.SETTLING, E.CHARGE_IN_VAIN): Row(S.SETTLING, (Do.VOID, Do.SETTLE)),
    (S.SETTLING, E.HELD_LESS): Row(S.SETTLING, (Do.SETTLE,)),
    (S.SETTLING, E.PAID): Row(S.SETTLED, (Do.RECEIPT, Do.FORGET), ("payment_succeeded",)),
    (S.SETTLING, E.OVERPAID): Row(S.SETTLING, (Do.SETTLE,)),
    (S.SETTLING, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.SETTLING, E.DECLINED): Row(S.DUE, (), ("charge_failed",)),
    (S.SETTLING, E.HOLD_GONE): Row(S.DUE, (), ("charge_failed",)),
    (S.SETTLING, E.REFUSED): Row(S.REVIEW, (), ("review_needed",)),
    (S.SETTLING, E.REFUND_FAILED): Row(S.SETTLING, (Do.SETTLE,)),
    (S.SETTLING, E.REFUND_LOST): Row(S.REVIEW, (), ("review_needed",)),
    (S.RELEASING, E.RELEASED): Row(S.RELEASED, (Do.FORGET,), ("payment_released",)),
    (S.RELEASING, E.OVERPAID): Row(S.RELEASING, (Do.RELEASE,)),
    (S.RELEASING, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.RELEASING, E.REFUND_FAILED): Row(S.RELEASING, (Do.RELEASE,)),
    (S.RELEASING, E.REFUND_LOST): Row(S.REVIEW, (), ("review_needed",)),
    (S.REVIEW, E.BILLABLE): Row(S.SETTLING, (Do.SETTLE,)),
    (S.REVIEW, E.UNBILLABLE): Row(S.RELEASING, (Do.RELEASE,)),
    (S.REVIEW, E.LESS): Row(S.REVIEW),
    (S.REVIEW, E.NOTHING): Row(S.REVIEW),
    (S.DUE, E.PAY_ASKED): Row(S.DUE, (Do.VOID, Do.COLLECT)),
    (S.DUE, E.CHECKOUT_OPENED): Row(S.DUE),
    (S.DUE, E.CHECKOUT_OVERDUE): Row(S.DUE, (Do.CLOSE,)),
    (S.DUE, E.CHECKOUT_ENDED): Row(S.DUE),
    (S.DUE, E.RETRY_DUE): Row(S.DUE, (Do.RECHARGE,)),
    (S.DUE, E.CHARGE_CREATED): Row(S.DUE, (Do.CONFIRM,)),
    (S.DUE, E.CHARGE_IN_VAIN): Row(S.DUE, (Do.VOID,)),
    (S.DUE, E.DECLINED): Row(S.DUE),
    (S.DUE, E.HOLD_GONE): Row(S.DUE),
    (S.DUE, E.LOWERED): Row(S.DUE, (Do.CLOSE, Do.VOID)),
    (S.DUE, E.LESS): Row(S.DUE, (Do.CLOSE, Do.VOID)),
    (S.DUE, E.PAID): Row(S.SETTLED, (Do.FORGET,), ("payment_succeeded",)),
    (S.DUE, E.OVERPAID): Row(S.SETTLING, (Do.CLOSE, Do.SETTLE)),
    (S.DUE, E.PAID_OTHERWISE): Row(S.REVIEW, (Do.CLOSE,), ("review_needed",)),
    (S.DUE, E.FORGIVEN): Row(S.WRITTEN_OFF, (Do.CLOSE, Do.VOID, Do.FORGET), ("debt_written_off",)),
    (S.DUE, E.NOTHING): Row(S.WRITTEN_OFF, (Do.CLOSE, Do.VOID, Do.FORGET), ("debt_written_off",)),
    (S.DUE, E.TERM_PASSED): Row(
        S.WRITTEN_OFF, (Do.CLOSE, Do.VOID, Do.FORGET), ("debt_written_off",)
    ),
    (S.WRITTEN_OFF, E.LESS): Row(S.WRITTEN_OFF),
    (S.WRITTEN_OFF, E.NOTHING): Row(S.WRITTEN_OFF),
    (S.WRITTEN_OFF, E.CHECKOUT_OPENED): Row(S.WRITTEN_OFF, (Do.CLOSE,)),
    (S.WRITTEN_OFF, E.PAID): Row(S.SETTLED, (), ("payment_succeeded",)),
    (S.WRITTEN_OFF, E.OVERPAID): Row(S.SETTLING, (Do.SETTLE,)),
    (S.WRITTEN_OFF, E.PAID_OTHERWISE): Row(S.REVIEW, (), ("review_needed",)),
    (S.SETTLED, E.LESS): Row(S.SETTLED, (Do.RETURN,)),
    (S.SETTLED, E.NOTHING): Row(S.SETTLED, (Do.RETURN,)),
    (S.SETTLED, E.REFUND_ASKED): Row(S.SETTLED, (Do.RETURN,)),
    (S.SETTLED, E.REFUNDED): Row(S.SETTLED, (), ("payment_refunded",)),
    (S.RELEASED, E.OVERPAID): Row(S.RELEASED, (Do.RETURN,)),
}
TABLE |= {(state, E.NO_LESS): Row(state) for state in _AFTER}
TABLE |= {(state, E.REFUNDED): Row(state) for state in _USING}
TABLE |= {(state, E.REFUND_FAILED): Row(state, (Do.RETURN,)) for state in _GIVING}
TABLE |= {(state, E.REFUND_LOST): Row(S.REVIEW, (), ("review_needed",)) for state in _GIVING}
TABLE |= {(state, E.EXTRA): Row(state, (Do.RETURN,)) for state in _PAID_FOR}
TABLE |= {(state, E.EXTRA_LOST): Row(state, (), ("review_needed",)) for state in _PAID_FOR}
TABLE |= {(state, E.DISPUTED): Row(state, (), ("dispute_opened",)) for state in _PAID_FOR}
TABLE |= {(state, E.DISPUTE_MOVED): Row(state) for state in _PAID_FOR}
TABLE |= {(state, E.DISPUTE_CLOSED): Row(state, (), ("dispute_closed",)) for state in _PAID_FOR}
TABLE |= {(state, E.FORGOTTEN): Row(state) for state in DONE}
TABLE |= {(state, E.CUSTOMER_TERM): Row(state, (Do.FORGET_CUSTOMER,)) for state in DONE}
TABLE |= {(state, E.DATA_TERM): Row(state) for state in DONE}

_CHECKOUT = frozenset(
    {E.CUSTOMER_CREATED, E.CHECKOUT_OPENED, E.CHECKOUT_OVERDUE, E.CHECKOUT_ENDED, E.GIVEN_UP}
)
_SECURED = frozenset({E.SECURED, E.SECURED_FOR_CSMS, E.SECURED_IN_VAIN})
_START = frozenset(
    {E.START_SENT, E.START_REFUSED, E.PLUGGED, E.NO_START, E.STARTED, E.STARTED_TO_STOP}
)
_STOP = frozenset({E.STOP_ASKED, E.STOP_ASKED_OF_CSMS, E.STOP_BEFORE_START})
_MORE = frozenset({E.MORE_ASKED, E.HELD_MORE, E.HELD_NO_MORE, E.HELD_LESS})
_LESS = frozenset({E.LESS, E.NOTHING})
_END = frozenset({E.BILLABLE, E.UNBILLABLE, E.SUSPECT, E.END_OVERDUE}) | _LESS
_PROOF = frozenset({E.PAID, E.OVERPAID, E.PAID_OTHERWISE, E.RELEASED})
_FAILURE = frozenset({E.DECLINED, E.REFUSED, E.HOLD_GONE})
_DEBT = frozenset({E.PAY_ASKED, E.PAYING, E.RETRY_DUE, E.TERM_PASSED, E.LOWERED, E.FORGIVEN})
_BACK = frozenset({E.REFUND_ASKED, E.REFUNDED, E.REFUND_FAILED, E.REFUND_LOST, E.REFUND_MADE_GOOD})
_BESIDE = frozenset({E.EXTRA, E.EXTRA_LOST, E.KNOWN, E.DISPUTED}) | {
    E.DISPUTE_MOVED,
    E.DISPUTE_CLOSED,
}
_TERMS = frozenset({E.FORGOTTEN, E.CUSTOMER_TERM, E.DATA_TERM})
_MONEY = _PROOF | _FAILURE | {E.CHARGE_CREATED, E.CHARGE_IN_VAIN}
_BEFORE = _CHECKOUT | _SECURED
_CHARGE = _START | _STOP | _MORE | _END
_DONE = _CHARGE | _MONEY | _DEBT | {E.KNOWN}

LATE: dict[State, frozenset[Event]] = {
    S.OPEN: _START | _MORE | _END | _MONEY | _DEBT | _BACK | _BESIDE | _TERMS
    | {E.STOP_BEFORE_START, E.STOP_ASKED_OF_CSMS},
    S.ABANDONED: _CHECKOUT - {E.CHECKOUT_OPENED} | _CHARGE | _MONEY | _DEBT | _BACK | _BESIDE,
    S.SECURED: _BEFORE | _MORE | _END - {E.SUSPECT} | _MONEY - {E.HOLD_GONE} | _DEBT
    | _BACK - {E.REFUNDED} | {E.KNOWN} | _TERMS | {E.STOP_ASKED_OF_CSMS},
    S.CHARGING: _BEFORE | _START | _MONEY - {E.HOLD_GONE} | _DEBT | _BACK - {E.REFUNDED}
    | {E.KNOWN} | _TERMS | {E.STOP_BEFORE_START, E.HELD_LESS} | _LESS,
    S.STOPPING: _BEFORE | _START | _STOP | _MORE - {E.HELD_MORE} | _MONEY | _DEBT
    | _BACK - {E.REFUNDED} | {E.KNOWN} | _TERMS | {E.END_OVERDUE} | _LESS,
    S.SETTLING: _BEFORE | _CHARGE - {E.HELD_LESS} - _LESS | _DEBT | {E.KNOWN} | _TERMS
    | {E.RELEASED, E.REFUND_ASKED, E.REFUNDED, E.REFUND_MADE_GOOD},
    S.RELEASING: _BEFORE | _CHARGE | _FAILURE | _DEBT | {E.KNOWN} | _TERMS
    | {E.PAID, E.CHARGE_CREATED, E.CHARGE_IN_VAIN, E.REFUND_ASKED, E.REFUNDED}
    | {E.REFUND_MADE_GOOD},
    S.REVIEW: _BEFORE | _START | _STOP | _MORE | _MONEY | _DEBT | _BACK | {E.KNOWN} | _TERMS
    | {E.SUSPECT, E.END_OVERDUE},
    S.DUE: _BEFORE - {E.CHECKOUT_OPENED, E.CHECKOUT_OVERDUE, E.CHECKOUT_ENDED} | _CHARGE - _LESS
    | _BACK
    | {E.KNOWN} | _TERMS | {E.RELEASED, E.REFUSED, E.PAYING},
    S.WRITTEN_OFF: _BEFORE - {E.CHECKOUT_OPENED} | _BACK
    | _DONE - {E.PAID, E.OVERPAID, E.PAID_OTHERWISE} - _LESS,
    S.SETTLED: _BEFORE | _DONE - _LESS | {E.REFUND_MADE_GOOD},
    S.RELEASED: _BEFORE | _DONE - {E.OVERPAID} | {E.REFUND_ASKED, E.REFUNDED, E.REFUND_MADE_GOOD},
}  # fmt: skip
"""What changes nothing: too late, twice, or in vain."""
LATE |= {state: LATE[state] | {E.NO_LESS} for state in State if state not in _AFTER}

WANTED: dict[Do, frozenset[State]] = {
    do: frozenset(row.state for row in TABLE.values() if do in row.do) for do in Do
} | {
    Do.CREATE_CUSTOMER: frozenset({S.OPEN}),
    Do.OBSERVE: frozenset(State),
    Do.REFUSE: frozenset(State),
    Do.UNRESERVE: frozenset(State),
    Do.FORGET_CUSTOMER: frozenset(State),
    Do.RETURN: frozenset(State),
    Do.TELL: frozenset(State),
}
"""The states in which an intent is still worth performing: where the rows asking for it lead."""


def wanted(session: Session, do: Do) -> bool:
    """Return whether an intent is still worth performing; no start once a stop was wished."""
    return session.state in WANTED[do] and not (do is Do.START and session.stop_cause)
