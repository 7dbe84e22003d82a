"""What operators ask of charge points, and what these tell of themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, select, update

from irve_bridge.service.ports import Asked, StationEvent
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import commands, station_events

EVENTS_KEPT = 200
FORGOTTEN_MOST = 1000
DETAILS_BYTES = 20_000
"""A certificate request has 5,500 characters at most; whatever is longer, only vendors know."""
NUMBER_MOST = 2**63 - 1


def _newest(table: Table) -> Select[Any]:
    return (
        select(table)
        .where(
            table.c.charge_point_id == bindparam("of_id"),
            table.c.id < bindparam("before"),
        )
        .order_by(table.c.id.desc())
        .limit(bindparam("most"))
    )


_ADD_COMMAND = insert(commands).returning(commands.c.id)
_CONCLUDE = update(commands).where(commands.c.id == bindparam("of_number"))
_COMMANDS = _newest(commands)
_OLDEST = select(commands.c.id, commands.c.at).order_by(commands.c.id)
_OLDEST_AT = select(_OLDEST.limit(1).subquery().c.at)
_FORGET = delete(commands).where(
    commands.c.id.in_(select(_OLDEST.limit(FORGOTTEN_MOST).subquery().c.id)),
    commands.c.at < bindparam("moment"),
)
_ADD_EVENT = insert(station_events)
_EVENTS = _newest(station_events)
_TRIM_EVENTS = delete(station_events).where(
    station_events.c.charge_point_id == bindparam("of_id"),
    station_events.c.id
    <= select(station_events.c.id)
    .where(station_events.c.charge_point_id == bindparam("of_id"))
    .order_by(station_events.c.id.desc())
    .limit(1)
    .offset(EVENTS_KEPT)
    .scalar_subquery(),
)


class SqlCommands:
    """Implements `ports.Commands`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        charge_point_id: str,
        action: str,
        payload: Mapping[str, Any],
        at: datetime,
        by: str = "",
    ) -> int:
        """Write down a command before it is sent, and who gave it; return its number."""
        given = {"action": action, "payload": payload, "by": by}
        row = {"charge_point_id": charge_point_id, "at": at} | given
        number: int = self._connection.execute(_ADD_COMMAND, row).scalar_one()
        return number

    def conclude(
        self, number: int, answer: Mapping[str, Any] | None, error: str | None, at: datetime
    ) -> None:
        """Write down what became of it."""
        said = {"answer": answer, "error": error, "answered_at": at}
        self._connection.execute(_CONCLUDE, {"of_number": number} | said)

    def of(self, charge_point_id: str, limit: int, before: int | None = None) -> list[Asked]:
        """Return a charge point's commands, newest first, those below a number."""
        asked = {"of_id": charge_point_id, "before": before or NUMBER_MOST, "most": limit}
        return [from_row(row, Asked) for row in self._connection.execute(_COMMANDS, asked)]

    def oldest_at(self) -> datetime | None:
        """Return when the oldest was given, None for none."""
        at: datetime | None = self._connection.scalar(_OLDEST_AT)
        return at

    def forget_before(self, moment: datetime) -> None:
        """Forget the oldest that were given before a moment, `FORGOTTEN_MOST` at once."""
        self._connection.execute(_FORGET, {"moment": moment})


class SqlStationEvents:
    """Implements `ports.StationEvents`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, charge_point_id: str, kind: str, details: Mapping[str, Any], at: datetime
    ) -> None:
        """Keep an event, of one too long its beginning, and forget the oldest of too many."""
        told = msgspec.json.encode(details)
        if len(told) > DETAILS_BYTES:
            details = {"cut_off": told[:DETAILS_BYTES].decode(errors="replace")}
        row = {"charge_point_id": charge_point_id, "at": at, "kind": kind, "details": details}
        self._connection.execute(_ADD_EVENT, row)
        self._connection.execute(_TRIM_EVENTS, {"of_id": charge_point_id})

    def of(self, charge_point_id: str, limit: int, before: int | None = None) -> list[StationEvent]:
        """Return a charge point's events, newest first, those below a number."""
        asked = {"of_id": charge_point_id, "before": before or NUMBER_MOST, "most": limit}
        return [from_row(row, StationEvent) for row in self._connection.execute(_EVENTS, asked)]
