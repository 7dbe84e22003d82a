"""The charging profiles that charge points accepted."""

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from irve_bridge.domain.charging_profile import ChargingProfile
from irve_bridge.storage.rows import from_row, to_row, upsert
from irve_bridge.storage.schema import charging_profiles

_KEY = (
    charging_profiles.c.charge_point_id,
    charging_profiles.c.connector_number,
    charging_profiles.c.id,
)
_PUT = upsert(charging_profiles)
_REMOVE = delete(charging_profiles).where(
    charging_profiles.c.charge_point_id == bindparam("of_charge_point"),
    charging_profiles.c.connector_number == bindparam("of_connector"),
    charging_profiles.c.id == bindparam("of_id"),
)
_OF = (
    select(charging_profiles)
    .where(charging_profiles.c.charge_point_id == bindparam("of_charge_point"))
    .order_by(*_KEY)
)
_PAGE = (
    select(charging_profiles)
    .where(
        tuple_(*_KEY)
        > tuple_(bindparam("after_charge_point"), bindparam("after_connector"), bindparam("after"))
    )
    .order_by(*_KEY)
    .limit(bindparam("most"))
)


class SqlChargingProfiles:
    """Implements `ports.ChargingProfiles`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, profile: ChargingProfile) -> None:
        """Keep a profile."""
        self._connection.execute(_PUT, to_row(profile))

    def remove(self, profile: ChargingProfile) -> None:
        """Forget a profile."""
        named = {
            "of_charge_point": profile.charge_point_id,
            "of_connector": profile.connector_number,
            "of_id": profile.id,
        }
        self._connection.execute(_REMOVE, named)

    def of(self, charge_point_id: str) -> list[ChargingProfile]:
        """Return a charge point's profiles by connector and id."""
        rows = self._connection.execute(_OF, {"of_charge_point": charge_point_id})
        return [from_row(row, ChargingProfile) for row in rows]

    def page(self, limit: int, after: tuple[str, int, int] = ("", 0, 0)) -> list[ChargingProfile]:
        """Return those of all charge points, by charge point, connector and id, behind a place."""
        charge_point_id, connector_number, number = after
        asked = {
            "after_charge_point": charge_point_id,
            "after_connector": connector_number,
            "after": number,
            "most": limit,
        }
        return [from_row(row, ChargingProfile) for row in self._connection.execute(_PAGE, asked)]
