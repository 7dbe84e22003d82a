"""What meters signed."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, update

from irve_bridge.domain.signatures import (
    BEGIN,
    END,
    ENDS_MAX,
    OUTERMOST,
    Check,
    SignedReading,
    Verdict,
)
from irve_bridge.storage.rows import from_row, insert_once, to_row
from irve_bridge.storage.schema import signed_readings
from irve_bridge.storage.turns import Turns

_OF_TRANSACTION = (signed_readings.c.charge_point_id == bindparam("of_charge_point")) & (
    signed_readings.c.transaction_id == bindparam("of_id")
)
_THIS_PAYLOAD = signed_readings.c.digest == bindparam("of_digest")
_ADD = insert_once(signed_readings)
_OF = (
    select(signed_readings)
    .where(_OF_TRANSACTION)
    .order_by(signed_readings.c.at, signed_readings.c.id)
)
_AN_END = signed_readings.c.context.in_((BEGIN, END))
_FIRST = (signed_readings.c.at, signed_readings.c.id)
_IDS = select(signed_readings.c.id).where(_OF_TRANSACTION)
_TELLING = _OF.where(
    or_(
        *(
            signed_readings.c.id.in_(some)
            for some in (
                _IDS.where(_AN_END).order_by(*_FIRST).limit(ENDS_MAX),
                _IDS.where(~_AN_END).order_by(*_FIRST).limit(OUTERMOST),
                _IDS.where(~_AN_END).order_by(*(each.desc() for each in _FIRST)).limit(OUTERMOST),
            )
        )
    )
)
_COUNT = select(func.count()).select_from(signed_readings).where(_OF_TRANSACTION)
_JUDGE = update(signed_readings).where(
    _OF_TRANSACTION, _THIS_PAYLOAD, signed_readings.c.verdict.is_(None)
)
_ELSEWHERE = select(signed_readings).where(
    signed_readings.c.charge_point_id == bindparam("of_charge_point"),
    _THIS_PAYLOAD,
    signed_readings.c.transaction_id != bindparam("of_id"),
)


class SqlSignatures:
    """Implements `ports.Signatures`."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns

    def add(
        self, charge_point_id: str, transaction_id: str, signed: Iterable[SignedReading]
    ) -> None:
        """Keep signed texts of a transaction; of those of one payload the first."""
        of = {"charge_point_id": charge_point_id, "transaction_id": transaction_id}
        rows = [to_row(each) | of | {"digest": _digest(each)} for each in signed]
        if rows:
            self._connection.execute(_ADD, rows)

    def of(self, charge_point_id: str, transaction_id: str) -> list[SignedReading]:
        """Return all that was signed of a transaction, by time."""
        return self._found(_OF, charge_point_id, transaction_id)

    def telling(self, charge_point_id: str, transaction_id: str) -> list[SignedReading]:
        """Return the few of a transaction that can tell begin and end, by time."""
        return self._found(_TELLING, charge_point_id, transaction_id)

    def count(self, charge_point_id: str, transaction_id: str) -> int:
        """Return how many signed texts are kept of a transaction."""
        self._turns.take(charge_point_id)
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id}
        number: int = self._connection.execute(_COUNT, named).scalar_one()
        return number

    def judge(
        self, charge_point_id: str, transaction_id: str, signed: SignedReading, verdict: Verdict
    ) -> None:
        """Write what verification said of one; what it said first stays."""
        named = _named(charge_point_id, transaction_id, signed)
        self._connection.execute(_JUDGE, named | {"verdict": verdict})

    def vouches_elsewhere(
        self, charge_point_id: str, transaction_id: str, signed: SignedReading
    ) -> bool:
        """Return whether this payload is valid for another transaction of the charge point."""
        named = _named(charge_point_id, transaction_id, signed)
        others = (
            from_row(row, SignedReading) for row in self._connection.execute(_ELSEWHERE, named)
        )
        return any(other.verdict and other.verdict.outcome is Check.VALID for other in others)

    def _found(
        self, query: Select[Any], charge_point_id: str, transaction_id: str
    ) -> list[SignedReading]:
        named = {"of_charge_point": charge_point_id, "of_id": transaction_id}
        return [from_row(row, SignedReading) for row in self._connection.execute(query, named)]


def _named(charge_point_id: str, transaction_id: str, signed: SignedReading) -> dict[str, Any]:
    return {
        "of_charge_point": charge_point_id,
        "of_id": transaction_id,
        "of_digest": _digest(signed),
    }


def _digest(signed: SignedReading) -> bytes:
    return blake2b(signed.payload.encode(), digest_size=16).digest()
