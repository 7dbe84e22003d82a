"""A stretch of a charge, as a meter saw it or a CDR tells it (OCPI 2.2.1 mod_cdrs ChargingPeriod).

Metering yields periods, the tariff prices them, the CDR lists them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

from msgspec import Struct

Quantity = Fraction | int


class Period(Struct, frozen=True, kw_only=True):
    """What was used between two moments; within them energy flows and time passes evenly.

    Of the elapsed time so much is `charging`, so much `parking` (the vehicle asks for no power) and
    so much `reservation`; a CDR may leave some of it out. Power and current are what the period
    never went below and above, None where nobody said.
    """

    start_at: datetime
    end_at: datetime
    energy_wh: Quantity = 0
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    reservation: timedelta = timedelta()
    min_power_w: Quantity | None = None
    max_power_w: Quantity | None = None
    min_current_ma: Quantity | None = None
    max_current_ma: Quantity | None = None

    @property
    def elapsed(self) -> timedelta:
        """How long it lasted."""
        return self.end_at - self.start_at

    def continues(self, after: "Period") -> bool:
        """Whether another one goes on with the same activity."""
        kinds = ("charging", "parking", "reservation")
        alike = all(bool(getattr(self, kind)) == bool(getattr(after, kind)) for kind in kinds)
        return alike and self.end_at == after.start_at

    def joined(self, after: "Period") -> "Period":
        """Return this one and the one that continues it as one."""
        return Period(
            start_at=self.start_at,
            end_at=after.end_at,
            energy_wh=self.energy_wh + after.energy_wh,
            charging=self.charging + after.charging,
            parking=self.parking + after.parking,
            reservation=self.reservation + after.reservation,
            min_power_w=_bound(min, self.min_power_w, after.min_power_w),
            max_power_w=_bound(max, self.max_power_w, after.max_power_w),
            min_current_ma=_bound(min, self.min_current_ma, after.min_current_ma),
            max_current_ma=_bound(max, self.max_current_ma, after.max_current_ma),
        )


def _bound(
    choose: Callable[..., Quantity], one: Quantity | None, other: Quantity | None
) -> Quantity | None:
    """Return the least or the most of both; unknown of one is unknown of both."""
    return None if one is None or other is None else choose(one, other)
