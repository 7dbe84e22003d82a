"""What operators see of charge points and transactions, a page at a time, in one read each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.charging_profile import ChargingProfile
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service import commands
from irve_bridge.service.ports import (
    Asked,
    Bus,
    Clock,
    Offline,
    Selection,
    StationEvent,
    Storage,
    Stranger,
    Tx,
    Unanswered,
)

NEWEST = 20
"""How many events and commands are shown with a charge point."""
RESERVATIONS_SHOWN = 1000
RECENT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointView:
    """One charge point with what it said, what it was asked, and what it holds.

    `messages` are the last frames of its conversation, oldest first; none while it is offline.
    """

    charge_point: ChargePoint
    connectors: Sequence[Connector]
    configuration: Sequence[ConfigurationKey]
    running: Sequence[Transaction]
    reservations: Sequence[Reservation]
    charging_profiles: Sequence[ChargingProfile]
    events: Sequence[StationEvent]
    commands: Sequence[Asked]
    messages: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionView:
    """One transaction with its last readings, oldest first."""

    transaction: Transaction
    readings: Sequence[Reading]


class Inventory:
    """Reads for the operator's lists."""

    def __init__(self, storage: Storage, bus: Bus, clock: Clock) -> None:
        self._storage = storage
        self._bus = bus
        self._clock = clock

    async def charge_points(
        self, limit: int, after: str, *, online: bool | None, called: str = ""
    ) -> list[tuple[ChargePoint, list[Connector]]]:
        """Return charge points by id, behind one that was listed, with their connectors.

        `called` is part of an id or a name.
        """

        def query(tx: Tx) -> list[tuple[ChargePoint, list[Connector]]]:
            points = tx.listings.charge_points(limit, after, online=online, called=called)
            outlets: dict[str, list[Connector]] = {point.id: [] for point in points}
            for outlet in tx.listings.connectors(list(outlets)):
                outlets[outlet.charge_point_id].append(outlet)
            return [(point, outlets[point.id]) for point in points]

        return await self._storage.read(query)

    async def charge_point(self, charge_point_id: str) -> ChargePointView:
        """Return one charge point.

        Raises:
            UnknownThing: There is none of that id.
        """
        now = self._clock.now()
        messages = await self._messages(charge_point_id)
        return await self._storage.read(lambda tx: _view(tx, charge_point_id, now, messages))

    async def events(
        self, charge_point_id: str, limit: int, before: int | None
    ) -> list[StationEvent]:
        """Return what a charge point told of itself, newest first.

        Raises:
            UnknownThing: There is none of that id.
        """

        def query(tx: Tx) -> list[StationEvent]:
            known(tx, charge_point_id)
            return tx.station_events.of(charge_point_id, limit, before)

        return await self._storage.read(query)

    async def commands(self, charge_point_id: str, limit: int, before: int | None) -> list[Asked]:
        """Return what a charge point was asked by operators, newest first.

        Raises:
            UnknownThing: There is none of that id.
        """

        def query(tx: Tx) -> list[Asked]:
            known(tx, charge_point_id)
            return tx.commands.of(charge_point_id, limit, before)

        return await self._storage.read(query)

    async def transactions(self, selection: Selection, limit: int) -> list[Transaction]:
        """Return transactions, newest first, of guests and all others."""
        return await self._storage.read(lambda tx: tx.listings.transactions(selection, limit))

    async def transaction(
        self, charge_point_id: str, transaction_id: str, limit: int
    ) -> TransactionView:
        """Return one transaction with its last readings, so many at most.

        Raises:
            UnknownThing: There is none of that id.
        """

        def query(tx: Tx) -> TransactionView:
            found = tx.transactions.get(charge_point_id, transaction_id)
            if found is None:
                raise UnknownThing("There is no such transaction.", "unknown_transaction")
            readings = tx.transactions.readings(charge_point_id, transaction_id)[-limit:]
            return TransactionView(transaction=found, readings=readings)

        return await self._storage.read(query)

    async def reservations(
        self, limit: int, charge_point_id: str | None, after: tuple[str, int]
    ) -> list[Reservation]:
        """Return what is reserved now, by charge point and id."""
        now = self._clock.now()
        return await self._storage.read(
            lambda tx: tx.reservations.standing(now, limit, charge_point_id, after)
        )

    async def charging_profiles(
        self, limit: int, after: tuple[str, int, int]
    ) -> list[ChargingProfile]:
        """Return the charging profiles that were set, by charge point, connector and id."""
        return await self._storage.read(lambda tx: tx.charging_profiles.page(limit, after))

    async def strangers(self, limit: int, after: str) -> list[Stranger]:
        """Return who tried to connect and is not registered, by identity."""
        return await self._storage.read(lambda tx: tx.strangers.page(limit, after))

    async def _messages(self, charge_point_id: str) -> list[Mapping[str, Any]]:
        try:
            reply = await self._bus.request(
                charge_point_id, commands.encode(commands.Recent()), RECENT_TIMEOUT_S
            )
        except (Offline, Unanswered):
            return []
        payload = commands.decode_answer(reply).payload or {}
        return list(payload.get("messages", ()))


def known(tx: Tx, charge_point_id: str) -> ChargePoint:
    """Return a registered charge point.

    Raises:
        UnknownThing: There is none of that id.
    """
    found = tx.stations.charge_point(charge_point_id)
    if found is None:
        raise UnknownThing(f"There is no charge point {charge_point_id}.", "unknown_charge_point")
    return found


def _view(
    tx: Tx, charge_point_id: str, now: datetime, messages: Sequence[Mapping[str, Any]]
) -> ChargePointView:
    return ChargePointView(
        charge_point=known(tx, charge_point_id),
        connectors=tx.stations.connectors(charge_point_id),
        configuration=tx.configuration.of(charge_point_id),
        running=tx.transactions.running(charge_point_id),
        reservations=tx.reservations.standing(now, RESERVATIONS_SHOWN, charge_point_id),
        charging_profiles=tx.charging_profiles.of(charge_point_id),
        events=tx.station_events.of(charge_point_id, NEWEST),
        commands=tx.commands.of(charge_point_id, NEWEST),
        messages=messages,
    )
