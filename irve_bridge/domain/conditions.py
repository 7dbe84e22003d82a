"""A tariff element's restrictions, ready to be held against a moment (OCPI 2.2.1 mod_tariffs).

All that is set must match, moment by moment; lower bounds are inclusive, upper ones exclusive.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction

from irve_bridge.domain.period import Period
from irve_bridge.domain.restrictions import DAYS, MIDNIGHT, Restrictions

Quantity = Fraction | int
Bounds = tuple[Quantity | None, Quantity | None]
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What restrictions look at: the station's clock, and the session so far."""

    local: datetime
    clock: time
    elapsed_us: Quantity
    used_wh: Quantity


class Condition:
    """When an element's components hold; `by_flow` says whether power or current decides."""

    def __init__(self, held: Restrictions) -> None:
        self.daily = frozenset(_daily(held))
        self.bounds_us = _bounds(held.min_duration, held.max_duration, _SECOND_US)
        self.bounds_wh = _bounds(held.min_kwh, held.max_kwh, 1000)
        self._power_w = _bounds(held.min_power, held.max_power, 1000)
        self._current_ma = _bounds(held.min_current, held.max_current, 1000)
        self.by_flow = {*self._power_w, *self._current_ma} != {None}
        self._timely = tuple(_timely(held))

    def match(self, now: Moment) -> bool:
        """Return whether the moment, the duration and the energy so far allow the element."""
        return (
            _within(now.elapsed_us, now.elapsed_us, self.bounds_us)
            and _within(now.used_wh, now.used_wh, self.bounds_wh)
            and all(allows(now) for allows in self._timely)
        )

    def match_flow(self, period: Period) -> bool:
        """Return whether the power and the current allow the element; what is unknown is none."""
        return not self.by_flow or (
            _within(*period.power_w, self._power_w)
            and _within(*period.current_ma, self._current_ma)
        )


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


def _within(low: Quantity, high: Quantity, bounds: Bounds) -> bool:
    least, most = bounds
    return (least is None or low >= least) and (most is None or high < most)


def _timely(held: Restrictions) -> Iterator[Callable[[Moment], bool]]:
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
