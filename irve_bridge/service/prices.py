"""A tariff where it is applied: on the clock of the station."""

from zoneinfo import ZoneInfo

from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.tariff import Tariff


def pricer(tariff: Tariff, time_zone: str) -> Pricer:
    """Return what prices charges by this tariff in an IANA time zone."""
    return Pricer(tariff, ZoneInfo(time_zone))
