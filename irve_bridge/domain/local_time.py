"""When the time of day passes what a tariff names, in the station's time zone."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_DAY = timedelta(days=1)


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all IANA time zones; looking for them reads a thousand files."""
    return frozenset(available_timezones())


def day_begins(day: date, time_zone: str) -> datetime:
    """Return when a day begins in a time zone, in UTC: not every day has 24 hours."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


class Calendar:
    """The moments at which local time passes one of some times of day, DST and midnight included.

    A time of day that a change to summer time skips is passed at the change; one that a change to
    winter time repeats is passed twice, and the change itself sets the clock back before it.
    """

    def __init__(self, times: Iterable[time], zone: tzinfo) -> None:
        self._times = sorted(set(times))
        self.zone = zone
        self._days: dict[date, list[datetime]] = {}

    def next_after(self, at: datetime) -> datetime | None:
        """Return the next such moment after this one, in UTC; None where no time is named."""
        if not self._times:
            return None
        today = at.astimezone(self.zone).date()
        for day in (today, today + _DAY, today + 2 * _DAY):
            moments = self._moments(day)
            if (place := bisect_right(moments, at)) < len(moments):
                return moments[place]
        return None

    def _moments(self, day: date) -> list[datetime]:
        if day not in self._days:
            self._days[day] = sorted(set(self._passed_on(day)))
        return self._days[day]

    def _passed_on(self, day: date) -> Iterator[datetime]:
        for time_of_day in self._times:
            for fold in (0, 1):
                local = datetime.combine(day, time_of_day.replace(fold=fold), self.zone)
                yield local.astimezone(UTC)
        yield from self._change(day)

    def _change(self, day: date) -> Iterator[datetime]:
        """Yield when the zone's offset changes on that day, to the second."""
        begin = datetime.combine(day, time(), self.zone).astimezone(UTC)
        end = begin + _DAY
        before = self._offset(begin)
        if self._offset(end) == before:
            return
        while end - begin > timedelta(seconds=1):
            middle = (begin + (end - begin) / 2).replace(microsecond=0)
            if self._offset(middle) == before:
                begin = middle
            else:
                end = middle
        yield end

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self.zone).utcoffset()
