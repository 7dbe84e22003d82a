"""One fact about one session → the session after it and what must be done. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from irve_bridge.domain import facts, plans
from irve_bridge.domain.classify import classify, is_extra
from irve_bridge.domain.evolve import evolve
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.lifecycle import DONE, TABLE, Event, Row
from irve_bridge.domain.plans import PLANS
from irve_bridge.domain.session import PlanName, Session, State

_ENDED = DONE | {State.DUE, State.REVIEW}


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
    intents = tuple(_intents(session, row, fact))
    decision = Decision(session, (Step(event, before, row.state),), intents, row.tell)
    for do in row.do:
        if do in (Do.SETTLE, Do.RELEASE) and all(intent.do is not do for intent in intents):
            proof = _proof(session, do)
            then = _walk(session, proof, TABLE[session.state, proof], fact)
            return Decision(
                then.session,
                decision.steps + then.steps,
                intents + then.intents,
                row.tell + then.tell,
            )
    return decision


def _proof(session: Session, do: Do) -> Event:
    if do is Do.RELEASE:
        return Event.RELEASED
    exact = session.paid_minor == session.decided_minor
    return Event.PAID if exact else Event.PAID_OTHERWISE


def _enter(session: Session, state: State, fact: facts.SessionFact) -> Session:
    if state is session.state:
        return replace(session, deadline_at=None)
    ended_at = fact.at if state in _ENDED else None
    due_since = (session.due_since or fact.at) if state is State.DUE else session.due_since
    return replace(session, state=state, ended_at=ended_at, due_since=due_since, deadline_at=None)


def _intents(session: Session, row: Row, fact: facts.SessionFact) -> Iterator[Intent]:
    for do in row.do:
        intent = _intent(session, do, fact)
        if intent is not None:
            yield intent


def _intent(session: Session, do: Do, fact: facts.SessionFact) -> Intent | None:
    match do:
        case Do.SECURE:
            return plans.secure(session)
        case Do.CLOSE:
            return _close(session)
        case Do.RESERVE:
            return Intent(do, Kind.RESERVE_NOW)
        case Do.UNRESERVE:
            return Intent(do, Kind.CANCEL_RESERVATION)
        case Do.START:
            return Intent(do, Kind.REMOTE_START)
        case Do.STOP:
            return Intent(do, Kind.REMOTE_STOP, {"transaction_id": session.transaction_id})
        case Do.EXTEND if isinstance(fact, facts.MoreAsked):
            return _extend(session, fact)
        case Do.CONFIRM:
            return plans.confirm_charge(session, do)
        case Do.SETTLE:
            return PLANS[session.plan].settle(session)
        case Do.RELEASE:
            return PLANS[session.plan].release(session) if session.secured_at else None
        case Do.RETURN:
            return _give_back(session, fact)
        case Do.RECHARGE if session.payment_intent_id:
            return plans.confirm_charge(session, do)
        case Do.RECHARGE:
            return plans.create_charge(session, do)
        case Do.VOID:
            return _void(session, fact)
        case Do.COLLECT:
            return Intent(do, Kind.OPEN_CHECKOUT, {"amount_minor": session.decided_minor})
        case Do.RECEIPT:
            return plans.send_receipt(session)
        case Do.FORGET:
            return plans.forget_card(session, do)
        case Do.FORGET_CUSTOMER if isinstance(fact, facts.CustomerTermPassed):
            return Intent(do, Kind.FORGET_CUSTOMER, {"customer_id": fact.customer_id})
        case _:
            return None


def _close(session: Session) -> Intent | None:
    """Of a session that was secured only a checkout for what is due can still be open."""
    if session.secured_at is not None and session.paying_since is None:
        return None
    return Intent(Do.CLOSE, Kind.CLOSE_CHECKOUT)


def _void(session: Session, fact: facts.SessionFact) -> Intent | None:
    """The payment that was created in vain, or the session's own."""
    named = session.payment_intent_id
    if isinstance(fact, facts.ChargeCreated):
        named = fact.payment_intent_id
    if named is None:
        return None
    return Intent(Do.VOID, Kind.CANCEL_CHARGE, {"payment_intent_id": named})


def _extend(session: Session, fact: facts.MoreAsked) -> Intent:
    parameters = {
        "payment_intent_id": session.payment_intent_id,
        "amount_minor": fact.amount_minor,
    }
    return Intent(Do.EXTEND, Kind.INCREMENT_HOLD, parameters)


def _give_back(session: Session, fact: facts.SessionFact) -> Intent | None:
    """What the fact shows to be too much: a second payment or hold, or a refund that is owed."""
    match fact:
        case facts.PaymentSecured() if session.plan is PlanName.ESTIMATED:
            named = {"payment_intent_id": fact.payment_intent_id}
            return Intent(Do.RETURN, Kind.CANCEL_HOLD, named)
        case facts.PaymentSecured() | facts.PaymentSucceeded() if is_extra(session, fact):
            return plans.refund(session, Do.RETURN, fact.left_minor, fact.payment_intent_id)
        case facts.RefundFailed() if is_extra(session, fact):
            return plans.refund(session, Do.RETURN, fact.left_minor, fact.payment_intent_id)
        case facts.RefundAsked():
            return plans.refund(session, Do.RETURN, fact.amount_minor)
    owed_minor = (session.decided_minor or 0) if session.state is State.SETTLED else 0
    return plans.refund(session, Do.RETURN, session.paid_minor - owed_minor)
