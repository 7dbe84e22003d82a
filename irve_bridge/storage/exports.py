"""Long lists in the order of time, each page found by an index."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    select,
    tuple_,
)

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Booked, Movement
from irve_bridge.storage.columns import Text, UTCDateTime, unindexed
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import cdrs, movements, sessions


def _page(
    table: Table, at: ColumnElement[datetime], then: ColumnElement[Any]
) -> Select[tuple[Any, ...]]:
    behind = tuple_(
        bindparam("after_at", type_=UTCDateTime), bindparam("after_id", type_=then.type)
    )
    return (
        select(table)
        .where(tuple_(at, then) > behind, at < bindparam("until"))
        .order_by(at, then)
        .limit(bindparam("most"))
    )


def _only(table: Table) -> ColumnElement[bool]:
    """Compare so that the days' index is walked, in order, and not the stations'."""
    place = bindparam("of_charge_point", type_=Text)
    return unindexed(table.c.charge_point_id) == place


_SESSIONS = _page(sessions, sessions.c.ended_at, sessions.c.id)
_MOVEMENTS = _page(movements, movements.c.at, movements.c.id)
_CDRS = _page(cdrs, cdrs.c.created_at, cdrs.c.id)


class SqlExports:
    """Implements `ports.Exports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sessions_ended(
        self,
        after: tuple[datetime, str],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Session]:
        """Return sessions that ended before `until`, by that moment and id."""
        rows = self._rows(_SESSIONS, sessions, after, until, limit, charge_point_id)
        return [from_row(row, Session) for row in rows]

    def movements(
        self,
        after: tuple[datetime, int],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Booked]:
        """Return what moved before `until`, by that moment and number."""
        return [
            Booked(
                number=row.id,
                charge_point_id=row.charge_point_id,
                movement=from_row(row, Movement),
            )
            for row in self._rows(_MOVEMENTS, movements, after, until, limit, charge_point_id)
        ]

    def cdrs(
        self,
        after: tuple[datetime, str],
        until: datetime,
        limit: int,
        charge_point_id: str | None = None,
    ) -> list[Cdr]:
        """Return CDRs that were made before `until`, by that moment and id."""
        rows = self._rows(_CDRS, cdrs, after, until, limit, charge_point_id)
        return [from_row(row, Cdr) for row in rows]

    def _rows(
        self,
        statement: Select[Any],
        table: Table,
        after: tuple[datetime, Any],
        until: datetime,
        limit: int,
        charge_point_id: str | None,
    ) -> list[Row[Any]]:
        span: dict[str, Any] = {"after_at": after[0], "after_id": after[1], "until": until}
        if charge_point_id is not None:
            statement, span["of_charge_point"] = statement.where(_only(table)), charge_point_id
        return list(self._connection.execute(statement, span | {"most": limit}))
