"""What performs intents: one external call each, stored before it is made."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from irve_bridge.domain.errors import Bug
from irve_bridge.domain.facts import Fact, ProviderSpoke, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at an external call, stored before the call.

    `key` is the idempotency key; `request` is what is sent. `unknown` says that an earlier
    claim of this very attempt never learnt its outcome; `burnt` that its key would only replay
    the provider's error.
    """

    number: int
    key: str
    request: Mapping[str, Any]
    started_at: datetime
    unknown: bool = False
    burnt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An intent claimed for performing, with its session as it stood at the claim.

    `subject` is who it is of: a session's id, or what else callbacks are about.
    """

    intent_id: int
    lease: str
    subject: str
    owner: Session | None
    intent: Intent
    attempt: Attempt
    created_at: datetime
    tries: int

    @property
    def session(self) -> Session:
        """The session it is of."""
        if self.owner is None:
            raise Bug(f"{self.intent.kind} of {self.subject} is of no session")
        return self.owner


@dataclass(frozen=True, slots=True)
class Done:
    """The call's outcome is known; these facts came of it."""

    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again later.

    `known` says that the call proved to have had no effect, so that the next try is a new attempt;
    otherwise the same attempt is looked up first. `burnt`: its key would only replay an error.
    `after` overrides the schedule.
    """

    reason: str
    known: bool
    burnt: bool = False
    after: timedelta | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """Given up: the next intent of the lane goes on.

    `refused`: by who it was for, and for good, so that nobody tries it again.
    """

    reason: str
    facts: tuple[Fact, ...] = ()
    refused: bool = False


Outcome = Done | Again | Failed


class Hand(Protocol):
    """Performs the intents of one lane."""

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return what will be sent, JSON-ready, to be stored before it is sent. Pure."""

    async def perform(self, task: Task) -> Outcome:
        """Make the call, or find out what came of it where the attempt is unknown.

        Never raises for what the outside does.
        """


class SignatureRefused(Exception):
    """A webhook is not signed by who it claims to come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One payment as the provider has it: what is held, and what was taken and not given back.

    `disputes`: how each stands by which its holder took it back, by its id.
    """

    session_id: str
    payment_id: str
    held_minor: int
    taken_minor: int
    disputes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """With what a driver's browser confirms a payment at the provider; the secret is theirs alone.

    `account` is whose payment it is, "" for the platform's own.
    """

    client_secret: str = field(repr=False)
    payment_method_id: str
    account: str


class Payments(Hand, Protocol):
    """The payment provider's hand."""

    name: str

    def least_minor(self, currency: str) -> int:
        """Return the least amount that a card can be charged."""

    def most_minor(self, currency: str) -> int:
        """Return the largest amount that a card can be charged."""

    def step_minor(self, currency: str) -> int:
        """Return the coarsest unit that a card is charged in."""

    def read_webhook(self, body: bytes, signature: str, at: datetime) -> ProviderSpoke:
        """Return the hint that a signed webhook gives.

        Raises:
            SignatureRefused: Not signed with our secret, or not readable.
        """

    def sightings(self, account: str, since: datetime, until: datetime) -> AsyncIterator[Sighting]:
        """Yield every payment of ours made in [since, until) at one account.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """

    def sightings_of(self, session: Session) -> AsyncIterator[Sighting]:
        """Yield every payment of one session, whenever it was made.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """

    def hints(self, account: str, since: datetime, until: datetime) -> AsyncIterator[ProviderSpoke]:
        """Yield what was told in [since, until) of money that moves when a session has ended.

        A webhook of the same event gives the same hint. The provider forgets them after a while.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """

    async def observe(
        self, session: Session, object_ids: Iterable[str] = ()
    ) -> tuple[SessionFact, ...]:
        """Ask the provider and return everything that holds for this session now.

        `object_ids` are objects that the provider named of it. Facts known already are among what
        is returned: they change nothing.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """

    async def confirmation(self, session: Session) -> Confirmation | None:
        """Return what confirms the session's own payment of what is due with its kept card.

        None where that payment can be made no more, or is not of what is due by now.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """


class ProviderUnreachable(Exception):
    """The payment provider did not answer, or refused to: its message names the error."""
