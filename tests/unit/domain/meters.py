"""Readings to begin tests with, and what they come to."""

from datetime import datetime, timedelta

from irve_bridge.domain.metering import Meter, Metered, Reading, finish
from tests.unit.domain.sessions import LATER, NOW

RATED_W = 22_000
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def read(minutes: float, register_wh: int, context: str = "Sample.Periodic") -> Reading:
    return Reading(at=at(minutes), register_wh=register_wh, context=context)


def metered(start_wh: int, stop_wh: int, *readings: Reading, stop_at: datetime = LATER) -> Metered:
    """Half an hour at a connector of 22 kW."""
    return finish(NOW, start_wh, stop_at, stop_wh, readings, RATED_W)


def outcome(of: Metered) -> tuple[int, str]:
    """The energy billed, and how: by the final register, to the last reading, or in review."""
    how = "review" if of.doubt else "last trusted" if of.note else "billed"
    return of.energy_wh, how


def running(start_wh: int, *readings: Reading) -> list[int]:
    """The energy a driver is shown after each reading."""
    meter, shown = Meter.begin(NOW, start_wh, RATED_W), []
    for reading in readings:
        meter = meter.read(reading)
        shown.append(meter.energy_wh)
    return shown
