"""What charge points are set to."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, func, select

from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.storage.rows import from_row, maybe, to_row, upsert
from irve_bridge.storage.schema import configuration

_OF_CHARGE_POINT = configuration.c.charge_point_id == bindparam("of_id")
_THIS_KEY = func.lower(configuration.c.key) == bindparam("of_key")
_OF = select(configuration).where(_OF_CHARGE_POINT).order_by(configuration.c.key)
_GET = select(configuration).where(_OF_CHARGE_POINT, _THIS_KEY)
_PUT = upsert(configuration)
_FORGET = delete(configuration).where(_OF_CHARGE_POINT)


class SqlConfiguration:
    """Implements `ports.Configuration`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, charge_point_id: str) -> list[ConfigurationKey]:
        """Return all that is known of a charge point, by key; nothing if it was never read."""
        rows = self._connection.execute(_OF, {"of_id": charge_point_id})
        return [from_row(row, ConfigurationKey) for row in rows]

    def get(self, charge_point_id: str, key: str) -> ConfigurationKey | None:
        """Return one key, whatever the case of its letters."""
        named = {"of_id": charge_point_id, "of_key": key.lower()}
        return maybe(self._connection.execute(_GET, named).first(), ConfigurationKey)

    def replace(self, charge_point_id: str, keys: Iterable[ConfigurationKey]) -> None:
        """Forget what was known of a charge point, and keep this instead."""
        self._connection.execute(_FORGET, {"of_id": charge_point_id})
        of = {"charge_point_id": charge_point_id}
        if rows := [to_row(key) | of for key in keys]:
            self._connection.execute(_PUT, rows)

    def put(self, charge_point_id: str, key: ConfigurationKey) -> None:
        """Keep one key as it is now."""
        self._connection.execute(_PUT, to_row(key) | {"charge_point_id": charge_point_id})
