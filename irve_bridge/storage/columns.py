"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import DateTime, Dialect
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from irve_bridge.domain.tariff import Tariff

Integer = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""64 bits on both; SQLite counts up by itself only in a column declared INTEGER."""

Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Compared by code point, and only ASCII letters have a case: on both, whatever the locale is.

A text's order must not change with the system's library: indexes stand on it.
"""


def unindexed(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return a text that compares as its column does, and for which no index of it is taken."""
    return column.concat(sa.text("''"))


def without_nul(text: str) -> str:
    """Return a text as PostgreSQL can hold it: no text of its contains U+0000."""
    return text.replace("\0", "\ufffd")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, exact to the microsecond; it comes back in UTC. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; without its zone where the database knows none.

        Raises:
            ValueError: The moment is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: moments are stored aware.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Anything msgspec encodes, as JSON text; it comes back as plain dicts, lists and scalars."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the JSON text; None stays NULL."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what the text says."""
        return None if value is None else msgspec.json.decode(value)


class TariffJson(Json):
    """An OCPI tariff as JSON text; equal texts come back as one and the same object."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Tariff | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the tariff."""
        return None if value is None else _tariff(value)


@lru_cache(maxsize=256)
def _tariff(text: str) -> Tariff:
    """A few tariffs are frozen into every session there is."""
    return msgspec.json.decode(text, type=Tariff)
