"""Receipts and credit notes: numbered without gaps, never changed."""

from dataclasses import replace

import msgspec
from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql

from irve_bridge.domain.receipt import Receipt
from irve_bridge.storage.schema import counters, receipts

_COUNT = (
    postgresql.insert(counters)
    .values(name=bindparam("of_series"), value=1)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
)
_ADD = insert(receipts)
_OF_SESSION = (
    select(receipts.c.body)
    .where(receipts.c.session_id == bindparam("of_session"))
    .order_by(receipts.c.number)
)


class SqlReceipts:
    """Implements `ports.Receipts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, receipt: Receipt) -> Receipt:
        """Give a paper its operator's next number, keep it, and return it.

        The count is part of the transaction: what is rolled back leaves no gap.
        """
        operator = receipt.operator.key
        named = {"of_series": f"receipt:{operator}"}
        number = self._connection.execute(_COUNT, named).scalar_one()
        numbered = replace(receipt, number=number)
        row = {
            "operator": operator,
            "number": number,
            "session_id": receipt.session_id,
            "kind": receipt.kind.value,
            "issued_at": receipt.issued_at,
            "body": numbered,
            "charge_point_id": receipt.place.charge_point_id,
            "currency": receipt.currency,
            "gross_minor": receipt.signed_minor,
            "vat_minor": receipt.signed_vat_minor,
        }
        self._connection.execute(_ADD, row)
        return numbered

    def of_session(self, session_id: str) -> list[Receipt]:
        """Return the papers of a session, in the order of their numbers."""
        bodies = self._connection.scalars(_OF_SESSION, {"of_session": session_id})
        return [msgspec.convert(body, Receipt) for body in bodies]
