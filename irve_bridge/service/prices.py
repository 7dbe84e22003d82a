"""A tariff where it is applied: on the clock of the station."""

from datetime import datetime
from zoneinfo import ZoneInfo

from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.tariff import Tariff


def pricer(tariff: Tariff, time_zone: str) -> Pricer:
    """Return what prices charges by this tariff in an IANA time zone."""
    return Pricer(tariff, ZoneInfo(time_zone))


def begun_minor(priced: Pricer, at: datetime) -> int:
    """Return what a charge costs that has only begun: nobody may secure less."""
    return priced.gross_minor(priced.start(at))
