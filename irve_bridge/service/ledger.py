"""Facts about money, completed with what only the books know, each counted once."""

from dataclasses import dataclass, field, replace

from irve_bridge.domain import facts
from irve_bridge.domain.classify import is_extra
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.service.books import left_minor, movements
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Movement, Tx

_TAKEN = ("charge", "capture")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books of one open transaction; `moved` is what it added to them."""

    tx: Tx
    policy: Policy
    moved: list[Movement] = field(default_factory=list)

    def is_news(self, session: Session, fact: facts.SessionFact) -> bool:
        """Return whether this was not heard before; the provider says many things many times."""
        match fact:
            case facts.PaymentSucceeded() if not is_extra(session, fact):
                return not self._booked(session, fact.payment_intent_id, *_TAKEN)
            case facts.Refunded():
                return not self._booked(session, fact.refund_id, "refund", "refund_failed")
            case facts.RefundFailed() if fact.refund_id:
                return self._first(session, f"refund_failed:{fact.refund_id}", fact)
            case facts.DisputeChanged() if not fact.closed and self._closed(session, fact):
                return False
            case facts.DisputeChanged():
                return self._first(session, f"dispute:{fact.dispute_id}:{fact.status}", fact)
        return True

    def complete(self, session: Session, fact: facts.SessionFact) -> facts.SessionFact:
        """Return the fact with what decides it and is known here alone.

        A payment proven too late finds the connector taken, and a card may owe for an earlier
        charge: then it is given back.
        """
        if isinstance(fact, facts.PaymentFact):
            fact = replace(fact, beside=self._beside(session, fact.payment_intent_id))
        match fact:
            case facts.PaymentSecured() if session.state is State.OPEN:
                kept = self.tx.sessions.hold_connector(session, fact.at)
                debt = self.tx.sessions.in_debt(session, fact.card_fingerprint)
                debt_session_id = debt.id if debt else None
                return replace(fact, connector_lost=not kept, debt_session_id=debt_session_id)
            case facts.DisputeChanged():
                booked = self.tx.books.movements(session.id)
                known = any(m.provider_id == fact.dispute_id for m in booked)
                return replace(fact, first=not known)
            case facts.RefundFailed():
                return replace(fact, again=self._again(session, fact))
        return fact

    def book(self, session: Session, fact: facts.SessionFact) -> tuple[Session, facts.SessionFact]:
        """Record what the fact proves to have moved; return both with what is left by now."""
        proven = [
            sized
            for movement in movements(session, fact)
            if self._stands(session, fact)
            and (sized := self._weighed(session, movement, proven_by=fact)).amount_minor > 0
        ]
        self.moved.extend(movement for movement in proven if self.tx.books.record(movement))
        fact = self._counted(session, fact)
        if not proven:
            return session, fact
        own = session.payment_intent_id
        if own is None and isinstance(fact, facts.PaymentFact) and not is_extra(session, fact):
            own = fact.payment_intent_id
        booked = self.tx.books.movements(session.id)
        taken = any(m.kind in _TAKEN and m.payment_id == own for m in booked)
        paid = replace(session, paid_minor=left_minor(booked, own), taken=taken)
        return (replace(paid, payment_intent_id=own) if taken else paid), fact

    def _again(self, session: Session, fact: facts.RefundFailed) -> bool:
        """A second payment's refunds have tries of their own: a place in the inbox for each."""
        if not is_extra(session, fact):
            return session.refund_tries < self.policy.refund_retries
        key = f"second_refund_failed:{fact.payment_intent_id}"
        tries = range(self.policy.refund_retries)
        return any(self._first(session, f"{key}:{number}", fact) for number in tries)

    def _counted(self, session: Session, fact: facts.SessionFact) -> facts.SessionFact:
        match fact:
            case facts.PaymentSecured() | facts.PaymentSucceeded():
                if is_extra(session, fact):
                    return replace(fact, left_minor=self._extra(session, fact))
            case facts.RefundFailed():
                left = self._left_of(session, fact.payment_intent_id)
                return replace(fact, left_minor=left)
        return fact

    def _closed(self, session: Session, fact: facts.DisputeChanged) -> bool:
        """A slow answer does not open again what was decided."""
        booked = self.tx.books.movements(session.id)
        mine = [m.kind for m in booked if m.provider_id == fact.dispute_id]
        return any(kind.startswith("dispute_") for kind in mine)

    def _weighed(
        self, session: Session, movement: Movement, proven_by: facts.SessionFact
    ) -> Movement:
        """A refund nobody heard of returns nothing by failing; of a hold the rest is let go."""
        if movement.kind == "refund_returned":
            heard_of = self._booked(session, movement.provider_id, "refund")
            return movement if heard_of else replace(movement, kind="refund_failed")
        if movement.kind != "release":
            return movement
        taken = proven_by.amount_minor if isinstance(proven_by, facts.PaymentSucceeded) else 0
        of_hold = [
            m.amount_minor if m.kind == "hold" else -m.amount_minor
            for m in self.tx.books.movements(session.id)
            if m.payment_id == movement.payment_id and m.kind in ("hold", "capture", "release")
        ]
        return replace(movement, amount_minor=sum(of_hold) - taken)

    def _stands(self, session: Session, fact: facts.SessionFact) -> bool:
        """Money is taken once, as charge or capture; a hold that is over grows no more."""
        match fact:
            case facts.PaymentSucceeded():
                return not self._booked(session, fact.payment_intent_id, *_TAKEN)
            case facts.HoldExtended():
                return not self._booked(session, fact.payment_intent_id, "capture", "release")
        return True

    def _beside(self, session: Session, payment_intent_id: str | None) -> bool:
        """Return whether a payment was taken already, though the session has none of its own."""
        if session.payment_intent_id is not None or payment_intent_id is None:
            return False
        return self._booked(session, payment_intent_id, *_TAKEN)

    def _booked(self, session: Session, provider_id: str, *kinds: str) -> bool:
        return any(
            m.provider_id == provider_id and m.kind in kinds
            for m in self.tx.books.movements(session.id)
        )

    def _extra(self, session: Session, fact: facts.PaymentSecured | facts.PaymentSucceeded) -> int:
        """Return what of a second payment is to go back: nothing once that was asked for."""
        if not self._first(session, f"extra:{type(fact).__name__}:{fact.payment_intent_id}", fact):
            return 0
        if isinstance(fact, facts.PaymentSecured) and session.plan is PlanName.ESTIMATED:
            return fact.secured_minor or 0
        return self._left_of(session, fact.payment_intent_id)

    def _left_of(self, session: Session, payment_intent_id: str | None) -> int:
        return left_minor(self.tx.books.movements(session.id), payment_intent_id)

    def _first(self, session: Session, key: str, fact: facts.SessionFact) -> bool:
        scoped = f"{session.provider}:{session.account}:{key}"
        return self.tx.inbox.put(scoped, fact, session.id)
