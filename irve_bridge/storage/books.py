"""The money: movements only ever added."""

from sqlalchemy import Connection, bindparam, select

from irve_bridge.service.ports import Movement
from irve_bridge.storage.rows import from_row, insert_once, to_row
from irve_bridge.storage.schema import movements, sessions

_AT_STATION = (
    select(sessions.c.charge_point_id)
    .where(sessions.c.id == bindparam("of_session"))
    .scalar_subquery()
)
_RECORD = insert_once(
    movements, index_elements=["provider", "account", "kind", "provider_id"]
).values(charge_point_id=_AT_STATION)
_MOVEMENTS = (
    select(movements)
    .where(movements.c.session_id == bindparam("of_session"))
    .order_by(movements.c.id)
)


class SqlBooks:
    """Implements `ports.Books`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, movement: Movement) -> bool:
        """Add a movement; False when this provider id was recorded as this kind already."""
        row = to_row(movement) | {"of_session": movement.session_id}
        return self._connection.execute(_RECORD, row).rowcount == 1

    def movements(self, session_id: str) -> list[Movement]:
        """Return a session's movements, in order."""
        rows = self._connection.execute(_MOVEMENTS, {"of_session": session_id})
        return [from_row(row, Movement) for row in rows]
