"""What charge points keep for whom."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from irve_bridge.domain.reservation import Reservation
from irve_bridge.storage.rows import from_row, maybe, to_row, upsert
from irve_bridge.storage.schema import reservations

_PLACE = (reservations.c.charge_point_id, reservations.c.id)
_ONE = (reservations.c.charge_point_id == bindparam("of_charge_point")) & (
    reservations.c.id == bindparam("of_id")
)
_PUT = upsert(reservations)
_GET = select(reservations).where(_ONE)
_REMOVE = delete(reservations).where(_ONE)
_REMOVE_EXPIRED = delete(reservations).where(
    reservations.c.charge_point_id == bindparam("of_charge_point"),
    reservations.c.expires_at <= bindparam("now"),
)
_STANDING = (
    select(reservations)
    .where(
        reservations.c.expires_at > bindparam("now"),
        tuple_(*_PLACE) > tuple_(bindparam("after_charge_point"), bindparam("after_id")),
    )
    .order_by(*_PLACE)
    .limit(bindparam("most"))
)
_STANDING_AT = _STANDING.where(reservations.c.charge_point_id == bindparam("of_charge_point"))


class SqlReservations:
    """Implements `ports.Reservations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, reservation: Reservation) -> None:
        """Keep a reservation in place of one with its id; the charge point's old ones go."""
        old = {"of_charge_point": reservation.charge_point_id, "now": reservation.made_at}
        self._connection.execute(_REMOVE_EXPIRED, old)
        self._connection.execute(_PUT, to_row(reservation))

    def get(self, charge_point_id: str, number: int) -> Reservation | None:
        """Return a reservation, expired or not."""
        named = {"of_charge_point": charge_point_id, "of_id": number}
        return maybe(self._connection.execute(_GET, named).first(), Reservation)

    def remove(self, charge_point_id: str, number: int) -> None:
        """Forget a reservation: used or cancelled."""
        self._connection.execute(_REMOVE, {"of_charge_point": charge_point_id, "of_id": number})

    def standing(
        self,
        now: datetime,
        limit: int,
        charge_point_id: str | None = None,
        after: tuple[str, int] = ("", 0),
    ) -> list[Reservation]:
        """Return those that have not expired, by charge point and id, behind one."""
        place = {"after_charge_point": after[0], "after_id": after[1]}
        asked = {"now": now, "most": limit} | place
        if charge_point_id is None:
            rows = self._connection.execute(_STANDING, asked)
        else:
            rows = self._connection.execute(
                _STANDING_AT, asked | {"of_charge_point": charge_point_id}
            )
        return [from_row(row, Reservation) for row in rows]
