"""The books in memory: a fact is counted by the ledger before it is decided, as in the service."""

from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import cast

from irve_bridge.domain.decide import Decision, decide
from irve_bridge.domain.facts import Fact, SessionFact
from irve_bridge.domain.session import PlanName, Session
from irve_bridge.service.ledger import Ledger
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Movement, Tx

Key = tuple[str, str, str, str]


@dataclass
class Books:
    """Movements and inbox of one session; `debtor` is whom its card already owes for."""

    policy: Policy = field(default_factory=Policy)
    kept: dict[Key, Movement] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    debtor: Session | None = None
    connector_free: bool = True

    def decide(self, session: Session, fact: SessionFact) -> Decision:
        """Count a fact, then decide on it; what was heard before changes nothing."""
        ledger = Ledger(self._tx(), self.policy)
        if not ledger.is_news(session, fact):
            return Decision(session)
        return decide(*ledger.book(session, ledger.complete(session, fact)))

    def _tx(self) -> Tx:
        """The three tables that the ledger needs of an open transaction."""
        sessions = SimpleNamespace(hold_connector=self._hold_connector, in_debt=self._in_debt)
        return cast(Tx, SimpleNamespace(books=self, inbox=self, sessions=sessions))

    def record(self, movement: Movement) -> bool:
        """Add a movement; False when it is known."""
        key = (movement.provider, movement.account, movement.kind, movement.provider_id)
        return self.kept.setdefault(key, movement) is movement

    def movements(self, session_id: str) -> list[Movement]:
        """Return a session's movements, in order."""
        return [each for each in self.kept.values() if each.session_id == session_id]

    def put(self, key: str, _fact: Fact, _session_id: str | None = None) -> bool:
        """Note a key; False when it is known."""
        known = key in self.heard
        self.heard.add(key)
        return not known

    def _hold_connector(self, _session: Session, _now: datetime) -> bool:
        return self.connector_free

    def _in_debt(self, _session: Session, card_fingerprint: str | None) -> Session | None:
        return self.debtor if card_fingerprint else None


def books_of(session: Session) -> Books:
    """Return books in which what a session has paid so far stands as one payment."""
    books = Books()
    if session.paid_minor and session.payment_intent_id:
        paid_by = session.payment_intent_id
        kind = "capture" if session.plan is PlanName.ESTIMATED else "charge"
        books.record(
            Movement(
                session_id=session.id,
                kind=kind,
                amount_minor=session.paid_minor,
                currency=session.currency,
                provider=session.provider,
                account=session.account,
                provider_id=paid_by,
                payment_id=paid_by,
                at=session.opened_at,
            )
        )
    return books


def decided(session: Session, fact: SessionFact) -> Decision:
    """Decide on one fact, with books that know of the session only what it has paid."""
    return books_of(session).decide(session, fact)
