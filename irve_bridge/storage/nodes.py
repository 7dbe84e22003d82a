"""The processes that share this database, and which charge points each of them has."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, text, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from irve_bridge.storage.columns import UTCDateTime
from irve_bridge.storage.schema import charge_points, nodes

APPLICATION = "irve-bridge"


def session_name(node_id: str) -> str:
    """Return how the connections of a node call themselves (`application_name`)."""
    return f"{APPLICATION} {node_id}".strip()


class DatabaseNow(FunctionElement[datetime]):
    """What the database's clock says, to a thousandth of a second or better."""

    type = UTCDateTime()
    inherit_cache = True


@compiles(DatabaseNow)
def _now(*_: Any, **__: Any) -> str:
    return "CLOCK_TIMESTAMP()"


@compiles(DatabaseNow, "sqlite")
def _sqlite_now(*_: Any, **__: Any) -> str:
    return "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')"


_NOW = DatabaseNow()
_READ_CLOCK = select(_NOW)
_ONE = nodes.c.id == bindparam("of_id")
_JOIN = insert(nodes).values(joined_at=_NOW, seen_at=_NOW)
_SEEN = update(nodes).where(_ONE).values(seen_at=_NOW)
_HANG_UP = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = :of_node AND datname = current_database() "
    "AND usename = current_user"  # others it may not end
)
_LEAVE = delete(nodes).where(_ONE)
_ALL = select(nodes.c.id, nodes.c.seen_at, _NOW.label("now"))
_ELDEST = select(nodes.c.id).order_by(nodes.c.joined_at, nodes.c.id).limit(1)
_HOLDER = select(charge_points.c.node).where(charge_points.c.id == bindparam("of_id"))
_TAKE = update(charge_points).where(charge_points.c.id == bindparam("of_id"))
NOBODYS = or_(charge_points.c.node.is_(None), charge_points.c.node.not_in(select(nodes.c.id)))
"""That no living node has a charge point, be it because nobody knows it (in an outer join)."""
OF_NODE = or_(NOBODYS, charge_points.c.node == bindparam("of_node"))
"""That a node has it, or none: what is nobody's is everybody's."""
_INHERIT = (
    update(charge_points)
    .where(NOBODYS)
    .values(node=bindparam("heir"), connected_at=None)
    .returning(charge_points.c.id)
)


class SqlNodes:
    """Implements `ports.Nodes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def join(self, node_id: str) -> None:
        """Note a node that has begun."""
        self._connection.execute(_JOIN, {"id": node_id})

    def seen(self, node_id: str) -> bool:
        """Note that a node lives; False where it was taken for dead."""
        return self._connection.execute(_SEEN, {"of_id": node_id}).rowcount == 1

    def now(self) -> datetime:
        """Return what the database's clock says, not when the transaction began."""
        return self._connection.execute(_READ_CLOCK).scalar_one()

    def leave(self, node_id: str) -> None:
        """Forget a node that ends."""
        self._connection.execute(_LEAVE, {"of_id": node_id})

    def living(self) -> frozenset[str]:
        """Return the nodes that have joined and neither left nor been buried."""
        return frozenset(row.id for row in self._connection.execute(_ALL))

    def bury(self, silent_for: timedelta) -> frozenset[str]:
        """Forget the nodes that have not been seen for so long or longer; return them.

        What one of them had begun ends here, be the process only frozen: what it had locked would
        else be locked for all until the database finds out that nobody is there.
        """
        rows = self._connection.execute(_ALL).all()
        dead = frozenset(row.id for row in rows if row.now - row.seen_at >= silent_for)
        for node_id in dead:
            if self._connection.dialect.name == "postgresql":
                self._connection.execute(_HANG_UP, {"of_node": session_name(node_id)})
            self.leave(node_id)
        return dead

    def eldest(self) -> str | None:
        """Return the node that joined first of those that live."""
        eldest: str | None = self._connection.scalar(_ELDEST)
        return eldest

    def holder(self, charge_point_id: str) -> str | None:
        """Return the node that has a charge point's socket, or had it last."""
        holder: str | None = self._connection.scalar(_HOLDER, {"of_id": charge_point_id})
        return holder

    def take(self, node_id: str, charge_point_id: str) -> None:
        """Give a node a charge point, whoever had it."""
        self._connection.execute(_TAKE, {"node": node_id, "of_id": charge_point_id})

    def inherit(self, heir: str) -> list[str]:
        """Give a node every charge point that no living one has, disconnected; return them."""
        return list(self._connection.scalars(_INHERIT, {"heir": heir}))
