"""How much there is of what is not over, and what a day brought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsTally:
    """Sessions in one state and one currency: how many, what they secured, what they still owe."""

    state: str
    currency: str
    sessions: int
    secured_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTally:
    """The intents of a lane that have not ended.

    `unknown` are calls whose outcome nobody knows and nobody looks up at this moment.
    """

    lane: str
    pending: int
    oldest_at: datetime
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTally:
    """Charge points and connectors: how many there are, are offline, and are out of order."""

    charge_points: int
    offline: int
    faulted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTally:
    """Movements of one kind and one currency: how many, and how much they come to."""

    kind: str
    currency: str
    movements: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingsTally:
    """What a span of time brought in, in one currency, at one station or at all ("").

    `charged_minor` and `refunded_minor` are what the books say moved, a refund that the bank sent
    back being none; `disputed_minor` is what cardholders began to dispute. `billed_minor` and the
    VAT in it are what receipts say, credit notes taken off. `sessions` were settled, and delivered
    `energy_wh`.
    """

    charge_point_id: str
    currency: str
    charged_minor: int
    refunded_minor: int
    disputed_minor: int
    billed_minor: int
    vat_minor: int
    sessions: int
    energy_wh: int

    @property
    def net_minor(self) -> int:
        """What was charged and not given back."""
        return self.charged_minor - self.refunded_minor


class Tallies(Protocol):
    """Figures for who watches: of what is not over, and of what a span of time brought."""

    def sessions(self) -> list[SessionsTally]:
        """Return what there is of sessions that are not over."""

    def lanes(self, now: datetime) -> list[LaneTally]:
        """Return what there is to do, of lanes where there is anything."""

    def given_up(self, kind: str) -> int:
        """Return how many intents of a kind were given up."""

    def fleet(self) -> FleetTally:
        """Return how charge points and connectors are."""

    def moved(self, since: datetime, until: datetime) -> list[MovedTally]:
        """Return what money moved in [since, until), by kind and currency."""

    def takings(
        self, since: datetime, until: datetime, charge_point_id: str | None = None
    ) -> list[TakingsTally]:
        """Return what [since, until) brought in, at one station or at all, by currency."""

    def takings_by_station(
        self, since: datetime, until: datetime, limit: int, after: tuple[str, str] = ("", "")
    ) -> list[TakingsTally]:
        """Return what [since, until) brought in, by station and currency, behind one of these."""
