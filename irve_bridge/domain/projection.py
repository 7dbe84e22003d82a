"""What a charge will cost: for a wished energy or duration, and until a limit is reached."""

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.money import exact_sum, minor_digits
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer, Tally
from irve_bridge.domain.rules import Use

MAINS_V = 230
HORIZON = timedelta(hours=1)
"""How far a charge is projected, unless asked for more: most are heard of again before."""
_FAR_US = timedelta(days=3650) // timedelta(microseconds=1)
_HOUR, _MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


def quote(
    pricer: Pricer, at: datetime, power_w: int, energy_wh: int | None, minutes: int | None
) -> Breakdown:
    """Return the cost of a wished energy or duration from now on at the connector's full power."""
    return pricer.cost(pricer.tally(at, [charge(at, power_w, energy_wh, minutes)]))


def charge(at: datetime, power_w: int, energy_wh: int | None, minutes: int | None) -> Period:
    """Return a charge at full power; exactly one of `energy_wh` and `minutes` is given."""
    if energy_wh is None:
        duration = timedelta(minutes=minutes or 0)
        energy_wh = power_w * duration // _HOUR
    else:
        hours = Fraction(energy_wh, power_w)
        duration = timedelta(microseconds=ceil(hours * (_HOUR // _MICROSECOND)))
    return _steady(at, duration, energy_wh, power_w)


def at_most(period: Period, power_w: int) -> Period:
    """Return a period in which as much may have flowed as this power gives, whatever was read."""
    flowed_wh = Fraction(power_w * (period.elapsed // _MICROSECOND), _HOUR // _MICROSECOND)
    energy_wh, parking = max(period.energy_wh, flowed_wh), bool(period.parking)
    return _steady(period.start_at, period.elapsed, energy_wh, power_w, parking=parking)


def time_until(
    pricer: Pricer,
    tally: Tally,
    at: datetime,
    limit_minor: int,
    power_w: int,
    *,
    parking: bool,
    horizon: timedelta = HORIZON,
) -> timedelta | None:
    """Return how long after `at` the cost reaches the limit at this power.

    None means never, or not within `horizon`. Step sizes are paid in advance here: the block that
    is begun counts whole.
    """
    limit = Fraction(limit_minor, 10 ** minor_digits(pricer.tariff.currency))
    most = pricer.tariff.max_price
    if most is not None and pricer.tariff.with_vat(most) <= limit:
        return None
    spent = timedelta()
    while spent <= horizon:
        now = at + spent
        tally = pricer.add(tally, _steady(now, timedelta(), 0, power_w))
        left = limit - pricer.gross(tally) - _begun(tally)
        if left <= 0:
            return spent
        rate, ahead = _rate(tally, power_w, parking=parking), _ahead(tally, now, power_w)
        if rate and (ahead is None or left <= rate * (ahead // _MICROSECOND)):
            further = int(left / rate)
            return spent + timedelta(microseconds=further) if further < _FAR_US else None
        if ahead is None:
            return None
        energy_wh = Fraction(power_w * (ahead // _MICROSECOND), _HOUR // _MICROSECOND)
        tally = pricer.add(tally, _steady(now, ahead, energy_wh, power_w, parking=parking))
        spent += ahead
    return None


def _steady(
    at: datetime,
    duration: timedelta,
    energy_wh: Fraction | int,
    power_w: int,
    *,
    parking: bool = False,
) -> Period:
    """Return a period at constant power; its current is what the mains carry at that power."""
    current_ma = power_w * 1000 // MAINS_V
    return Period(
        start_at=at,
        end_at=at + duration,
        energy_wh=energy_wh,
        charging=timedelta() if parking else duration,
        parking=duration if parking else timedelta(),
        min_power_w=power_w,
        max_power_w=power_w,
        min_current_ma=current_ma,
        max_current_ma=current_ma,
    )


def _begun(tally: Tally) -> Fraction:
    """Return what begun blocks may add to the cost: now, or of what counted last."""
    begun = {rule for rule in (*tally.rules, *tally.counted.last) if rule and rule.step}
    return exact_sum(rule.step * rule.gross for rule in begun)


def _rate(tally: Tally, power_w: int, *, parking: bool) -> Fraction:
    """Return what a microsecond costs while the rules stay in force."""
    time = Use.PARKING if parking else Use.CHARGING
    energy = Fraction(power_w, _HOUR // _MICROSECOND)
    amounts: dict[Use, Fraction | int] = {Use.ENERGY: energy, time: 1}
    return exact_sum(rule.gross * amounts.get(rule.use, 0) for rule in tally.rules)


def _ahead(tally: Tally, now: datetime, power_w: int) -> timedelta | None:
    """Return how long the rules stay in force at this power; None means for good."""
    ends = []
    if tally.until_at is not None:
        ends.append(tally.until_at - now)
    if tally.until_wh is not None and power_w:
        hours = Fraction(tally.until_wh - tally.energy_wh) / power_w
        ends.append(timedelta(microseconds=ceil(hours * (_HOUR // _MICROSECOND))))
    return min(ends, default=None)
