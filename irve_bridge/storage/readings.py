"""Readings as rows, many in one statement: the hot path of everything that is stored.

SQLAlchemy's work on each row costs several times what storing it does; the sqlite3 module lets
another thread go first at each row of an `executemany`; and PostgreSQL reads one JSON text sooner
than psycopg writes a dozen values for each row.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from irve_bridge.service.ports import TakenReading
from irve_bridge.storage.columns import without_nul
from irve_bridge.storage.schema import readings

_COLUMNS = [column.name for column in readings.columns if column.name != "id"]
_SIZES = (64, 8, 1)
"""Rows of one statement: few texts, so that each stays compiled."""
_json = msgspec.json.Encoder().encode
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # so are all dialects
_RECORD = ", ".join(f"{name} {readings.c[name].type.compile(_DIALECT)}" for name in _COLUMNS)
_INSERT_RECORDS = (
    f"INSERT INTO {readings.name} ({', '.join(_COLUMNS)}) SELECT {', '.join(_COLUMNS)} "  # noqa: S608 - names from the schema
    f"FROM json_to_recordset(%s::json) AS said({_RECORD}) ON CONFLICT DO NOTHING"
)


def insert_readings(connection: Connection, taken: Iterable[TakenReading]) -> None:
    """Record readings; one with the same moment and values is kept once."""
    rows = [_row(each) for each in taken]
    if connection.dialect.name == "postgresql":
        _insert_as_json(connection, rows)
    else:
        _insert_by_the_dozen(connection, rows)


def _insert_as_json(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        records = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        for record in records:
            record["transaction_id"] = without_nul(record["transaction_id"])
            record["content"] = f"\\x{record['content'].hex()}"
        connection.exec_driver_sql(_INSERT_RECORDS, (_json(records).decode(),))


def _insert_by_the_dozen(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    begin = 0
    for size in _SIZES:
        while len(rows) - begin >= size:
            values = tuple(chain.from_iterable(rows[begin : begin + size]))
            connection.exec_driver_sql(_insert(size), values)
            begin += size


@lru_cache
def _insert(rows: int) -> str:
    row = f"({', '.join('?' * len(_COLUMNS))})"
    values = ", ".join([row] * rows)
    return f"INSERT INTO {readings.name} ({', '.join(_COLUMNS)}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608, E501 - names from the schema


def _row(taken: TakenReading) -> tuple[Any, ...]:
    """Return the values in the order of the columns, as SQLAlchemy's types would store them."""
    reading = taken.reading
    _, _, said = _json(reading).partition(b",")  # all but the moment, which is its first field
    return (
        taken.charge_point_id,
        taken.transaction_id,
        _moment(reading.at),
        reading.register_wh,
        reading.power_w,
        reading.current_ma,
        reading.voltage_mv,
        reading.soc_percent,
        reading.activity and reading.activity.value,
        reading.context,
        reading.said_at and _moment(reading.said_at),
        reading.rounding_wh,
        blake2b(b"{" + said, digest_size=8).digest(),
    )


def _moment(at: datetime) -> str:
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone: moments are stored aware.")
        at = at.astimezone(UTC)
    return at.isoformat(" ", "microseconds")[:-6]
