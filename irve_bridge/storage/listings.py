"""What is registered and what was charged, a page at a time."""

from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase

from sqlalchemy import Connection, bindparam, func, or_, select, text, tuple_

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.session import State
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Selection
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import charge_points, connectors, sessions, tariffs, transactions

_OVER = [
    state.value for state in (State.ABANDONED, State.RELEASED, State.SETTLED, State.WRITTEN_OFF)
]
_CHARGE_POINTS = (
    select(charge_points)
    .where(charge_points.c.id > bindparam("after"))
    .order_by(charge_points.c.id)
    .limit(bindparam("most"))
)
_CONNECTORS = (
    select(connectors)
    .where(connectors.c.charge_point_id.in_(bindparam("of_ids", expanding=True)))
    .order_by(connectors.c.charge_point_id, connectors.c.number)
)
_FAULTED = (
    select(connectors)
    .where(connectors.c.status == text("'Faulted'"))
    .order_by(connectors.c.charge_point_id, connectors.c.number)
    .limit(bindparam("most"))
)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
"""As both databases' `lower` does: of ASCII letters alone."""
_TARIFFS = (
    select(tariffs.c.document)
    .where(tariffs.c.id > bindparam("after"))
    .order_by(tariffs.c.id)
    .limit(bindparam("most"))
)
_PRICED = select(connectors).order_by(connectors.c.charge_point_id, connectors.c.number)
_NAMED = select(
    connectors.c.tariff_id, connectors.c.next_tariff_ids, func.count().label("connectors")
).group_by(connectors.c.tariff_id, connectors.c.next_tariff_ids)
_AT_EVSE = (
    select(connectors)
    .where(connectors.c.evse_id == bindparam("of_evse"))
    .order_by(connectors.c.charge_point_id, connectors.c.number)
)
_OPERATOR = [column for column in charge_points.c if column.name.startswith("operator_")]
_OPERATORS = (
    select(func.min(charge_points.c.id).label("id")).group_by(*_OPERATOR).limit(bindparam("most"))
)
_TRANSACTIONS = (
    select(transactions)
    .order_by(
        transactions.c.start_at.desc(),
        transactions.c.charge_point_id.desc(),
        transactions.c.id.desc(),
    )
    .limit(bindparam("most"))
)
_UNFINISHED = (
    select(sessions.c.id)
    .where(
        sessions.c.charge_point_id == bindparam("of_id"),
        sessions.c.state.not_in(_OVER),
    )
    .limit(1)
)


class SqlListings:
    """Implements `ports.Listings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def charge_points(
        self, limit: int, after: str = "", *, online: bool | None = None, called: str = ""
    ) -> list[ChargePoint]:
        """Return charge points by id, behind one that was listed.

        `called`: part of an id or a name, whatever the case of its ASCII letters.
        """
        statement = _CHARGE_POINTS
        if online is not None:
            open_ = charge_points.c.connected_at.is_not(None)
            statement = statement.where(open_ if online else ~open_)
        if called:
            names = (charge_points.c.id, charge_points.c.name)
            wanted = called.translate(_LOWER)
            found = (func.lower(name).contains(wanted, autoescape=True) for name in names)
            statement = statement.where(or_(*found))
        rows = self._connection.execute(statement, {"after": after, "most": limit})
        return [from_row(row, ChargePoint) for row in rows]

    def faulted(self, limit: int) -> list[Connector]:
        """Return connectors that are out of order, by charge point and number."""
        rows = self._connection.execute(_FAULTED, {"most": limit})
        return [from_row(row, Connector) for row in rows]

    def connectors(self, charge_point_ids: Sequence[str]) -> list[Connector]:
        """Return the connectors of these charge points, by charge point and number."""
        rows = self._connection.execute(_CONNECTORS, {"of_ids": list(charge_point_ids)})
        return [from_row(row, Connector) for row in rows]

    def tariffs(self, limit: int, after: str = "") -> list[Tariff]:
        """Return tariffs by id, behind one that was listed."""
        rows = self._connection.scalars(_TARIFFS, {"after": after, "most": limit})
        return list(rows)

    def tariffs_named(self) -> dict[str, int]:
        """Return how many connectors name each tariff, be it not the first."""
        named = Counter[str]()
        for row in self._connection.execute(_NAMED):
            for tariff_id in {row.tariff_id, *row.next_tariff_ids}:
                named[tariff_id] += row.connectors
        return dict(named)

    def priced_by(self, tariff_id: str) -> list[Connector]:
        """Return the connectors that name a tariff, be it not the first."""
        named = or_(connectors.c.tariff_id == tariff_id, connectors.c.next_tariff_ids != [])
        rows = self._connection.execute(_PRICED.where(named))
        found = (from_row(row, Connector) for row in rows)
        return [connector for connector in found if tariff_id in connector.tariff_ids]

    def at_evse(self, evse_id: str) -> list[Connector]:
        """Return the connectors of an EVSE."""
        rows = self._connection.execute(_AT_EVSE, {"of_evse": evse_id})
        return [from_row(row, Connector) for row in rows]

    def operators(self, limit: int) -> list[ChargePoint]:
        """Return a charge point of each operator, as far as these differ in what they say."""
        chosen = select(charge_points).where(charge_points.c.id.in_(_OPERATORS))
        rows = self._connection.execute(chosen.order_by(charge_points.c.id), {"most": limit})
        return [from_row(row, ChargePoint) for row in rows]

    def transactions(self, selection: Selection, limit: int) -> list[Transaction]:
        """Return transactions, newest first."""
        table, statement = transactions.c, _TRANSACTIONS
        if selection.charge_point_id is not None:
            statement = statement.where(table.charge_point_id == selection.charge_point_id)
        if selection.running is not None:
            running = table.stop_at.is_(None)
            statement = statement.where(running if selection.running else ~running)
        if selection.before is not None:
            start_at, charge_point_id, number = selection.before
            place = tuple_(table.charge_point_id, table.id) < tuple_(charge_point_id, number)
            at_once = (table.start_at == start_at) & place
            # The first condition is what an index serves.
            statement = statement.where(table.start_at <= start_at)
            statement = statement.where(or_(table.start_at < start_at, at_once))
        rows = self._connection.execute(statement, {"most": limit})
        return [from_row(row, Transaction) for row in rows]

    def unfinished(self, charge_point_id: str) -> str | None:
        """Return the id of a session there that has not ended, None for none."""
        found: str | None = self._connection.scalar(_UNFINISHED, {"of_id": charge_point_id})
        return found
