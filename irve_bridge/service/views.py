"""Read models: what pages and the API show, in one read each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.errors import Refusal, UnknownThing
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.meters import Live, Meters, running_from
from irve_bridge.service.places import busy, place, refuse_unavailable
from irve_bridge.service.ports import Clock, Movement, Storage, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """One connector as a driver sees it; `refusal` says why nobody can pay there now.

    `holder` is the session that has it, so that its own driver can be shown the way back.
    """

    charge_point: ChargePoint
    connector: Connector
    tariff: Tariff
    holder: Session | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session with where it happens, its live figures while it charges, and its money."""

    session: Session
    charge_point: ChargePoint | None
    connector: Connector | None
    live: Live | None
    movements: tuple[Movement, ...]


class Views:
    """Reads for pages and API."""

    def __init__(self, storage: Storage, meters: Meters, clock: Clock) -> None:
        self._storage = storage
        self._meters = meters
        self._clock = clock

    async def stations(self) -> list[tuple[ChargePoint, list[Connector]]]:
        """Return every charge point with its connectors."""
        return await self._storage.read(
            lambda tx: [
                (point, tx.stations.connectors(point.id)) for point in tx.stations.charge_points()
            ]
        )

    async def station(self, charge_point_id: str, number: int) -> StationView:
        """Return one connector as a driver sees it.

        Raises:
            UnknownThing: There is none of that name.
        """
        now = self._clock.now()
        return await self._storage.read(lambda tx: _station(tx, charge_point_id, number, now))

    async def by_token(self, token: str) -> SessionView:
        """Return the session of a driver's link.

        Raises:
            UnknownThing: The link names none.
        """
        return await self._view(lambda tx: tx.sessions.by_token(token))

    async def by_id(self, session_id: str) -> SessionView:
        """Return a session.

        Raises:
            UnknownThing: There is none of that id.
        """
        return await self._view(lambda tx: tx.sessions.get(session_id))

    async def _view(self, find: Callable[[Tx], Session | None]) -> SessionView:
        now = self._clock.now()
        return await self._storage.read(lambda tx: self._session(tx, find(tx), now))

    def _session(self, tx: Tx, session: Session | None, now: datetime) -> SessionView:
        if session is None:
            raise UnknownThing("There is no such session.", "unknown_session")
        return SessionView(
            session=session,
            charge_point=tx.stations.charge_point(session.charge_point_id),
            connector=tx.stations.connector(session.charge_point_id, session.connector_number),
            live=self._live(tx, session, now),
            movements=tuple(tx.books.movements(session.id)),
        )

    def _live(self, tx: Tx, session: Session, now: datetime) -> Live | None:
        """From the running meter, or folded from storage where the meter runs elsewhere."""
        if session.state not in (State.CHARGING, State.STOPPING) or not session.transaction_id:
            return None
        if (live := self._meters.live(session, now)) is not None:
            return live
        transaction = tx.transactions.get(session.charge_point_id, session.transaction_id)
        return running_from(tx, transaction, session, now).live(now) if transaction else None


def _station(tx: Tx, charge_point_id: str, number: int, now: datetime) -> StationView:
    charge_point, connector, tariff = place(tx, charge_point_id, number)
    holder = tx.sessions.at_connector(charge_point_id, number, now)
    return StationView(
        charge_point=charge_point,
        connector=connector,
        tariff=tariff,
        holder=holder,
        refusal=busy() if holder else _refusal(charge_point, connector),
    )


def _refusal(charge_point: ChargePoint, connector: Connector) -> Refusal | None:
    try:
        refuse_unavailable(charge_point, connector)
    except Refusal as refusal:
        return refusal
    return None
