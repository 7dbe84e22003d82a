"""From what a meter said to energy that may be billed.

A running meter is a fold over readings: `Meter.read` takes one reading and returns the meter after
it. Registers never decrease within a transaction (OCPP 1.6 ed. 2 §7.28), so one that does is not
trusted, and neither is a final register below the last trusted one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from irve_bridge.domain.tariff import Volumes

POWER_SLACK, ENERGY_SLACK_WH = 1.2, 500
"""Connectors exceed their rating a little, and clocks are read at slightly other moments."""


class Activity(StrEnum):
    """What the connector reports while a transaction runs."""

    CHARGING = "charging"
    SUSPENDED_EVSE = "suspended_evse"
    SUSPENDED_EV = "suspended_ev"

    @property
    def parking(self) -> bool:
        """Whether this is PARKING_TIME: the vehicle asks for no power (OCPI 2.2.1 mod_cdrs)."""
        return self is Activity.SUSPENDED_EV


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One moment of a transaction's meter; None where the charge point did not say."""

    at: datetime
    register_wh: int | None = None
    power_w: int | None = None
    current_ma: int | None = None
    voltage_mv: int | None = None
    soc_percent: int | None = None
    activity: Activity | None = None
    context: str = "Sample.Periodic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A transaction's meter so far: trusted energy and how the time was spent."""

    start_at: datetime
    meter_start_wh: int
    at: datetime
    register_wh: int
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    activity: Activity = Activity.CHARGING
    power_w: int = 0
    soc_percent: int | None = None

    @classmethod
    def begin(cls, start_at: datetime, meter_start_wh: int) -> "Meter":
        """Return the meter of a transaction that has just started."""
        return cls(
            start_at=start_at,
            meter_start_wh=meter_start_wh,
            at=start_at,
            register_wh=meter_start_wh,
        )

    @property
    def energy_wh(self) -> int:
        """Trusted energy since the start."""
        return self.register_wh - self.meter_start_wh

    @property
    def volumes(self) -> Volumes:
        """What the tariff prices."""
        return Volumes(self.energy_wh, self.charging, self.parking, started=True)

    def read(self, reading: Reading) -> "Meter":
        """Return the meter after one reading; what is late or below the register counts nothing."""
        if reading.at < self.at:
            return self
        then = self.until(reading.at)
        register_wh = reading.register_wh if reading.register_wh is not None else then.register_wh
        return replace(
            then,
            register_wh=max(register_wh, then.register_wh),
            activity=reading.activity or then.activity,
            power_w=_power(reading, self),
            soc_percent=then.soc_percent if reading.soc_percent is None else reading.soc_percent,
        )

    def until(self, at: datetime) -> "Meter":
        """Return the meter at a later moment with nothing new read: only time has passed."""
        elapsed = max(at - self.at, timedelta())
        if self.activity.parking:
            return replace(self, at=max(at, self.at), parking=self.parking + elapsed)
        return replace(self, at=max(at, self.at), charging=self.charging + elapsed)


@dataclass(frozen=True, slots=True)
class Metered:
    """A finished transaction's volumes; `doubt` says why they must not be billed, if so.

    The volumes are then what nobody doubts: as far as readings and final register agree.
    """

    volumes: Volumes
    doubt: str | None = None


def finish(
    start_at: datetime,
    meter_start_wh: int,
    stop_at: datetime,
    meter_stop_wh: int,
    readings: Iterable[Reading],
    power_w: int | None = None,
) -> Metered:
    """Return what a finished transaction used, from its register and everything read between.

    The order in which readings arrived does not matter; those after the stop do not count.
    `power_w` is what the connector can deliver: more energy than that is not believed.
    """
    meter = Meter.begin(start_at, meter_start_wh)
    for reading in sorted(readings, key=lambda r: r.at):
        if reading.at <= stop_at:
            meter = meter.read(reading)
    last_wh, duration = meter.register_wh, stop_at - start_at
    meter = meter.until(stop_at)
    doubt = _doubt(meter_start_wh, last_wh, meter_stop_wh, start_at, stop_at)
    doubt = doubt or _power_doubt(meter_stop_wh - meter_start_wh, duration, power_w)
    trusted_wh = meter_stop_wh
    if doubt is not None:
        agreed_wh = _agreed(meter_start_wh, last_wh, meter_stop_wh)
        credible = _power_doubt(agreed_wh - meter_start_wh, duration, power_w) is None
        trusted_wh = agreed_wh if credible else meter_start_wh
    return Metered(replace(meter, register_wh=trusted_wh).volumes, doubt)


def _agreed(start_wh: int, last_wh: int, stop_wh: int) -> int:
    """Return how far the readings and the final register agree; one below the start is lost."""
    if start_wh < 0:
        return start_wh
    return min(last_wh, stop_wh) if stop_wh >= start_wh else last_wh


def _doubt(
    start_wh: int, last_wh: int, stop_wh: int, start_at: datetime, stop_at: datetime
) -> str | None:
    if start_wh < 0:
        return f"the first register ({start_wh} Wh) is not known"
    if stop_wh < start_wh:
        return f"the final register ({stop_wh} Wh) is below the first ({start_wh} Wh)"
    if stop_wh < last_wh:
        return f"the final register ({stop_wh} Wh) is below the last reading ({last_wh} Wh)"
    if stop_at < start_at:
        return f"the stop ({stop_at:%FT%TZ}) lies before the start ({start_at:%FT%TZ})"
    return None


def _power_doubt(energy_wh: int, duration: timedelta, power_w: int | None) -> str | None:
    if power_w is None:
        return None
    most_wh = power_w * (duration / timedelta(hours=1)) * POWER_SLACK + ENERGY_SLACK_WH
    return f"{energy_wh} Wh is more than {power_w} W can deliver" if energy_wh > most_wh else None


def _power(reading: Reading, before: Meter) -> int:
    """As it says, else from the register's growth since the reading before."""
    if reading.power_w is not None:
        return reading.power_w
    if reading.activity is not None and reading.activity is not Activity.CHARGING:
        return 0
    elapsed_s = (reading.at - before.at).total_seconds()
    if reading.register_wh is None or elapsed_s <= 0:
        return before.power_w
    return round(max(reading.register_wh - before.register_wh, 0) * 3600 / elapsed_s)
