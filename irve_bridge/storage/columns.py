"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from irve_bridge.domain.tariff import Tariff

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A row's own number; SQLite counts up by itself only in a column declared INTEGER."""


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

    impl = Text
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
