"""What is registered: charge points, connectors, tariffs and id tags; and what these are set to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.id_tag import IdTag
from irve_bridge.domain.tariff import Tariff


class Stations(Protocol):
    """Charge points, connectors and tariffs: what the operator registered and what they report."""

    def charge_point(self, charge_point_id: str) -> ChargePoint | None:
        """Return a registered charge point."""

    def charge_points(self) -> list[ChargePoint]:
        """Return all registered charge points by id."""

    def connector(self, charge_point_id: str, number: int) -> Connector | None:
        """Return one connector."""

    def connectors(self, charge_point_id: str) -> list[Connector]:
        """Return a charge point's connectors by number."""

    def tariff(self, tariff_id: str) -> Tariff | None:
        """Return a tariff."""

    def put(self, thing: ChargePoint | Connector | Tariff) -> None:
        """Register or change; what a charge point reported of itself is kept."""

    def remove_connector(self, charge_point_id: str, number: int) -> None:
        """Forget a connector that the operator's file no longer names."""

    def remove(self, charge_point_id: str) -> None:
        """Forget a charge point and its connectors."""

    def connected(self, charge_point_id: str, at: datetime | None) -> None:
        """Note when the socket opened; None when it closed."""

    def secured(self, charge_point: ChargePoint) -> None:
        """Write down its keys and its security profile, and nothing else of it."""

    def behind(self, charge_point_id: str, at: datetime) -> None:
        """Note that it told of something older than its connection."""

    def booted(
        self, charge_point_id: str, vendor: str, model: str, firmware: str | None, at: datetime
    ) -> None:
        """Note what the charge point says it is."""

    def reported(
        self,
        charge_point_id: str,
        number: int,
        status: ConnectorStatus,
        error_code: str | None,
        at: datetime,
    ) -> None:
        """Note a connector's status; number 0 is the whole charge point (OCPP 1.6 ed. 2 §4.9)."""


class IdTags(Protocol):
    """The id tags of the operator's own customers."""

    def get(self, id_tag: str) -> IdTag | None:
        """Return a tag, whatever the case of its letters."""

    def after(self, id_tag: str, limit: int) -> list[IdTag]:
        """Return the tags that follow on one, in order; from the first for ""."""

    def put(self, tag: IdTag) -> None:
        """Register or change a tag."""

    def remove(self, id_tag: str) -> bool:
        """Forget a tag; False where there is none."""


class Configuration(Protocol):
    """What charge points are set to, as they told it or were asked to."""

    def of(self, charge_point_id: str) -> list[ConfigurationKey]:
        """Return all that is known of a charge point, by key; nothing if it was never read."""

    def get(self, charge_point_id: str, key: str) -> ConfigurationKey | None:
        """Return one key, whatever the case of its letters."""

    def replace(self, charge_point_id: str, keys: Iterable[ConfigurationKey]) -> None:
        """Forget what was known of a charge point, and keep this instead."""

    def put(self, charge_point_id: str, key: ConfigurationKey) -> None:
        """Keep one key as it is now."""
