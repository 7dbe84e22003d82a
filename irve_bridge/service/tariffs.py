"""Tariffs as operators look at them: where each one holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.tariff import Tariff
from irve_bridge.service.ports import Tx

PLACES_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffView:
    """A tariff with the first places where it holds; `connectors` is how many there are in all.

    A connector may name it second: then it holds where the first is out of season.
    """

    tariff: Tariff
    connectors: int
    places: Sequence[tuple[ChargePoint | None, Connector]]
    power_w: int

    @property
    def time_zone(self) -> str | None:
        """The clock of the first place; None where it holds nowhere."""
        return next((point.time_zone for point, _ in self.places if point), None)


def tariffs(tx: Tx, limit: int, after: str) -> tuple[Sequence[Tariff], Mapping[str, int]]:
    """Return tariffs by id, and how many connectors name each."""
    return tx.listings.tariffs(limit, after), tx.listings.tariffs_named()


def tariff(tx: Tx, tariff_id: str) -> TariffView:
    """Return one tariff.

    Raises:
        UnknownThing: There is none of that id.
    """
    found = tx.stations.tariff(tariff_id)
    if found is None:
        raise UnknownThing("There is no such tariff.", "unknown_tariff")
    outlets = tx.listings.priced_by(tariff_id)
    shown = outlets[:PLACES_SHOWN]
    return TariffView(
        tariff=found,
        connectors=len(outlets),
        places=[(tx.stations.charge_point(each.charge_point_id), each) for each in shown],
        power_w=max((each.power_w for each in outlets), default=0),
    )
