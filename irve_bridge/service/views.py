"""Read models: what pages and the API show, in one read each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.curve import POINTS_MOST, Curve, curve_of
from irve_bridge.domain.errors import Refusal, UnknownThing
from irve_bridge.domain.receipt import Receipt
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.domain.signatures import SignedReading
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.elsewhere import Elsewhere
from irve_bridge.service.evidence import Record, record
from irve_bridge.service.meters import Meters
from irve_bridge.service.overview import Overview, overview
from irve_bridge.service.places import busy, place, refuse_unavailable
from irve_bridge.service.policy import Policy, debt_deadline
from irve_bridge.service.ports import Clock, Movement, Sought, Storage, Tx
from irve_bridge.service.running import Live
from irve_bridge.service.stories import Story, found, story


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
    """One session with where it happens, its live figures while it charges, and its money.

    `unpaid` is the session that the same card has yet to pay, if that is why this one was refused.
    `signed` are the values that tell begin and end; `receipts` the papers, by their numbers.
    """

    session: Session
    charge_point: ChargePoint | None
    connector: Connector | None
    live: Live | None
    movements: tuple[Movement, ...]
    unpaid: Session | None = None
    signed: Sequence[SignedReading] = ()
    receipts: Sequence[Receipt] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """How long something is due, how often its card was charged again, and what time will bring."""

    since: datetime
    tries: int
    next_try_at: datetime | None
    written_off_at: datetime


def debt_of(session: Session, policy: Policy) -> Debt | None:
    """Return what is to be known of a debt; None where nothing is due.

    While its driver is at a checkout the card is not charged again.
    """
    if session.state is not State.DUE:
        return None
    since = session.due_since or session.opened_at
    written_off_at = since + policy.debt_term
    next_at = None if session.paying_since else debt_deadline(session, policy)
    return Debt(
        since=since,
        tries=session.charge_tries,
        next_try_at=next_at if next_at and next_at < written_off_at else None,
        written_off_at=written_off_at,
    )


def stoppable(session: Session) -> bool:
    """Return whether a person may ask for its end: nobody did, and the CSMS does not meter it."""
    return (
        session.state in (State.SECURED, State.CHARGING)
        and session.stop_cause is None
        and session.metered_by is MeteredBy.BRIDGE
    )


class Views:
    """Reads for pages and API."""

    def __init__(self, storage: Storage, meters: Meters, clock: Clock) -> None:
        self._storage = storage
        self._meters = meters
        self._clock = clock
        self._elsewhere = Elsewhere()

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

    async def id_of(self, token: str) -> str:
        """Return the id of the session of a driver's link.

        Raises:
            UnknownThing: The link names none.
        """
        session = await self._storage.read(lambda tx: tx.sessions.by_token(token))
        if session is None:
            raise _no_session()
        return session.id

    async def by_id(self, session_id: str) -> SessionView:
        """Return a session.

        Raises:
            UnknownThing: There is none of that id.
        """
        return await self._view(lambda tx: tx.sessions.get(session_id))

    async def curve(self, view: SessionView) -> Curve:
        """Return how the power of a session's transaction went; nothing before its first reading.

        It reads through all readings of the transaction: for who begins to watch, not for each one.
        """
        key = (view.session.charge_point_id, view.session.transaction_id or "")
        samples = await self._storage.read(lambda tx: tx.transactions.samples(*key, POINTS_MOST))
        return curve_of(samples, view.connector.power_w if view.connector else 0)

    def refreshed(self, view: SessionView) -> SessionView | None:
        """Return a view with its figures of now, without asking the storage.

        None where the meter does not run here, or the session is not as it was any more.
        """
        live = self._meters.live(view.session, self._clock.now())
        same = live is not None and live.state == view.session.state
        return replace(view, live=live) if same else None

    async def overview(self, since: datetime) -> Overview:
        """Return how everything stands, and what moved since a moment."""
        now = self._clock.now()
        return await self._storage.read(lambda tx: overview(tx, now, since, self._live))

    async def story(self, session_id: str) -> Story:
        """Return all that is kept of a session, with its live figures while it charges.

        Raises:
            UnknownThing: There is none of that id.
        """
        now = self._clock.now()
        return await self._storage.read(lambda tx: story(tx, session_id, now, self._live))

    async def found(self, text: str, sought: Sought, limit: int) -> list[Session]:
        """Return what an operator looks for, newest first; see `stories.found`."""
        return await self._storage.read(lambda tx: found(tx, text, sought, limit))

    async def newest(self, state: State | None, limit: int) -> list[Session]:
        """Return sessions, newest first, those in one state or all."""
        return await self._storage.read(lambda tx: tx.sessions.search(state, limit))

    async def cdrs(self, session_id: str) -> list[Cdr]:
        """Return a session's CDRs in the order they were made.

        Raises:
            UnknownThing: There is no session of that id.
        """
        return await self._storage.read(lambda tx: cdrs_of(tx, session_id))

    async def transaction_cdrs(self, charge_point_id: str, transaction_id: str) -> list[Cdr]:
        """Return a transaction's CDRs, be it of a session or not, in the order they were made.

        Raises:
            UnknownThing: There is no transaction of that id.
        """
        named = (charge_point_id, transaction_id)
        return await self._storage.read(lambda tx: transaction_cdrs_of(tx, *named))

    async def record(self, session_id: str) -> Record:
        """Return all that is kept of a session.

        Raises:
            UnknownThing: There is none of that id.
        """
        return await self._storage.read(lambda tx: record(tx, session_id))

    async def _view(self, find: Callable[[Tx], Session | None]) -> SessionView:
        now = self._clock.now()
        return await self._storage.read(lambda tx: self._session(tx, find(tx), now))

    def _session(self, tx: Tx, session: Session | None, now: datetime) -> SessionView:
        if session is None:
            raise _no_session()
        return SessionView(
            session=session,
            charge_point=tx.stations.charge_point(session.charge_point_id),
            connector=tx.stations.connector(session.charge_point_id, session.connector_number),
            live=self._live(tx, session, now),
            movements=tuple(tx.books.movements(session.id)),
            unpaid=_unpaid(tx, session),
            signed=tx.signatures.telling(session.charge_point_id, session.transaction_id or ""),
            receipts=tx.receipts.of_session(session.id),
        )

    def _live(self, tx: Tx, session: Session, now: datetime) -> Live | None:
        """From the running meter, or from storage where the meter runs elsewhere."""
        if session.state not in (State.CHARGING, State.STOPPING) or not session.transaction_id:
            return None
        if (live := self._meters.live(session, now)) is not None:
            return live
        return self._elsewhere.live(tx, session, now)


def cdrs_of(tx: Tx, session_id: str) -> list[Cdr]:
    """Return a session's CDRs in the order they were made.

    Raises:
        UnknownThing: There is no session of that id.
    """
    if tx.sessions.get(session_id) is None:
        raise _no_session()
    return tx.cdrs.of_session(session_id)


def transaction_cdrs_of(tx: Tx, charge_point_id: str, transaction_id: str) -> list[Cdr]:
    """Return a transaction's CDRs in the order they were made.

    Raises:
        UnknownThing: There is no transaction of that id.
    """
    if tx.transactions.get(charge_point_id, transaction_id) is None:
        raise UnknownThing("There is no such transaction.", "unknown_transaction")
    return tx.cdrs.of_transaction(charge_point_id, transaction_id)


def _no_session() -> UnknownThing:
    return UnknownThing("There is no such session.", "unknown_session")


def _unpaid(tx: Tx, session: Session) -> Session | None:
    named = session.debt_session_id
    owing = tx.sessions.get(named) if named else None
    return owing if owing and owing.state is State.DUE else None


def _station(tx: Tx, charge_point_id: str, number: int, now: datetime) -> StationView:
    charge_point, connector, tariff = place(tx, charge_point_id, number, now)
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
