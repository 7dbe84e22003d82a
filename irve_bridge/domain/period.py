"""A stretch of a charge, as a meter saw it or a CDR tells it (OCPI 2.2.1 mod_cdrs ChargingPeriod).

Metering yields periods, the tariff prices them, the CDR lists them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was used between two moments; within them energy flows and time passes evenly.

    Of the elapsed time so much is `charging`, so much `parking` (the vehicle asks for no power) and
    so much `reservation`; a CDR may leave some of it out. Power and current are what the period
    never went below and above, None where nobody said.
    """

    start_at: datetime
    end_at: datetime
    energy_wh: Fraction | int = 0
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    reservation: timedelta = timedelta()
    min_power_w: Fraction | int | None = None
    max_power_w: Fraction | int | None = None
    min_current_ma: int | None = None
    max_current_ma: int | None = None

    @property
    def elapsed(self) -> timedelta:
        """How long it lasted."""
        return self.end_at - self.start_at

    @property
    def power_w(self) -> tuple[Fraction | int, Fraction | int]:
        """The least and the most power; where nobody said, the average."""
        if self.min_power_w is not None or self.max_power_w is not None:
            return _both(self.min_power_w, self.max_power_w)
        if not self.elapsed:
            return 0, 0
        average_w = Fraction(self.energy_wh * (_HOUR // _MICROSECOND), self.elapsed // _MICROSECOND)
        return average_w, average_w

    @property
    def current_ma(self) -> tuple[Fraction | int, Fraction | int]:
        """The least and the most current, summed over the phases; where nobody said, none."""
        return _both(self.min_current_ma, self.max_current_ma)


def _both(
    low: Fraction | int | None, high: Fraction | int | None
) -> tuple[Fraction | int, Fraction | int]:
    """Return both bounds where at most one may be known."""
    known = high if low is None else low
    return known or 0, (known if high is None else high) or 0
