"""Unknown identities that tried to connect."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from irve_bridge.service.ports import Stranger
from irve_bridge.storage.rows import from_row, upsert
from irve_bridge.storage.schema import charge_points, strangers

STRANGERS_KEPT = 1000

_SEEN = upsert(strangers, kept=frozenset({"first_at"}))
_TRIM = delete(strangers).where(
    strangers.c.charge_point_id.in_(
        select(strangers.c.charge_point_id)
        .order_by(strangers.c.last_at.desc())
        .limit(STRANGERS_KEPT)
        .offset(STRANGERS_KEPT)
    )
)
_PAGE = (
    select(strangers)
    .where(
        strangers.c.charge_point_id > bindparam("after"),
        strangers.c.charge_point_id.not_in(select(charge_points.c.id)),
    )
    .order_by(strangers.c.charge_point_id)
    .limit(bindparam("most"))
)


class SqlStrangers:
    """Implements `ports.Strangers`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seen(self, charge_point_id: str, address: str, agent: str, at: datetime) -> None:
        """Write down that one tried again, and forget the one seen longest ago of too many."""
        row = {"charge_point_id": charge_point_id, "address": address, "agent": agent}
        self._connection.execute(_SEEN, row | {"first_at": at, "last_at": at})
        self._connection.execute(_TRIM)

    def page(self, limit: int, after: str = "") -> list[Stranger]:
        """Return those that are still not registered, by identity, behind one that was listed."""
        rows = self._connection.execute(_PAGE, {"after": after, "most": limit})
        return [from_row(row, Stranger) for row in rows]
