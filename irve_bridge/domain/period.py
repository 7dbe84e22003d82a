"""A stretch of a charge, as a meter saw it or a CDR tells it (OCPI 2.2.1 mod_cdrs ChargingPeriod).

Metering yields periods, the tariff prices them, the CDR lists them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was used between two moments; within them energy flows and time passes evenly.

    Of the elapsed time so much is `charging`, so much `parking` (the vehicle asks for no power) and
    so much `reservation`; a CDR may leave some of it out. Power and current are what the period
    never went below and above, None where nobody said.
    """

    start_at: datetime
    end_at: datetime
    energy_wh: int = 0
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    reservation: timedelta = timedelta()
    min_power_w: Fraction | int | None = None
    max_power_w: Fraction | int | None = None
    min_current_ma: int | None = None
    max_current_ma: int | None = None
