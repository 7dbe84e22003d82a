"""When an element of a tariff holds, in OCPI's own fields (2.2.1 mod_tariffs)."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

MIDNIGHT = time()


class Day(StrEnum):
    """A day of the week (OCPI DayOfWeek), Monday first as in `date.weekday`."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


DAYS = tuple(Day)


class Reservation(StrEnum):
    """What a reservation costs: while it is held, or once it expired unused."""

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """OCPI's fields: times of day and dates are local, energy is in kWh, power in kW, current in A.

    Durations are seconds since the session began.
    """

    start_time: str | None = None
    end_time: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[Day, ...] = ()
    reservation: Reservation | None = None

    @property
    def hours(self) -> tuple[time, time] | None:
        """From when until when in the day; None means all of it. Until 00:00 is to its end."""
        begin, end = time_of_day(self.start_time), time_of_day(self.end_time)
        return None if begin == end else (begin, end)

    @property
    def by_clock(self) -> bool:
        """Whether the moment or the duration decides."""
        bounds = (self.start_date, self.end_date, self.min_duration, self.max_duration)
        dated = any(bound is not None for bound in bounds)
        return dated or self.hours is not None or bool(self.day_of_week)


@lru_cache(maxsize=1440)
def time_of_day(text: str | None) -> time:
    """Return HH:MM as a time; None is midnight."""
    return time.fromisoformat(text) if text else MIDNIGHT
