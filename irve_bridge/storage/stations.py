"""Charge points, connectors and tariffs."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, select, update

from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.tariff import Tariff
from irve_bridge.storage.rows import from_row, maybe, to_row, upsert
from irve_bridge.storage.schema import charge_points, connectors, tariffs
from irve_bridge.storage.turns import Turns

_ONE_CHARGE_POINT = charge_points.c.id == bindparam("of_id")
_ONE_CONNECTOR = (connectors.c.charge_point_id == bindparam("of_id")) & (
    connectors.c.number == bindparam("of_number")
)
_CHARGE_POINT = select(charge_points).where(_ONE_CHARGE_POINT)
_CHARGE_POINTS = select(charge_points).order_by(charge_points.c.id)
_CONNECTOR = select(connectors).where(_ONE_CONNECTOR)
_CONNECTORS = (
    select(connectors)
    .where(connectors.c.charge_point_id == bindparam("of_id"))
    .order_by(connectors.c.number)
)
_TARIFF = select(tariffs.c.document).where(tariffs.c.id == bindparam("of_id"))
_PUT_CHARGE_POINT = upsert(
    charge_points,
    kept=frozenset(
        {"node", "connected_at", "behind_at", "seen_at", "vendor", "model", "firmware"}
        | {"status", "error_code", "next_password_hash", "next_security_profile"}
    ),
)
_SECURITY = (
    "password_hash",
    "next_password_hash",
    "given_password_hash",
    "security_profile",
    "next_security_profile",
)
_PUT_CONNECTOR = upsert(
    connectors, kept=frozenset({"status", "error_code", "status_at", "status_since"})
)
_PUT_TARIFF = upsert(tariffs)
_REMOVE_CONNECTOR = delete(connectors).where(_ONE_CONNECTOR)
_REMOVE_CONNECTORS = delete(connectors).where(connectors.c.charge_point_id == bindparam("of_id"))
_REMOVE_CHARGE_POINT = delete(charge_points).where(_ONE_CHARGE_POINT)
_NOTE_CHARGE_POINT = update(charge_points).where(_ONE_CHARGE_POINT)
_NOTE_CONNECTOR = (
    update(connectors)
    .where(_ONE_CONNECTOR)
    .values(
        status=bindparam("new_status"),
        error_code=bindparam("new_error_code"),
        status_at=bindparam("said_at"),
        status_since=case(
            (connectors.c.status == bindparam("new_status"), connectors.c.status_since),
            else_=bindparam("said_at"),
        ),
    )
)


class SqlStations:
    """Implements `ports.Stations`; a tariff is put before the connectors that name it."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns

    def charge_point(self, charge_point_id: str) -> ChargePoint | None:
        """Return a registered charge point."""
        self._turns.take(charge_point_id)
        row = self._connection.execute(_CHARGE_POINT, {"of_id": charge_point_id}).first()
        return maybe(row, ChargePoint)

    def charge_points(self) -> list[ChargePoint]:
        """Return all registered charge points by id."""
        return [from_row(row, ChargePoint) for row in self._connection.execute(_CHARGE_POINTS)]

    def connector(self, charge_point_id: str, number: int) -> Connector | None:
        """Return one connector."""
        self._turns.take(charge_point_id)
        named = {"of_id": charge_point_id, "of_number": number}
        row = self._connection.execute(_CONNECTOR, named).first()
        return maybe(row, Connector)

    def connectors(self, charge_point_id: str) -> list[Connector]:
        """Return a charge point's connectors by number."""
        self._turns.take(charge_point_id)
        rows = self._connection.execute(_CONNECTORS, {"of_id": charge_point_id})
        return [from_row(row, Connector) for row in rows]

    def tariff(self, tariff_id: str) -> Tariff | None:
        """Return a tariff."""
        tariff: Tariff | None = self._connection.scalar(_TARIFF, {"of_id": tariff_id})
        return tariff

    def put(self, thing: ChargePoint | Connector | Tariff) -> None:
        """Register or change; what a charge point reported of itself is kept."""
        match thing:
            case ChargePoint():
                self._turns.take(thing.id)
                self._connection.execute(_PUT_CHARGE_POINT, to_row(thing))
            case Connector():
                self._turns.take(thing.charge_point_id)
                self._connection.execute(_PUT_CONNECTOR, to_row(thing))
            case Tariff():
                self._connection.execute(_PUT_TARIFF, {"id": thing.id, "document": thing})

    def remove_connector(self, charge_point_id: str, number: int) -> None:
        """Forget a connector that the operator's file no longer names."""
        self._turns.take(charge_point_id)
        named = {"of_id": charge_point_id, "of_number": number}
        self._connection.execute(_REMOVE_CONNECTOR, named)

    def remove(self, charge_point_id: str) -> None:
        """Forget a charge point and its connectors."""
        self._turns.take(charge_point_id)
        for statement in (_REMOVE_CONNECTORS, _REMOVE_CHARGE_POINT):
            self._connection.execute(statement, {"of_id": charge_point_id})

    def connected(self, charge_point_id: str, at: datetime | None) -> None:
        """Note when the socket opened; None when it closed."""
        seen = {} if at is None else {"seen_at": at}
        self._note(charge_point_id, connected_at=at, **seen)

    def secured(self, charge_point: ChargePoint) -> None:
        """Write down its keys and its security profile, and nothing else of it."""
        row = to_row(charge_point)
        self._note(charge_point.id, **{name: row[name] for name in _SECURITY})

    def behind(self, charge_point_id: str, at: datetime) -> None:
        """Note that it told of something older than its connection."""
        self._note(charge_point_id, behind_at=at)

    def booted(
        self, charge_point_id: str, vendor: str, model: str, firmware: str | None, at: datetime
    ) -> None:
        """Note what the charge point says it is."""
        self._note(charge_point_id, vendor=vendor, model=model, firmware=firmware, seen_at=at)

    def reported(
        self,
        charge_point_id: str,
        number: int,
        status: ConnectorStatus,
        error_code: str | None,
        at: datetime,
    ) -> None:
        """Note a connector's status; number 0 is the whole charge point (OCPP 1.6 ed. 2 §4.9)."""
        if number == 0:
            said = {"status": status.value, "error_code": error_code}
            self._note(charge_point_id, **said, seen_at=at)
            return
        self._turns.take(charge_point_id)
        told = {"new_status": status.value, "new_error_code": error_code, "said_at": at}
        named = {"of_id": charge_point_id, "of_number": number}
        self._connection.execute(_NOTE_CONNECTOR, told | named)
        self._note(charge_point_id, seen_at=at)

    def _note(self, charge_point_id: str, **said: str | int | datetime | None) -> None:
        self._turns.take(charge_point_id)
        self._connection.execute(_NOTE_CHARGE_POINT, said | {"of_id": charge_point_id})
