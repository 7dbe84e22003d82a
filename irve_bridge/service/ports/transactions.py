"""What charge points metered, and what their meters signed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from irve_bridge.domain.curve import Sample
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.signatures import SignedReading, Verdict
from irve_bridge.domain.transaction import Transaction


class TakenReading(Struct, frozen=True):
    """A reading and the transaction it belongs to."""

    charge_point_id: str
    transaction_id: str
    reading: Reading


class Transactions(Protocol):
    """Charge points' transactions and their readings."""

    def next_id(self) -> int:
        """Return a new positive id of 31 bits, unique in this installation (OCPP 1.6 errata 3.54).

        The first one is random: a charge point may still name transactions of another system.
        """

    def add(self, transaction: Transaction) -> None:
        """Record a new transaction."""

    def save(self, transaction: Transaction) -> None:
        """Write down its stop."""

    def get(self, charge_point_id: str, transaction_id: str) -> Transaction | None:
        """Return a transaction by its key."""

    def same_start(self, transaction: Transaction) -> Transaction | None:
        """Return the one with equal charge point, connector, id tag, start and first register."""

    def running(self, charge_point_id: str | None = None) -> list[Transaction]:
        """Return the transactions without an end, oldest first."""

    def running_of(self, node_id: str) -> set[tuple[str, str]]:
        """Return the keys of those without an end at the charge points that a node has."""

    def unheard(self, charge_point_id: str) -> list[Transaction]:
        """Return those whose stop was not heard of, be they ended presumably, oldest first.

        Of those that were, the last hundred.
        """

    def at_free_connectors(self, node_id: str) -> list[Transaction]:
        """Return a node's running ones whose connector is free for others, oldest first.

        Those of a charge point that no living node has are everybody's.
        """

    def no_guest_s(self, node_id: str, heard_by: datetime) -> list[Transaction]:
        """Return a node's running ones of no session, heard of by a moment, oldest first."""

    def unbilled(self, since: datetime, until: datetime) -> list[Transaction]:
        """Return those that stopped in [since, until) having metered energy, for no session."""

    def ran_on(self, since: datetime, until: datetime) -> list[Transaction]:
        """Return those heard of in [since, until) to have used more than was billed."""

    def latest_at(self, charge_point_id: str, connector_number: int) -> Transaction | None:
        """Return the one that started last at a connector, running or not."""

    def readings(
        self, charge_point_id: str, transaction_id: str, *, after: datetime | None = None
    ) -> list[Reading]:
        """Return the readings of a transaction, all or those after a moment, by time."""

    def samples(self, charge_point_id: str, transaction_id: str, most: int) -> list[Sample]:
        """Return a transaction's readings in so many stretches at most, by time."""

    def last_activity(
        self, charge_point_id: str, transaction_id: str, since: datetime
    ) -> Reading | None:
        """Return the last reading, not before `since`, that says what the car did."""

    def add_readings(self, readings: Iterable[TakenReading]) -> None:
        """Record readings; one with the same moment and values is kept once."""


class Signatures(Protocol):
    """What meters signed, byte for byte, and what verification said of it."""

    def add(
        self, charge_point_id: str, transaction_id: str, signed: Iterable[SignedReading]
    ) -> None:
        """Keep signed texts of a transaction; of those of one payload the first."""

    def of(self, charge_point_id: str, transaction_id: str) -> list[SignedReading]:
        """Return all that was signed of a transaction, by time."""

    def telling(self, charge_point_id: str, transaction_id: str) -> list[SignedReading]:
        """Return those of a transaction that can tell begin and end, by time.

        Few, although a meter may sign every sample: `ENDS_MAX` that say they are of its begin or
        end, and of the others the first and the last `OUTERMOST`.
        """

    def count(self, charge_point_id: str, transaction_id: str) -> int:
        """Return how many signed texts are kept of a transaction."""

    def judge(
        self, charge_point_id: str, transaction_id: str, signed: SignedReading, verdict: Verdict
    ) -> None:
        """Write what verification said of one; what it said first stays."""

    def vouches_elsewhere(
        self, charge_point_id: str, transaction_id: str, signed: SignedReading
    ) -> bool:
        """Return whether this payload is valid for another transaction of the charge point."""
