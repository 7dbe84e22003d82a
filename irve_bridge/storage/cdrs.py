"""CDRs: kept as they were sealed."""

from sqlalchemy import Connection, bindparam, insert, select

from irve_bridge.domain.cdr import Cdr
from irve_bridge.storage.rows import from_row, to_row
from irve_bridge.storage.schema import cdrs

_ADD = insert(cdrs)
_OF_SESSION = (
    select(cdrs).where(cdrs.c.session_id == bindparam("of_session")).order_by(cdrs.c.sequence)
)
_OF_TRANSACTION = (
    select(cdrs)
    .where(
        cdrs.c.charge_point_id == bindparam("of_charge_point"),
        cdrs.c.transaction_id == bindparam("of_id"),
    )
    .order_by(cdrs.c.sequence)
)


class SqlCdrs:
    """Implements `ports.Cdrs`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, cdr: Cdr) -> None:
        """Keep a CDR."""
        self._connection.execute(_ADD, to_row(cdr))

    def of_session(self, session_id: str) -> list[Cdr]:
        """Return a session's CDRs in the order they were made."""
        rows = self._connection.execute(_OF_SESSION, {"of_session": session_id})
        return [from_row(row, Cdr) for row in rows]

    def of_transaction(self, charge_point_id: str, transaction_id: str) -> list[Cdr]:
        """Return a transaction's CDRs in the order they were made."""
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id}
        return [from_row(row, Cdr) for row in self._connection.execute(_OF_TRANSACTION, named)]
