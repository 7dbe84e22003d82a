"""Where everything is remembered.

`Storage.transact` runs a plain function of an open transaction: it cannot await, so nothing
external can happen inside it, and it may run more than once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.decide import Step
from irve_bridge.domain.facts import Fact, SessionFact
from irve_bridge.domain.intents import Intent, Lane
from irve_bridge.domain.receipt import Receipt
from irve_bridge.domain.session import Session
from irve_bridge.service.ports.accounts import Accounts
from irve_bridge.service.ports.exports import Exports
from irve_bridge.service.ports.hands import Attempt
from irve_bridge.service.ports.movements import Movement
from irve_bridge.service.ports.nodes import ALONE, Nodes
from irve_bridge.service.ports.operations import (
    ChargingProfiles,
    Commands,
    Listings,
    Reservations,
    StationEvents,
    Strangers,
)
from irve_bridge.service.ports.searches import Searches
from irve_bridge.service.ports.stations import Configuration, IdTags, Stations
from irve_bridge.service.ports.tallies import Tallies
from irve_bridge.service.ports.transactions import Signatures, TakenReading, Transactions

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a session's history."""

    sequence: int
    at: datetime
    event: str
    before: str
    after: str
    fact: Mapping[str, Any]


class Sessions(Protocol):
    """Charging sessions, who holds which connector, and what happened to them."""

    def add(self, session: Session, claim_until: datetime) -> bool:
        """Record a new session that claims its connector; False where another has it.

        A claim of an OPEN session is over at its `claim_until`.
        """

    def get(self, session_id: str) -> Session | None:
        """Return a session."""

    def by_token(self, token: str) -> Session | None:
        """Return the session that a driver's link names."""

    def by_id_tag(self, charge_point_id: str, id_tag: str) -> Session | None:
        """Return the session whose tag this is, whatever the case of its letters."""

    def by_provider_object(
        self, provider: str, account: str, object_ids: Sequence[str]
    ) -> Session | None:
        """Return the session that owns one of the provider's objects."""

    def at_connector(self, charge_point_id: str, number: int, now: datetime) -> Session | None:
        """Return the session that holds a connector, an OPEN one only while its claim lasts."""

    def hold_connector(self, session: Session, now: datetime) -> bool:
        """Keep the connector for a session whose payment is secured; False where another has it."""

    def in_debt(self, session: Session, card_fingerprint: str | None) -> Session | None:
        """Return another session at the same provider account that this card has yet to pay."""

    def waiting_at(self, charge_point_id: str, number: int | None = None) -> list[Session]:
        """Return the SECURED sessions of a charge point or of one connector."""

    def due(self, node_id: str, now: datetime, limit: int) -> list[Session]:
        """Return sessions of a node's charge points whose deadline has passed, earliest first.

        Those of a charge point that no living node has, or that is gone, are everybody's.
        """

    def postpone(self, session_id: str, deadline_at: datetime) -> None:
        """Move a session's deadline to a later moment; nothing else of it changes.

        An earlier moment, or no deadline any more, says that the session has moved on: it is left.
        """

    def save(self, session: Session, steps: Sequence[Step], fact: SessionFact) -> Session:
        """Write a session and its history; return it with its new version.

        Provider objects it names are remembered; a state that no longer holds the connector
        frees it.

        Raises:
            StaleSession: It changed since it was read.
        """

    def erase(self, session_id: str) -> None:
        """Delete who the driver was from everything kept of a session; figures stay."""

    def history(self, session_id: str) -> list[Happening]:
        """Return what happened to a session, in order."""

    def search(self, state: str | None = None, limit: int = 100) -> list[Session]:
        """Return sessions, newest first."""

    def opened_between(
        self, since: datetime, until: datetime, after_id: str, limit: int
    ) -> list[Session]:
        """Return sessions opened in [since, until) with an id above `after_id`, by id."""

    def opened_before(
        self, moment: datetime, states: Collection[str], after_id: str, limit: int
    ) -> list[Session]:
        """Return older sessions in one of these states or disputed, with an id above, by id.

        Disputed: the books know a dispute's beginning and not its end.
        """


class StaleSession(Exception):
    """The session changed since it was read: run the unit again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An intent that is not done: `status` is waiting, failed or refused."""

    id: int
    session_id: str | None
    kind: str
    status: str
    created_at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An intent that may be claimed: of a session, or of a subject that is none."""

    id: int
    subject: str
    session: Session | None
    intent: Intent
    created_at: datetime
    tries: int


class Intents(Protocol):
    """What must be done: claimed with a lease, performed once, in order per subject and lane."""

    def add(self, session_id: str, intent: Intent, at: datetime) -> None:
        """Record an intent behind the session's others in its lane."""

    def add_of(self, subject: str, intent: Intent, at: datetime) -> None:
        """Record an intent of no session behind the subject's others in its lane."""

    def pending(self, session_id: str, kind: str, *, unclaimed: bool = False) -> bool:
        """Return whether such an intent waits or is being performed; `unclaimed`: only waits."""

    def in_doubt(self, session_id: str, kind: str) -> bool:
        """Return whether such a call was begun and nobody knows yet what came of it."""

    def next_due(
        self,
        lanes: Sequence[Lane],
        now: datetime,
        limit: int,
        *,
        node_id: str = ALONE,
        claiming: bool = False,
    ) -> list[Due]:
        """Return those that a node may claim now.

        Only the first unfinished intent of a subject's lane, due, and under no live lease. What a
        charge point was asked in vain, the node that has it asks again: it needs no bus.
        `claiming` leaves out what another node is about to claim, and keeps these from others.
        """

    def claim(self, intent_id: int, lease: str, until: datetime) -> None:
        """Take the lease and count one more try."""

    def open_attempt(self, intent_id: int) -> Attempt | None:
        """Return the attempt whose outcome nobody knows, marked `unknown`."""

    def last_attempt_number(self, intent_id: int) -> int:
        """Return the number of the latest attempt, 0 for none."""

    def begin_attempt(self, intent_id: int, attempt: Attempt) -> None:
        """Store an attempt before its call."""

    def close_attempt(self, intent_id: int, number: int, outcome: str, at: datetime) -> None:
        """Write an attempt's known outcome; `burnt` leaves it unknown and its key unusable."""

    def leased(self, intent_id: int, lease: str, now: datetime) -> bool:
        """Return whether this lease is still alive."""

    def finish(self, intent_id: int, status: str, note: str | None, at: datetime) -> None:
        """End an intent: done, failed, refused or cancelled."""

    def postpone(self, intent_id: int, until: datetime, note: str) -> None:
        """Give the lease back; the intent is due again at `until`."""

    def unfinished(self, session_id: str) -> list[Unfinished]:
        """Return what waits, is being performed, was given up or was refused, in order."""

    def failed(self, kind: str, after_id: int, limit: int) -> list[Unfinished]:
        """Return what of a kind was given up, of every session, with an id above, in order."""

    def revive(self, intent_id: int, at: datetime) -> None:
        """Have an intent that was given up tried again, from its first delay on.

        It stands before what its lane was to do after it, once more. What was refused stays so.
        """

    def lanes_added_to(self) -> frozenset[Lane]:
        """Return the lanes in which something became due since this was last asked."""

    def void_leases(self) -> None:
        """Take back the leases of nodes that live no more: a lease begins with its node's id."""

    def next_moment(self, lanes: Sequence[Lane], node_id: str = ALONE) -> datetime | None:
        """Return when the next waiting intent that a node may claim is due, None for none."""


class Inbox(Protocol):
    """Facts as they arrived, each once."""

    def put(self, key: str, fact: Fact, session_id: str | None = None) -> bool:
        """Store a fact under its key; False when it is known already."""

    def knows(self, key: str) -> bool:
        """Return whether a fact is stored under this key."""


class Books(Protocol):
    """The money: movements only ever added."""

    def record(self, movement: Movement) -> bool:
        """Add a movement; False when this provider id was recorded as this kind already."""

    def movements(self, session_id: str) -> list[Movement]:
        """Return a session's movements, in order."""


class Receipts(Protocol):
    """Receipts and credit notes: numbered without gaps for each operator, never changed."""

    def add(self, receipt: Receipt) -> Receipt:
        """Give a paper its operator's next number, keep it, and return it."""

    def of_session(self, session_id: str) -> list[Receipt]:
        """Return the papers of a session, in the order of their numbers."""


class Cdrs(Protocol):
    """CDRs: only ever added."""

    def add(self, cdr: Cdr) -> None:
        """Keep a CDR."""

    def of_session(self, session_id: str) -> list[Cdr]:
        """Return a session's CDRs in the order they were made."""

    def of_transaction(self, charge_point_id: str, transaction_id: str) -> list[Cdr]:
        """Return a transaction's CDRs in the order they were made."""


BEGUN = 0
"""The status of a reply that is still to come: its `body` is the node that is about to answer."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What an Idempotency-Key was answered; `fingerprint` is of the request."""

    fingerprint: str
    status: int
    body: str


class Replies(Protocol):
    """Answers to HTTP requests that carried an Idempotency-Key."""

    def get(self, key: str) -> StoredReply | None:
        """Return what this key was answered."""

    def begin(self, key: str, begun: StoredReply, at: datetime) -> StoredReply | None:
        """Claim a key for the node that `begun` names; None where it is now that one's to answer.

        Else what it was answered, or that another living node is about to.
        """

    def put(self, key: str, reply: StoredReply, at: datetime) -> None:
        """Remember an answer."""

    def withdraw(self, key: str) -> None:
        """Forget that somebody is about to answer."""


class Tx(Protocol):
    """One open transaction."""

    nodes: Nodes
    stations: Stations
    id_tags: IdTags
    configuration: Configuration
    transactions: Transactions
    signatures: Signatures
    sessions: Sessions
    intents: Intents
    inbox: Inbox
    books: Books
    receipts: Receipts
    cdrs: Cdrs
    replies: Replies
    commands: Commands
    station_events: StationEvents
    reservations: Reservations
    charging_profiles: ChargingProfiles
    strangers: Strangers
    listings: Listings
    tallies: Tallies
    accounts: Accounts
    searches: Searches
    exports: Exports


class Storage(Protocol):
    """Where everything is remembered."""

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit of work and return its result once it is committed.

        Raises whatever the unit raised, or the commit; nothing is changed then.
        """

    async def transact_now(self, unit: Callable[[Tx], T]) -> T:
        """Run a short unit of work that waits for no queue of `transact`."""

    async def read(self, query: Callable[[Tx], T]) -> T:
        """Run a query on a snapshot, without waiting for writers. It must not write."""

    async def add_readings(self, readings: Sequence[TakenReading]) -> None:
        """Record readings, batched with others; return once they are committed."""

    async def close(self) -> None:
        """Finish what is queued and let go."""
