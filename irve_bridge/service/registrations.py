"""Charge points that are no longer registered."""

from contextlib import suppress

from irve_bridge.domain.errors import Conflict
from irve_bridge.service import commands
from irve_bridge.service.inventory import known
from irve_bridge.service.ports import Bus, Clock, Offline, Storage, Tx, Unanswered

LEAVE_TIMEOUT_S = 2.0
PAGE = 1000


class Registrations:
    """Removes charge points; what registers them is the stations file, or one entry of it."""

    def __init__(self, storage: Storage, bus: Bus, clock: Clock) -> None:
        self._storage = storage
        self._bus = bus
        self._clock = clock

    async def remove(self, charge_point_id: str) -> None:
        """Forget a charge point and close its socket; its transactions and sessions stay.

        Raises:
            UnknownThing: There is none of that id.
            Conflict: A session or a transaction there has not ended.
        """
        await self._storage.transact(lambda tx: self._remove(tx, charge_point_id))
        with suppress(Offline, Unanswered):
            await self._bus.request(
                charge_point_id, commands.encode(commands.Leave()), LEAVE_TIMEOUT_S
            )

    def _remove(self, tx: Tx, charge_point_id: str) -> None:
        known(tx, charge_point_id)
        if session_id := tx.listings.unfinished(charge_point_id):
            raise Conflict(f"The session {session_id} has not ended there.")
        if running := tx.transactions.running(charge_point_id):
            raise Conflict(f"The transaction {running[0].id} has not ended there.")
        for profile in tx.charging_profiles.of(charge_point_id):
            tx.charging_profiles.remove(profile)
        now = self._clock.now()
        for reservation in tx.reservations.standing(now, PAGE, charge_point_id):
            tx.reservations.remove(charge_point_id, reservation.id)
        tx.configuration.replace(charge_point_id, ())
        tx.stations.remove(charge_point_id)
