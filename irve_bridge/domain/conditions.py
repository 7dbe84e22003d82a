"""A tariff element's restrictions, ready to be held against a moment (OCPI 2.2.1 mod_tariffs).

All that is set must match, moment by moment; lower bounds are inclusive, upper ones exclusive.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from irve_bridge.domain.period import Period, Quantity
from irve_bridge.domain.restrictions import DAYS, MIDNIGHT, Restrictions

Bounds = tuple[Quantity | None, Quantity | None]
Ratio = tuple[Quantity, int]
_UNBOUNDED: Bounds = (None, None)
_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_MICROSECOND = timedelta(microseconds=1)


class Now(NamedTuple):
    """What restrictions look at: the station's clock, and the session so far."""

    local: datetime
    clock: time
    elapsed_us: Quantity
    used_wh: Quantity


class Flow(NamedTuple):
    """The least and the most power and current of a period, as fractions: numerator, denominator.

    Where nobody said, the power is the average, and there is no current.
    """

    power_w: tuple[Ratio, Ratio]
    current_ma: tuple[Ratio, Ratio]

    @classmethod
    def of(cls, period: Period) -> "Flow":
        """Return a period's."""
        average_w = (period.energy_wh * _HOUR_US, period.elapsed // _MICROSECOND or 1)
        if not period.elapsed:
            average_w = (0, 1)
        return cls(
            _both(period.min_power_w, period.max_power_w, average_w),
            _both(period.min_current_ma, period.max_current_ma, (0, 1)),
        )


class Condition:
    """When an element's components hold; `by_flow` says whether power or current decides."""

    def __init__(self, held: Restrictions) -> None:
        self.daily = frozenset(_daily(held))
        self.bounds_us = _bounds(held.min_duration, held.max_duration, _SECOND_US)
        self.bounds_wh = _bounds(held.min_kwh, held.max_kwh, 1000)
        self._power_w = _bounds(held.min_power, held.max_power, 1000)
        self._current_ma = _bounds(held.min_current, held.max_current, 1000)
        self.by_flow = {*self._power_w, *self._current_ma} != {None}
        self._checks = (*_timely(held), *self._used())

    def match(self, now: Now) -> bool:
        """Return whether the moment, the duration and the energy so far allow the element."""
        for allows in self._checks:  # noqa: SIM110 - a generator takes twice as long
            if not allows(now):
                return False
        return True

    def match_flow(self, flow: Flow) -> bool:
        """Return whether the power and the current allow the element."""
        return _within(*flow.power_w, self._power_w) and _within(*flow.current_ma, self._current_ma)

    def _used(self) -> Iterator[Callable[[Now], bool]]:
        """Yield what the duration and the energy must be."""
        if self.bounds_us != _UNBOUNDED:
            yield lambda now: _within((now.elapsed_us, 1), (now.elapsed_us, 1), self.bounds_us)
        if self.bounds_wh != _UNBOUNDED:
            yield lambda now: _within((now.used_wh, 1), (now.used_wh, 1), self.bounds_wh)


def _both(low: Quantity | None, high: Quantity | None, unknown: Ratio) -> tuple[Ratio, Ratio]:
    """Return both bounds; where one is known, it is the other, too."""
    if low is None and high is None:
        return unknown, unknown
    known = high if low is None else low
    return (known or 0, 1), ((known if high is None else high) or 0, 1)


def _daily(held: Restrictions) -> Iterator[time]:
    """Yield the times of day at which the element may begin or cease to match."""
    yield from held.hours or ()
    if held.day_of_week or held.start_date or held.end_date:
        yield MIDNIGHT


def _bounds(least: Decimal | int | None, most: Decimal | int | None, unit: int) -> Bounds:
    return _exact(least, unit), _exact(most, unit)


def _exact(bound: Decimal | int | None, unit: int) -> Quantity | None:
    if bound is None:
        return None
    exact = Fraction(bound) * unit
    return exact.numerator if exact.denominator == 1 else exact


def _within(low: Ratio, high: Ratio, bounds: Bounds) -> bool:
    """Compare without dividing: that is quicker."""
    least, most = bounds
    return (least is None or low[0] >= least * low[1]) and (
        most is None or high[0] < most * high[1]
    )


def _timely(held: Restrictions) -> Iterator[Callable[[Now], bool]]:
    """Yield what the clock and the calendar must say."""
    if held.hours:
        begin, end = held.hours
        if begin < end:
            yield lambda now: begin <= now.clock < end
        else:
            yield lambda now: now.clock >= begin or now.clock < end
    if days := {DAYS.index(day) for day in held.day_of_week}:
        yield lambda now: now.local.weekday() in days
    if (first := held.start_date) is not None:
        yield lambda now: now.local.date() >= first
    if (end_date := held.end_date) is not None:
        yield lambda now: now.local.date() < end_date
