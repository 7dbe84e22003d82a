"""A stay at a station that is only thought of: what it would cost by a tariff."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.projection import charge

LONGEST = timedelta(minutes=100_000)
"""So long anything is thought of: every day of it is reckoned."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A charge from `at` on, then `parked` without charging.

    Of energy and duration one may be left out: it follows from `power_w`.
    """

    at: datetime
    energy_wh: int | None = None
    charging: timedelta | None = None
    parked: timedelta = timedelta()
    power_w: int = 0

    @property
    def is_told(self) -> bool:
        """Whether enough is known to price it, and it ends before people are old."""
        if self.charging is not None:
            return self.energy_wh is not None or self.power_w > 0
        if self.energy_wh is None or self.power_w <= 0:
            return False
        return self.energy_wh <= self.power_w * (LONGEST // _HOUR)

    def cost(self, pricer: Pricer) -> Breakdown:
        """Return what it costs; only of one that `is_told`."""
        charging = self._charging()
        over_at = charging.end_at
        parking = Period(start_at=over_at, end_at=over_at + self.parked, parking=self.parked)
        return pricer.cost(pricer.tally(self.at, [charging, parking]))

    def _charging(self) -> Period:
        if self.energy_wh is None or self.charging is None:
            minutes = None if self.charging is None else self.charging // _MINUTE
            return charge(self.at, self.power_w, self.energy_wh, minutes)
        return Period(
            start_at=self.at,
            end_at=self.at + self.charging,
            energy_wh=self.energy_wh,
            charging=self.charging,
        )
