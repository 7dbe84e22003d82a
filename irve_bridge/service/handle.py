"""One fact → one transaction: inbox, new state, history and intents, then a typed reply.

This is the only way to change a session. Nothing external happens inside the transaction; who
watches is told after the commit.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import time_ns
from typing import TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from irve_bridge.domain import facts
from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.decide import Decision, decide
from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.lifecycle import DONE
from irve_bridge.domain.session import Delivery, Session, State
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.callbacks import MAILED, callback, cdr_callback, mail
from irve_bridge.service.cdrs import issue_cdrs
from irve_bridge.service.ledger import Ledger
from irve_bridge.service.news import NEWS, News, encode
from irve_bridge.service.observing import Handled, observe
from irve_bridge.service.periods import periods_of
from irve_bridge.service.policy import Policy, deadline
from irve_bridge.service.ports import (
    ALONE,
    Bus,
    Movement,
    SignatureVerifier,
    Storage,
    TakenReading,
    Tx,
)
from irve_bridge.service.receipts import issue
from irve_bridge.service.reserving import reserve, reserved

T = TypeVar("T")
_ONE_AT_A_TIME = frozenset({Do.START, Do.CLOSE, Do.COLLECT, Do.RECHARGE, Do.EXTEND})

log = structlog.get_logger()


@dataclass(slots=True)
class Work:
    """One open transaction and what it has changed so far.

    `began` are transactions of sessions that started, `plain` those of no session that started or
    ended; a figure beside them is what the connector can give, in W. `lanes` are those in which
    something is to be done because of it. `opened`, `handled` and `moved` are for whoever watches.
    `waited` are sessions that wait at a connector of which something else is known now.
    """

    tx: Tx
    policy: Policy
    verifier: SignatureVerifier
    node_id: str = ALONE
    changed: list[Session] = field(default_factory=list)
    waited: list[Session] = field(default_factory=list)
    began: list[tuple[Transaction, Session, int]] = field(default_factory=list)
    plain: list[tuple[Transaction, int]] = field(default_factory=list)
    readings: list[TakenReading] = field(default_factory=list)
    lanes: frozenset[Lane] = frozenset()
    opened: list[Session] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    moved: list[Movement] = field(default_factory=list)

    def advance(self, session: Session, fact: facts.SessionFact) -> Session:
        """Apply one fact to one session and return the session after it."""
        with bound_contextvars(session_id=session.id):
            return self._advance(session, fact)

    def _advance(self, session: Session, fact: facts.SessionFact) -> Session:
        ledger = Ledger(self.tx, self.policy, self.moved)
        if not ledger.is_news(session, fact):
            return session
        before = session
        session, fact = ledger.book(session, ledger.complete(session, fact))
        decision = self._decide(session, fact)
        if not decision.steps:
            log.info("fact_late", fact=type(fact).__name__)
            self.handled.append(Handled(session, fact))
            return session if session == before else self.tx.sessions.save(session, (), fact)
        cdrs = self._papers(session, decision.session, fact.at)
        dated = self._dated(decision, len(cdrs))
        saved = self.tx.sessions.save(dated, decision.steps, fact)
        if isinstance(fact, facts.PersonalDataTermPassed):
            self.tx.sessions.erase(saved.id)
        self._intend(saved, decision, fact, cdrs)
        self.changed.append(saved)
        self.handled.append(Handled(saved, fact, decision.steps))
        return saved

    def _papers(self, before: Session, session: Session, at: datetime) -> list[Cdr]:
        """Keep what bills a session that has come to owe something else; return the CDRs."""
        owes = (session.state, session.decided_minor)
        if session.state not in DONE or owes == (before.state, before.decided_minor):
            return []
        periods = periods_of(self.tx, session)
        issue(self.tx, session, periods, at)
        return issue_cdrs(self.tx, session, periods, at)

    def open(self, session: Session) -> bool:
        """Record a new session; False where another one has the connector."""
        session = replace(session, deadline_at=deadline(session, self.policy))
        tells = ("session_opened",)
        session = replace(session, callback_sequence=self._sequence(session, len(tells)))
        if not self.tx.sessions.add(session, session.opened_at + self.policy.claim):
            return False
        create = Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER)
        self.tx.intents.add(session.id, create, session.opened_at)
        self._tell(session, tells, session.opened_at)
        self.changed.append(session)
        self.opened.append(session)
        return True

    def _decide(self, session: Session, fact: facts.SessionFact) -> Decision:
        """Decide in doubt, but write down only what is known of the start."""
        doubted = self.doubting(session)
        decision = decide(doubted, fact)
        if doubted is session:
            return decision
        known = replace(decision.session, delivery=session.delivery)
        return replace(decision, session=known)

    def doubting(self, session: Session) -> Session:
        """Return the session with a start that is under way counted as one that may arrive."""
        unsent = session.state is State.SECURED and session.delivery is Delivery.NONE
        if unsent and self.tx.intents.in_doubt(session.id, Kind.REMOTE_START):
            return replace(session, delivery=Delivery.UNKNOWN)
        return session

    def _dated(self, decision: Decision, cdrs: int) -> Session:
        session = decision.session
        return replace(
            session,
            deadline_at=deadline(session, self.policy),
            callback_sequence=self._sequence(session, len(decision.tell) + cdrs),
        )

    def _sequence(self, session: Session, tells: int) -> int:
        return session.callback_sequence + (tells if self.policy.callbacks else 0)

    def _intend(
        self, session: Session, decision: Decision, fact: facts.Fact, cdrs: Sequence[Cdr]
    ) -> None:
        for intent in decision.intents:
            if not self._reserving(session, intent.do, fact.at):
                continue
            if intent.do in _ONE_AT_A_TIME and self.tx.intents.pending(session.id, intent.kind):
                continue
            self.tx.intents.add(session.id, intent, self._when(fact))
        self._tell(session, decision.tell, fact.at, fact, cdrs)

    def _reserving(self, session: Session, do: Do, at: datetime) -> bool:
        """Only a charge point that can is asked to reserve, and only what is reserved is freed."""
        if do is Do.RESERVE:
            return reserve(self.tx, session, self.policy, at)
        return do is not Do.UNRESERVE or reserved(self.tx, session)

    def _when(self, fact: facts.Fact) -> datetime:
        """A refund that failed is not made again at once."""
        failed = isinstance(fact, facts.RefundFailed)
        return fact.at + self.policy.refund_retry_after if failed else fact.at

    def _tell(
        self,
        session: Session,
        tells: tuple[str, ...],
        at: datetime,
        fact: facts.Fact | None = None,
        cdrs: Sequence[Cdr] = (),
    ) -> None:
        first = session.callback_sequence - len(tells) - len(cdrs) + 1
        for sequence, type_ in enumerate(tells, first):
            if self.policy.callbacks:
                self.tx.intents.add(session.id, callback(session, type_, sequence, at), at)
            if self.policy.mail and session.email and type_ in MAILED:
                self.tx.intents.add(session.id, mail(MAILED[type_], fact), at)
        for sequence, cdr in enumerate(cdrs, first + len(tells)):
            if self.policy.callbacks:
                self.tx.intents.add(session.id, cdr_callback(session, cdr, sequence, at), at)


class Handler:
    """Runs work in transactions, and tells the watchers once it is committed."""

    def __init__(
        self,
        storage: Storage,
        bus: Bus,
        policy: Policy,
        verifier: SignatureVerifier,
        node_id: str = ALONE,
    ) -> None:
        self._storage = storage
        self._bus = bus
        self.policy = policy
        self._verifier = verifier
        self.node_id = node_id
        self._after: list[Callable[[Work], None]] = []

    def after_commit(self, listener: Callable[[Work], None]) -> None:
        """Call this with every committed work, on the event loop; what it raises is logged."""
        self._after.append(listener)

    async def run(self, unit: Callable[[Work], T]) -> T:
        """Run a unit of work and return its result once it is committed."""
        began_ns, context = time_ns(), copy_context()
        work, result = await self._storage.transact(
            lambda tx: context.run(self._unit, tx, unit)  # so that its logs say whose they are
        )

        def observed(work: Work) -> None:
            observe(work.opened, work.handled, work.moved, began_ns)

        for listener in (observed, *self._after):
            try:
                listener(work)
            except Exception:
                log.exception("listener_failed")
        for session in work.changed:
            await self._bus.publish(topic(session.id), b"")
            await self._bus.publish(NEWS, encode(News(self.node_id, session_id=session.id)))
        for session in work.waited:
            await self._bus.publish(topic(session.id), b"")
        return result

    async def apply(self, fact: facts.SessionFact) -> Session | None:
        """Apply a fact to its session and return the session; None where there is none."""
        return await self.run(lambda work: apply(work, fact))

    def _unit(self, tx: Tx, unit: Callable[[Work], T]) -> tuple[Work, T]:
        work = Work(tx, self.policy, self._verifier, self.node_id)
        tx.intents.lanes_added_to()  # of the units before, in the same transaction
        result = unit(work)
        work.lanes = tx.intents.lanes_added_to()
        return work, result


def apply(work: Work, fact: facts.SessionFact) -> Session | None:
    """Apply a fact to the session it names."""
    session = work.tx.sessions.get(fact.session_id)
    return None if session is None else work.advance(session, fact)


def topic(session_id: str) -> str:
    """Return where a session's live updates are published."""
    return f"session.{session_id}"
