"""Domain objects as rows and back: a column has the name of its field, nothing is listed twice."""

from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, Table
from sqlalchemy.dialects.postgresql import Insert, insert

T = TypeVar("T")
_explored: set[type] = set()
_exploring = Lock()


def to_row(thing: Any) -> dict[str, Any]:
    """Return a dataclass as column values: enums as text, moments as they are."""
    row: dict[str, Any] = msgspec.to_builtins(thing, builtin_types=(datetime,))
    return row


def from_row(row: Row[Any], kind: type[T]) -> T:
    """Return the dataclass a row holds; columns it has no field for are left out."""
    if kind not in _explored:
        _explore(kind)
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return msgspec.convert(columns, kind)


def _explore(kind: type) -> None:
    """Have msgspec look into a type, which it does once for each.

    A thread that comes in meanwhile finds it half known, and the process crashes.
    """
    with _exploring:
        msgspec.json.Decoder(kind)
        _explored.add(kind)


def maybe(row: Row[Any] | None, kind: type[T]) -> T | None:
    """Return the dataclass a row holds, None for no row."""
    return None if row is None else from_row(row, kind)


def insert_once(table: Table, **conflict: Any) -> Insert:
    """Return an INSERT that leaves a row with an equal unique key alone; 1 or 0 is its rowcount.

    `conflict` names the key, as `on_conflict_do_nothing` takes it; any is meant without it. SQLite
    understands PostgreSQL's ON CONFLICT, and so does its SQLAlchemy compiler.
    """
    return (
        insert(table).on_conflict_do_nothing(**conflict).execution_options(preserve_rowcount=True)
    )


def upsert(table: Table, *, kept: frozenset[str] = frozenset()) -> Insert:
    """Return an INSERT that overwrites the row with its primary key, but for the `kept` columns."""
    statement = insert(table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in kept
    }
    return statement.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changed)
