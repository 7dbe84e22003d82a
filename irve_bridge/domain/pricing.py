"""What a charge uses, by the component of its OCPI 2.2.1 tariff that prices it (mod_tariffs).

A fold over periods: `Pricer.add` takes the tally so far and one more period, `Pricer.cost` turns a
tally into a breakdown: quote, running cost, limit and receipt are one sum. For each dimension the
first element that matches prices it, moment by moment: a period is cut where a bound lies within.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from functools import reduce
from operator import add
from typing import NamedTuple

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.conditions import Moment, Quantity
from irve_bridge.domain.local_time import Calendar
from irve_bridge.domain.money import to_minor
from irve_bridge.domain.period import Period
from irve_bridge.domain.rules import Rule, Use, rules_of
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.totals import Share, breakdown, stepped, total

_MICROSECOND = timedelta(microseconds=1)


_NOTHING: tuple[Quantity, ...] = (0,) * len(Use)


class Counted(NamedTuple):
    """What was used, at each rule's place, and for each use the rule that counted last.

    That one takes what a step size adds.
    """

    used: tuple[Quantity, ...]
    last: tuple[Rule | None, ...] = (None,) * len(Use)


@dataclass(frozen=True, slots=True)
class Tally:
    """What was used so far: the state of the fold.

    `rules` are in force until `until_us` after the start, or until `until_wh` are used; `amounts`
    is how much there was of each use while they were, `before` what had been counted until then.
    """

    start_at: datetime
    before: Counted
    energy_wh: Quantity = 0
    rules: tuple[Rule, ...] = ()
    amounts: tuple[Quantity, ...] = _NOTHING
    until_us: Quantity | None = 0
    until_wh: Quantity | None = None

    @property
    def counted(self) -> Counted:
        """What was used in all; what is paid once is counted once."""
        used, last = list(self.before.used), list(self.before.last)
        for rule in self.rules:
            amount = self.amounts[rule.use]
            if amount and rule.once and last[rule.use] is None:
                used[rule.place], last[rule.use] = 1, rule
            elif amount and not rule.once:
                used[rule.place] += amount
                last[rule.use] = rule
        return Counted(tuple(used), tuple(last))


class _Stretch(NamedTuple):
    """A period, or a part of one, in numbers that can be divided; time counts from the start."""

    from_us: Quantity
    elapsed_us: Quantity
    energy_wh: Quantity
    charging_us: Quantity
    parking_us: Quantity
    reservation_us: Quantity

    def amounts(self) -> tuple[Quantity, ...]:
        """Return how much there is of each use, in their order."""
        reserved = int(bool(self.reservation_us))
        charging = self.energy_wh or self.charging_us or self.parking_us or not reserved
        return (
            self.energy_wh,
            self.charging_us,
            self.parking_us,
            int(bool(charging)),
            self.reservation_us,
            reserved,
            self.reservation_us,
            reserved,
        )

    def cut(self, share: Fraction) -> tuple["_Stretch", "_Stretch"]:
        """Return the first part and the rest."""
        head = [amount * share for amount in self[1:]]
        rest = [amount - part for amount, part in zip(self[1:], head, strict=True)]
        return _Stretch(self.from_us, *head), _Stretch(self.from_us + head[0], *rest)

    def period(self, whole: Period, start_at: datetime, end_at: datetime) -> Period:
        """Return this part of a period, to the microsecond."""
        elapsed = end_at - start_at
        return replace(
            whole,
            start_at=start_at,
            end_at=end_at,
            energy_wh=_plain(self.energy_wh),
            charging=elapsed if whole.charging == whole.elapsed else _duration(self.charging_us),
            parking=elapsed if whole.parking == whole.elapsed else _duration(self.parking_us),
            reservation=_duration(self.reservation_us),
        )


class Pricer:
    """A tariff at a place, ready to price charges; it keeps nothing of them."""

    def __init__(self, tariff: Tariff, zone: tzinfo) -> None:
        self.tariff = tariff
        self._zone = zone
        self._elements = tuple(rules_of(tariff))
        self._rules = tuple(rule for element in self._elements for rule in element.rules)
        conditions = [e.condition for e in self._elements if e.condition is not None]
        self._calendar = Calendar((time for c in conditions for time in c.daily), zone)
        self._by_flow = any(c.by_flow for c in conditions)
        self._bounds_wh = sorted({wh for c in conditions for wh in c.bounds_wh if wh is not None})
        self._bounds_us = sorted({us for c in conditions for us in c.bounds_us if us is not None})

    def begin(self, at: datetime) -> Tally:
        """Return the tally of what begins now: a charge, or a reservation before it."""
        return Tally(start_at=at, before=Counted((0,) * len(self._rules)))

    def start(self, at: datetime) -> Tally:
        """Return the tally of a charge that starts now: what is paid once is owed from here on."""
        return self.add(self.begin(at), Period(start_at=at, end_at=at))

    def add(self, tally: Tally, period: Period) -> Tally:
        """Return the tally after one more period."""
        *_, (_, after) = self._parts(tally, period)
        return after

    def cut(self, start_at: datetime, periods: Iterable[Period]) -> Iterator[Period]:
        """Yield the periods of a charge in parts of one price each (mod_cdrs ChargingPeriod)."""
        tally = self.start(start_at)
        for period in periods:
            at, parts = period.start_at, list(self._parts(tally, period))
            for part, _ in parts:
                end_at = start_at + _duration(part.from_us + part.elapsed_us)
                yield part.period(period, at, end_at)
                at = end_at
            tally = parts[-1][1]

    def tally(self, start_at: datetime, periods: Iterable[Period]) -> Tally:
        """Return the tally of a whole charge."""
        return reduce(self.add, periods, self.start(start_at))

    def cost(self, tally: Tally) -> Breakdown:
        """Return what the tally comes to, rounded once."""
        return breakdown(self.tariff, self.shares(tally))

    def gross_minor(self, tally: Tally) -> int:
        """Return what the tally comes to with VAT, as `cost` does."""
        return to_minor(total(self.tariff, self.shares(tally)).gross, self.tariff.currency)

    def gross(self, tally: Tally) -> Fraction:
        """Return what was used comes to, with VAT, exactly; without step sizes and price bounds."""
        used = zip(self._rules, tally.counted.used, strict=True)
        return sum((rule.gross * amount for rule, amount in used if amount), Fraction(0))

    def shares(self, tally: Tally) -> list[Share]:
        """Return what each rule comes to, exactly; step sizes are applied."""
        return stepped(self._rules, *tally.counted)

    def _parts(self, tally: Tally, period: Period) -> Iterator[tuple["_Stretch", Tally]]:
        """Yield each part of a period that has one price, with the tally after it."""
        rest = _stretch(tally, period)
        tally = self._chosen(tally, rest, period)
        while (share := _share_within(tally, rest)) is not None:
            head, rest = rest.cut(share)
            tally = _count(tally, head)
            yield head, tally
            tally = self._chosen(tally, rest, period)
        yield rest, _count(tally, rest)

    def _chosen(self, tally: Tally, ahead: _Stretch, period: Period) -> Tally:
        """Return the tally with the rules in force from here on."""
        timely = tally.until_us is None or ahead.from_us < tally.until_us
        within = tally.until_wh is None or tally.energy_wh < tally.until_wh
        if timely and within and not self._by_flow:
            return tally
        at = tally.start_at + timedelta(microseconds=int(ahead.from_us))
        local = at.astimezone(self._zone)
        now = Moment(local, local.time(), ahead.from_us, tally.energy_wh)
        rules = tuple(self._in_force(now, period))
        changed = rules != tally.rules
        return Tally(
            start_at=tally.start_at,
            before=tally.counted if changed else tally.before,
            energy_wh=tally.energy_wh,
            rules=rules,
            amounts=_NOTHING if changed else tally.amounts,
            until_us=self._next_us(tally, ahead, at),
            until_wh=next((wh for wh in self._bounds_wh if wh > tally.energy_wh), None),
        )

    def _in_force(self, now: Moment, period: Period) -> Iterator[Rule]:
        """Yield the first rule of each use whose element matches."""
        found = set[Use]()
        for condition, rules in self._elements:
            if condition is None or (condition.match(now) and condition.match_flow(period)):
                for rule in rules:
                    if rule.use not in found:
                        found.add(rule.use)
                        yield rule

    def _next_us(self, tally: Tally, ahead: _Stretch, at: datetime) -> Quantity | None:
        """Return when, after the start, the clock may change what is in force."""
        ends = [us for us in self._bounds_us if us > ahead.from_us][:1]
        if moment := self._calendar.next_after(at):
            ends.append((moment - tally.start_at) // _MICROSECOND)
        return min(ends, default=None)


def _duration(microseconds: Quantity) -> timedelta:
    return timedelta(microseconds=round(microseconds))


def _stretch(tally: Tally, period: Period) -> _Stretch:
    return _Stretch(
        (period.start_at - tally.start_at) // _MICROSECOND,
        period.elapsed // _MICROSECOND,
        period.energy_wh,
        period.charging // _MICROSECOND,
        period.parking // _MICROSECOND,
        period.reservation // _MICROSECOND,
    )


def _share_within(tally: Tally, ahead: _Stretch) -> Fraction | None:
    """Return how much of the stretch lies before the next bound; None where all of it does."""
    shares = []
    if tally.until_us is not None and ahead.from_us + ahead.elapsed_us > tally.until_us:
        shares.append(Fraction(tally.until_us - ahead.from_us, ahead.elapsed_us))
    if tally.until_wh is not None and tally.energy_wh + ahead.energy_wh > tally.until_wh:
        shares.append(Fraction(tally.until_wh - tally.energy_wh, ahead.energy_wh))
    return min(shares, default=None)


def _count(tally: Tally, stretch: _Stretch) -> Tally:
    """Return the tally with what was used while its rules were in force."""
    return Tally(
        tally.start_at,
        tally.before,
        _plain(tally.energy_wh + stretch.energy_wh),
        tally.rules,
        tuple(map(add, tally.amounts, stretch.amounts())),
        tally.until_us,
        tally.until_wh,
    )


def _plain(quantity: Quantity) -> Quantity:
    """Whole numbers are quicker."""
    return quantity.numerator if quantity.denominator == 1 else quantity
