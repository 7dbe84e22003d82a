"""Who changes what belongs to one charge point takes turns, on every node.

SQLite has one writer. On PostgreSQL units run side by side, and whatever a unit decides upon
belongs to one charge point: its connectors, transactions and readings, its sessions with their
history, intents, attempts and movements. So a unit holds a lock of that charge point from before it
reads until its commit, and reads what whoever held it before has committed (READ COMMITTED takes a
snapshot for each statement). What sessions of several charge points share are unique keys and
counters, which wait by themselves.

There are as many locks as `PLACES`, so that a file of ten thousand charge points is applied in one
unit: PostgreSQL has room for a few thousand. Who shares one by chance waits for no reason, briefly.

Serializable transactions would need no lock, but PostgreSQL watches them by the pages of its
indexes: at eight units at once, in a database of a few thousand sessions, half of them ran in vain.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from irve_bridge.storage.columns import Text
from irve_bridge.storage.schema import sessions

OPTION = "takes_turns"
"""The execution option of connections on which units wait for each other."""
PLACES = 2048
_KIND = 0x1257E
"""Tells these advisory locks from others in the database."""


def _place(charge_point_id: ColumnElement[str]) -> ColumnElement[int]:
    return func.hashtext(charge_point_id).op("&")(PLACES - 1)


def _lock(place: Any) -> ColumnElement[Any]:
    return func.pg_advisory_xact_lock(_KIND, place)


_OF_SESSION = sessions.c.charge_point_id
_TAKE = select(_lock(_place(bindparam("of", type_=Text))))
_TAKE_OF = select(_OF_SESSION, _lock(_place(_OF_SESSION))).where(
    sessions.c.id == bindparam("of_id")
)
_ALL = (
    select(_place(_OF_SESSION).label("place"))
    .where(sessions.c.id.in_(bindparam("of_ids", expanding=True)))
    .distinct()
    .order_by("place")
    .subquery()
)
_TAKE_ALL_OF = select(_lock(_ALL.c.place))


class Turns:
    """The charge points whose turn the unit of one transaction has."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._wanted: bool = connection.get_execution_options().get(OPTION, False)
        self._taken: set[str] = set()
        self._sessions: set[str] = set()

    def take(self, charge_point_id: str) -> None:
        """Wait until nobody else changes what belongs to a charge point; it is kept to the end."""
        if self._wanted and charge_point_id not in self._taken:
            self._taken.add(charge_point_id)
            self._connection.execute(_TAKE, {"of": charge_point_id})

    def take_of(self, session_id: str) -> None:
        """Take the turn of a session's charge point."""
        if self._wanted and session_id not in self._sessions:
            self._sessions.add(session_id)
            self._taken.update(self._connection.scalars(_TAKE_OF, {"of_id": session_id}))

    def take_all_of(self, session_ids: Sequence[str]) -> None:
        """Take the turns of these sessions' charge points, in an order that is everybody's."""
        if self._wanted:
            self._sessions.update(session_ids)
            self._connection.execute(_TAKE_ALL_OF, {"of_ids": session_ids})
