"""One fact about one session → the session after it and what must be done. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from irve_bridge.domain import facts, plans
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.lifecycle import TABLE, Event, Row, classify, owed_minor
from irve_bridge.domain.plans import PLANS
from irve_bridge.domain.session import Delivery, MeteredBy, Session, State

_FINAL = frozenset(
    {State.SETTLED, State.RELEASED, State.ABANDONED, State.WRITTEN_OFF, State.DUE, State.REVIEW}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table as it was walked."""

    event: Event
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Decision:
    """The session after the fact; no steps means that the fact changed nothing."""

    session: Session
    steps: tuple[Step, ...] = ()
    intents: tuple[Intent, ...] = ()
    tell: tuple[str, ...] = ()


def decide(session: Session, fact: facts.SessionFact) -> Decision:
    """Return what this fact does to this session.

    A settlement or release for which no money has to move is done at once: the row of its proof
    follows in the same decision.
    """
    event = classify(session, fact)
    row = TABLE.get((session.state, event))
    if row is None:
        return Decision(session)
    return _walk(evolve(session, fact), event, row, fact)


def _walk(session: Session, event: Event, row: Row, fact: facts.SessionFact) -> Decision:
    before, session = session.state, _enter(session, row.state, fact)
    intents = tuple(_intents(session, row))
    decision = Decision(session, (Step(event, before, row.state),), intents, row.tell)
    proof = {Do.SETTLE: Event.PAID, Do.RELEASE: Event.RELEASED}
    for do in row.do:
        if do in proof and not intents:
            then = _walk(session, proof[do], TABLE[session.state, proof[do]], fact)
            return Decision(
                then.session, decision.steps + then.steps, then.intents, row.tell + then.tell
            )
    return decision


def _enter(session: Session, state: State, fact: facts.SessionFact) -> Session:
    ended_at = fact.at if state in _FINAL else None
    return replace(session, state=state, ended_at=ended_at, deadline_at=None)


def _intents(session: Session, row: Row) -> Iterator[Intent]:
    for do in row.do:
        intent = _intent(session, do)
        if intent is not None:
            yield intent


def _intent(session: Session, do: Do) -> Intent | None:
    match do:
        case Do.SECURE:
            return plans.secure(session)
        case Do.CLOSE:
            return Intent(do, Kind.CLOSE_CHECKOUT)
        case Do.START:
            return Intent(do, Kind.REMOTE_START)
        case Do.STOP:
            return Intent(do, Kind.REMOTE_STOP, {"transaction_id": session.transaction_id})
        case Do.CONFIRM:
            return Intent(do, Kind.CONFIRM_CHARGE, {"payment_intent_id": session.payment_intent_id})
        case Do.SETTLE:
            return PLANS[session.plan].settle(session)
        case Do.RELEASE:
            return PLANS[session.plan].release(session) if session.secured_at else None
        case _:
            return None


def evolve(session: Session, fact: facts.SessionFact) -> Session:
    """Return the session with what the fact brings written down; the state stays."""
    match fact:
        case facts.CustomerCreated():
            return replace(session, customer_id=fact.customer_id)
        case facts.CheckoutOpened():
            return replace(
                session,
                checkout_id=fact.checkout_id,
                checkout_url=fact.url,
                checkout_expires_at=fact.expires_at,
                setup_intent_id=fact.setup_intent_id or session.setup_intent_id,
            )
        case facts.PaymentSecured():
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
        case facts.ChargingEnded():
            return _end(session, fact)
        case facts.ReviewDecided():
            decided = PLANS[session.plan].decide(session, fact.amount_minor)
            return replace(session, decided_minor=decided, outcome="reviewed")
        case facts.ChargeCreated():
            return replace(session, payment_intent_id=fact.payment_intent_id)
        case facts.PaymentSucceeded() | facts.Refunded():
            return _proven(session, fact)
        case facts.PaymentDeclined() | facts.CheckoutRefused() | facts.RefundFailed():
            return replace(session, outcome=fact.code)
        case facts.NoStart() if session.stop_cause:
            return session
        case facts.HoldReleased() if session.state is State.RELEASING:
            return session
    outcome = _OUTCOMES.get(type(fact))
    return replace(session, outcome=outcome) if outcome else session


_STOPPED_AT = {State.OPEN: "given_up", State.SECURED: "stopped_early"}
_OUTCOMES: dict[type[facts.SessionFact], str] = {
    facts.CheckoutExpired: "checkout_expired",
    facts.GivenUp: "given_up",
    facts.StartRefused: "start_refused",
    facts.NoStart: "no_start",
    facts.EndOverdue: "end_overdue",
    facts.HoldReleased: "hold_gone",
}


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
        email=fact.email or session.email,
        outcome="connector_lost" if fact.connector_lost else session.outcome,
    )


def _proven(session: Session, fact: facts.PaymentSucceeded | facts.Refunded) -> Session:
    if classify(session, fact) is Event.PAID_OTHERWISE:
        return replace(session, outcome="paid_otherwise")
    settled = session.state is not State.RELEASING
    return replace(session, outcome=None if settled else session.outcome)


def _end(session: Session, fact: facts.ChargingEnded) -> Session:
    decided = None if fact.doubt else owed_minor(session, fact)
    nothing = "nothing_used" if fact.energy_wh == 0 else "below_least"
    return replace(
        session,
        stopped_at=fact.stopped_at,
        stop_reason=fact.reason,
        energy_wh=fact.energy_wh,
        cost=fact.cost,
        decided_minor=decided,
        outcome=fact.doubt or (None if decided else nothing),
    )
