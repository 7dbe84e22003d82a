"""Charge points' transactions and their readings."""

from collections.abc import Iterable
from datetime import datetime
from secrets import randbelow
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, insert, or_, select, true, update
from sqlalchemy.dialects import postgresql

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.curve import Sample
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import TakenReading
from irve_bridge.storage.columns import Text
from irve_bridge.storage.nodes import OF_NODE
from irve_bridge.storage.readings import insert_readings
from irve_bridge.storage.rows import from_row, maybe, to_row
from irve_bridge.storage.schema import (
    charge_points,
    connectors,
    counters,
    readings,
    transaction_ids,
    transactions,
)
from irve_bridge.storage.turns import Turns

FIRST_ID_MAX = 999_999_999
"""Leaves more than a billion ids to count up to within 31 bits."""
PRESUMED_MOST = 100
"""A charge point may lose its stops for years: a late one is of what it charged lately."""

_ONE = (transactions.c.charge_point_id == bindparam("of_charge_point")) & (
    transactions.c.id == bindparam("of_id")
)
_ADD = insert(transactions)
_SAVE = update(transactions).where(_ONE)
_GET = select(transactions).where(_ONE)
_SAME_START = select(transactions).where(
    transactions.c.charge_point_id == bindparam("charge_point_id"),
    or_(
        transactions.c.start_at == bindparam("start_at"),
        transactions.c.start_said_at == bindparam("start_at"),
    ),
    transactions.c.connector_number == bindparam("connector_number"),
    func.lower(transactions.c.id_tag) == func.lower(bindparam("id_tag", type_=Text)),
    transactions.c.meter_start_wh == bindparam("meter_start_wh"),
)
_RUNNING = (
    select(transactions).where(transactions.c.stop_at.is_(None)).order_by(transactions.c.start_at)
)
_RUNNING_AT = _RUNNING.where(transactions.c.charge_point_id == bindparam("of_charge_point"))
_RUNNING_OF = (
    select(transactions.c.charge_point_id, transactions.c.id)
    .join_from(transactions, charge_points, charge_points.c.id == transactions.c.charge_point_id)
    .where(transactions.c.stop_at.is_(None), charge_points.c.node == bindparam("of_node"))
)
_PRESUMED_AT = (
    select(transactions)
    .where(
        transactions.c.charge_point_id == bindparam("of_charge_point"),
        transactions.c.presumed == true(),
    )
    .order_by(transactions.c.start_at.desc())
    .limit(bindparam("most"))
)
_OF_ITS_NODE = _RUNNING.outerjoin_from(
    transactions, charge_points, charge_points.c.id == transactions.c.charge_point_id
).where(OF_NODE)
_AT_FREE_CONNECTORS = _OF_ITS_NODE.join_from(
    transactions,
    connectors,
    (connectors.c.charge_point_id == transactions.c.charge_point_id)
    & (connectors.c.number == transactions.c.connector_number),
).where(connectors.c.status.in_([s.value for s in ConnectorStatus if s.vacant]))
_NO_GUEST_S = _OF_ITS_NODE.where(
    transactions.c.session_id.is_(None), transactions.c.heard_at <= bindparam("moment")
)
_UNBILLED = (
    select(transactions)
    .where(
        transactions.c.session_id.is_(None),
        transactions.c.stop_at >= bindparam("since"),
        transactions.c.stop_at < bindparam("until"),
        transactions.c.meter_stop_wh > transactions.c.meter_start_wh,
    )
    .order_by(transactions.c.stop_at)
)
_RAN_ON = (
    select(transactions)
    .where(
        transactions.c.ran_on_at >= bindparam("since"),
        transactions.c.ran_on_at < bindparam("until"),
    )
    .order_by(transactions.c.ran_on_at)
)
_LATEST_AT = (
    select(transactions)
    .where(
        transactions.c.charge_point_id == bindparam("of_charge_point"),
        transactions.c.connector_number == bindparam("at_connector"),
    )
    .order_by(transactions.c.start_at.desc())
    .limit(1)
)
_READINGS = (
    select(readings)
    .where(
        readings.c.charge_point_id == bindparam("of_charge_point"),
        readings.c.transaction_id == bindparam("of_id"),
    )
    .order_by(readings.c.at, readings.c.id)
)
_READINGS_AFTER = _READINGS.where(readings.c.at > bindparam("after"))
_STRETCHES = (
    select(
        readings.c.at,
        readings.c.power_w,
        readings.c.register_wh,
        func.ntile(bindparam("most", type_=Integer)).over(order_by=readings.c.at).label("stretch"),
    )
    .where(
        readings.c.charge_point_id == bindparam("of_charge_point"),
        readings.c.transaction_id == bindparam("of_id"),
        or_(readings.c.power_w.is_not(None), readings.c.register_wh.is_not(None)),
    )
    .subquery()
)
_SAMPLES = (
    select(
        func.max(_STRETCHES.c.at).label("at"),
        func.avg(_STRETCHES.c.power_w).label("power_w"),
        func.max(_STRETCHES.c.register_wh).label("register_wh"),
    )
    .group_by(_STRETCHES.c.stretch)
    .order_by(_STRETCHES.c.stretch)
)
_LAST_ACTIVITY = (
    select(readings)
    .where(
        readings.c.charge_point_id == bindparam("of_charge_point"),
        readings.c.transaction_id == bindparam("of_id"),
        readings.c.at >= bindparam("since"),
        readings.c.activity.is_not(None),
    )
    .order_by(readings.c.at.desc(), readings.c.id.desc())
    .limit(1)
)
_COUNT = (
    postgresql.insert(counters)
    .values(name="transaction", value=bindparam("first"))
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
)


class SqlTransactions:
    """Implements `ports.Transactions`."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns

    def next_id(self) -> int:
        """Return a new positive id of 31 bits, unique in this installation (OCPP 1.6 errata 3.54).

        The first one is random: a charge point may still name transactions of another system.
        """
        if self._connection.dialect.supports_sequences:
            drawn: int = self._connection.scalar(transaction_ids)
            return drawn
        first = {"first": 1 + randbelow(FIRST_ID_MAX)}
        number: int = self._connection.execute(_COUNT, first).scalar_one()
        return number

    def add(self, transaction: Transaction) -> None:
        """Record a new transaction."""
        self._turns.take(transaction.charge_point_id)
        self._connection.execute(_ADD, to_row(transaction))

    def save(self, transaction: Transaction) -> None:
        """Write down its stop."""
        self._turns.take(transaction.charge_point_id)
        named = {"of_charge_point": transaction.charge_point_id, "of_id": transaction.id}
        self._connection.execute(_SAVE, to_row(transaction) | named)

    def get(self, charge_point_id: str, transaction_id: str) -> Transaction | None:
        """Return a transaction by its key."""
        self._turns.take(charge_point_id)
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id}
        row = self._connection.execute(_GET, named).first()
        return maybe(row, Transaction)

    def same_start(self, transaction: Transaction) -> Transaction | None:
        """Return the one with equal charge point, connector, id tag, start and first register.

        The start is what the charge point's clock said, which may not be when it was.
        """
        self._turns.take(transaction.charge_point_id)
        row = self._connection.execute(_SAME_START, to_row(transaction)).first()
        return maybe(row, Transaction)

    def running(self, charge_point_id: str | None = None) -> list[Transaction]:
        """Return the transactions without an end, oldest first."""
        if charge_point_id is None:
            rows = self._connection.execute(_RUNNING)
        else:
            self._turns.take(charge_point_id)
            rows = self._connection.execute(_RUNNING_AT, {"of_charge_point": charge_point_id})
        return [from_row(row, Transaction) for row in rows]

    def running_of(self, node_id: str) -> set[tuple[str, str]]:
        """Return the keys of those without an end at the charge points that a node has."""
        rows = self._connection.execute(_RUNNING_OF, {"of_node": node_id})
        return {(row.charge_point_id, row.id) for row in rows}

    def unheard(self, charge_point_id: str) -> list[Transaction]:
        """Return those whose stop was not heard of, be they ended presumably, oldest first.

        Of those that were, the last hundred.
        """
        self._turns.take(charge_point_id)
        asked = {"of_charge_point": charge_point_id, "most": PRESUMED_MOST}
        presumed = [
            from_row(row, Transaction) for row in self._connection.execute(_PRESUMED_AT, asked)
        ]
        return sorted([*self.running(charge_point_id), *presumed], key=lambda each: each.start_at)

    def at_free_connectors(self, node_id: str) -> list[Transaction]:
        """Return a node's running ones whose connector is free for others, oldest first."""
        rows = self._connection.execute(_AT_FREE_CONNECTORS, {"of_node": node_id})
        return [from_row(row, Transaction) for row in rows]

    def no_guest_s(self, node_id: str, heard_by: datetime) -> list[Transaction]:
        """Return a node's running ones of no session, heard of by a moment, oldest first."""
        named = {"of_node": node_id, "moment": heard_by}
        rows = self._connection.execute(_NO_GUEST_S, named)
        return [from_row(row, Transaction) for row in rows]

    def unbilled(self, since: datetime, until: datetime) -> list[Transaction]:
        """Return those that stopped in [since, until) having metered energy, for no session."""
        rows = self._connection.execute(_UNBILLED, {"since": since, "until": until})
        return [from_row(row, Transaction) for row in rows]

    def ran_on(self, since: datetime, until: datetime) -> list[Transaction]:
        """Return those heard of in [since, until) to have used more than was billed."""
        rows = self._connection.execute(_RAN_ON, {"since": since, "until": until})
        return [from_row(row, Transaction) for row in rows]

    def latest_at(self, charge_point_id: str, connector_number: int) -> Transaction | None:
        """Return the one that started last at a connector, running or not."""
        self._turns.take(charge_point_id)
        named = {"of_charge_point": charge_point_id, "at_connector": connector_number}
        return maybe(self._connection.execute(_LATEST_AT, named).first(), Transaction)

    def readings(
        self, charge_point_id: str, transaction_id: str, *, after: datetime | None = None
    ) -> list[Reading]:
        """Return the readings of a transaction, all or those after a moment, by time."""
        named: dict[str, Any] = {"of_charge_point": charge_point_id, "of_id": transaction_id}
        query = _READINGS if after is None else _READINGS_AFTER
        rows = self._connection.execute(query, named | {"after": after} if after else named)
        return [from_row(row, Reading) for row in rows]

    def samples(self, charge_point_id: str, transaction_id: str, most: int) -> list[Sample]:
        """Return a transaction's readings in so many stretches at most, by time."""
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id, "most": most}
        rows = self._connection.execute(_SAMPLES, named)
        return [
            Sample(row.at, None if row.power_w is None else round(row.power_w), row.register_wh)
            for row in rows
        ]

    def last_activity(
        self, charge_point_id: str, transaction_id: str, since: datetime
    ) -> Reading | None:
        """Return the last reading, not before `since`, that says what the car did."""
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id, "since": since}
        return maybe(self._connection.execute(_LAST_ACTIVITY, named).first(), Reading)

    def add_readings(self, readings: Iterable[TakenReading]) -> None:
        """Record readings; one with the same moment and values is kept once."""
        insert_readings(self._connection, readings)
