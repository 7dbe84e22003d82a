"""What operators ask of charge points, and what these say of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.charging_profile import ChargingProfile
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command of the operator's; no answer and no error: nobody knows what became of it.

    `error` is offline, timeout, invalid, busy, or the code of a CALLERROR. Secrets are masked.
    `by` is the account that gave it on the operator's pages, "" of the API.
    """

    id: int
    charge_point_id: str
    at: datetime
    action: str
    payload: Mapping[str, Any]
    by: str = ""
    answer: Mapping[str, Any] | None = None
    error: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationEvent:
    """What a charge point told of itself; `kind` is the action that told it."""

    id: int
    charge_point_id: str
    at: datetime
    kind: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """An identity that is not registered and tried to connect."""

    charge_point_id: str
    first_at: datetime
    last_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which transactions; `before` is the start, charge point and id of one that was listed."""

    charge_point_id: str | None = None
    running: bool | None = None
    before: tuple[datetime, str, str] | None = None


class Commands(Protocol):
    """Every command of the operator's, for whoever asks later, until its term is over."""

    def add(
        self,
        charge_point_id: str,
        action: str,
        payload: Mapping[str, Any],
        at: datetime,
        by: str = "",
    ) -> int:
        """Write down a command before it is sent, and who gave it; return its number."""

    def conclude(
        self, number: int, answer: Mapping[str, Any] | None, error: str | None, at: datetime
    ) -> None:
        """Write down what became of it."""

    def of(self, charge_point_id: str, limit: int, before: int | None = None) -> list[Asked]:
        """Return a charge point's commands, newest first, those below a number."""

    def oldest_at(self) -> datetime | None:
        """Return when the oldest was given, None for none."""

    def forget_before(self, moment: datetime) -> None:
        """Forget the oldest that were given before a moment, `FORGOTTEN_MOST` at once."""


class StationEvents(Protocol):
    """What charge points told of themselves: of each the newest `EVENTS_KEPT`."""

    def add(
        self, charge_point_id: str, kind: str, details: Mapping[str, Any], at: datetime
    ) -> None:
        """Keep an event, and forget the oldest of too many."""

    def of(self, charge_point_id: str, limit: int, before: int | None = None) -> list[StationEvent]:
        """Return a charge point's events, newest first, those below a number."""


class Reservations(Protocol):
    """What charge points keep for whom."""

    def put(self, reservation: Reservation) -> None:
        """Keep a reservation in place of one with its id; the charge point's old ones go."""

    def get(self, charge_point_id: str, number: int) -> Reservation | None:
        """Return a reservation, expired or not."""

    def remove(self, charge_point_id: str, number: int) -> None:
        """Forget a reservation: used or cancelled."""

    def standing(
        self,
        now: datetime,
        limit: int,
        charge_point_id: str | None = None,
        after: tuple[str, int] = ("", 0),
    ) -> list[Reservation]:
        """Return those that have not expired, by charge point and id, behind one."""


class ChargingProfiles(Protocol):
    """The charging profiles that charge points accepted."""

    def put(self, profile: ChargingProfile) -> None:
        """Keep a profile."""

    def remove(self, profile: ChargingProfile) -> None:
        """Forget a profile."""

    def of(self, charge_point_id: str) -> list[ChargingProfile]:
        """Return a charge point's profiles by connector and id."""

    def page(self, limit: int, after: tuple[str, int, int] = ("", 0, 0)) -> list[ChargingProfile]:
        """Return those of all charge points, by charge point, connector and id, behind a place."""


class Strangers(Protocol):
    """Unknown identities that tried to connect: the `STRANGERS_KEPT` last seen."""

    def seen(self, charge_point_id: str, address: str, agent: str, at: datetime) -> None:
        """Write down that one tried again, and forget the one seen longest ago of too many."""

    def page(self, limit: int, after: str = "") -> list[Stranger]:
        """Return those that are still not registered, by identity, behind one that was listed."""


class Listings(Protocol):
    """What is registered and what was charged, a page at a time."""

    def charge_points(
        self, limit: int, after: str = "", *, online: bool | None = None, called: str = ""
    ) -> list[ChargePoint]:
        """Return charge points by id, behind one that was listed.

        `called`: part of an id or a name, whatever the case of its ASCII letters.
        """

    def faulted(self, limit: int) -> list[Connector]:
        """Return connectors that are out of order, by charge point and number."""

    def connectors(self, charge_point_ids: Sequence[str]) -> list[Connector]:
        """Return the connectors of these charge points, by charge point and number."""

    def tariffs(self, limit: int, after: str = "") -> list[Tariff]:
        """Return tariffs by id, behind one that was listed."""

    def tariffs_named(self) -> dict[str, int]:
        """Return how many connectors name each tariff, be it not the first."""

    def priced_by(self, tariff_id: str) -> list[Connector]:
        """Return the connectors that name a tariff, be it not the first."""

    def at_evse(self, evse_id: str) -> list[Connector]:
        """Return the connectors of an EVSE."""

    def operators(self, limit: int) -> list[ChargePoint]:
        """Return a charge point of each operator, as far as these differ in what they say."""

    def transactions(self, selection: Selection, limit: int) -> list[Transaction]:
        """Return transactions, newest first."""

    def unfinished(self, charge_point_id: str) -> str | None:
        """Return the id of a session there that has not ended, None for none."""
