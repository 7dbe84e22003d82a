"""What a charge uses, by the component of its OCPI 2.2.1 tariff that prices it (mod_tariffs).

A fold over periods: `Pricer.add` takes the tally so far and one more period, `Pricer.cost` turns a
tally into a breakdown: quote, running cost, limit and receipt are one sum. For each dimension the
first element that matches prices it, moment by moment: a period is cut where a bound lies within.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import reduce
from itertools import islice
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace as changed

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.conditions import Flow, Now
from irve_bridge.domain.local_time import Calendar
from irve_bridge.domain.money import exact_sum, to_minor
from irve_bridge.domain.period import Period, Quantity
from irve_bridge.domain.rules import Rule, Ruled, Use, rules_of
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.totals import Share, breakdown, stepped, total

_MICROSECOND = timedelta(microseconds=1)
_NEVER_YET = datetime.min.replace(tzinfo=UTC)


class Counted(NamedTuple):
    """What was used, at each rule's place, and for each use the rule that counted last.

    That one takes what a step size adds.
    """

    used: tuple[Quantity, ...]
    last: tuple[Rule | None, ...] = (None,) * len(Use)

    def more(self, rules: Iterable[Rule], amounts: Sequence[Quantity]) -> "Counted":
        """Return it with so much of each use while these rules were in force.

        What is paid once is counted once.
        """
        used, last = list(self.used), list(self.last)
        for rule in rules:
            amount = amounts[rule.use]
            if amount and rule.once and last[rule.use] is None:
                used[rule.place], last[rule.use] = 1, rule
            elif amount and not rule.once:
                used[rule.place] += amount
                last[rule.use] = rule
        return Counted(tuple(used), tuple(last))


class Whole(NamedTuple):
    """What whole periods come to; `charge` says whether one was more than a reservation."""

    energy_wh: Quantity = 0
    charging: timedelta = timedelta()
    parking: timedelta = timedelta()
    reservation: timedelta = timedelta()
    charge: bool = False

    def more(self, period: Period) -> "Whole":
        """Return it with one more period."""
        charge = period.energy_wh or period.charging or period.parking or not period.reservation
        return Whole(
            self.energy_wh + period.energy_wh,
            self.charging + period.charging,
            self.parking + period.parking,
            self.reservation + period.reservation,
            self.charge or bool(charge),
        )

    def amounts(self) -> tuple[Quantity, ...]:
        """Return how much there is of each use, in their order."""
        times = (self.charging, self.parking, self.reservation)
        return _amounts(self.energy_wh, *(t // _MICROSECOND for t in times), charge=self.charge)


class Tally(Struct, frozen=True):
    """What was used so far: the state of the fold.

    Before `until_at`, and until `until_wh` are used, one of `elements` prices it, and `rules` are
    in force. `whole` is what was used in whole periods since they are, `before` what was counted
    until then.
    """

    start_at: datetime
    before: Counted
    energy_wh: Quantity = 0
    elements: tuple[Ruled, ...] = ()
    rules: tuple[Rule, ...] = ()
    until_at: datetime | None = _NEVER_YET
    until_wh: Quantity | None = None
    whole: Whole = Whole()

    @property
    def counted(self) -> Counted:
        """What was used in all."""
        return self.before.more(self.rules, self.whole.amounts())


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
        used = self[2:]
        return _amounts(*used, charge=any(used[:3]) or not self.reservation_us)

    def cut(self, share: Fraction) -> tuple["_Stretch", "_Stretch"]:
        """Return the first part and the rest."""
        head = [amount * share for amount in self[1:]]
        rest = [amount - part for amount, part in zip(self[1:], head, strict=True)]
        return _Stretch(self.from_us, *head), _Stretch(self.from_us + head[0], *rest)

    def period(self, whole: Period, start_at: datetime, end_at: datetime) -> Period:
        """Return this part of a period, to the microsecond."""
        elapsed = end_at - start_at
        return changed(
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
        self.by_time = not self._by_flow and not any(any(c.bounds_wh) for c in conditions)
        """Prices change with time alone: whatever uses less at every moment costs less."""
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
        if self._keeps_price(tally, period):
            return _with_whole(tally, period)
        *_, (_, after) = self._parts(tally, period)
        return after

    def tally(self, start_at: datetime, periods: Iterable[Period]) -> Tally:
        """Return the tally of a whole charge."""
        return reduce(self.add, periods, self.start(start_at))

    def cut(self, start_at: datetime, periods: Iterable[Period]) -> list[Period]:
        """Return a charge in as few periods as have one price each (mod_cdrs ChargingPeriod)."""
        tally, priced = self.start(start_at), list[tuple[tuple[Rule, ...], Period]]()
        for period in periods:
            at = period.start_at
            for part, after in self._parts(tally, period):
                end_at = start_at + _duration(part.from_us + part.elapsed_us)
                piece, tally, at = part.period(period, at, end_at), after, end_at
                rules, before = priced[-1] if priced else (None, piece)
                if rules == after.rules and before.continues(piece):
                    priced[-1] = (after.rules, before.joined(piece))
                else:
                    priced.append((after.rules, piece))
        return [period for _, period in priced]

    def cost(self, tally: Tally) -> Breakdown:
        """Return what the tally comes to, rounded once."""
        return breakdown(self.tariff, self.shares(tally))

    def gross_minor(self, tally: Tally) -> int:
        """Return what the tally comes to with VAT, as `cost` does."""
        return to_minor(total(self.tariff, self.shares(tally)).gross, self.tariff.currency)

    def gross(self, tally: Tally) -> Fraction:
        """Return what was used comes to, with VAT, exactly; without step sizes and price bounds."""
        used = zip(self._rules, tally.counted.used, strict=True)
        return exact_sum(rule.gross * amount for rule, amount in used if amount)

    def shares(self, tally: Tally) -> list[Share]:
        """Return what each rule comes to, exactly; step sizes are applied."""
        return stepped(self._rules, *tally.counted)

    def _keeps_price(self, tally: Tally, period: Period) -> bool:
        """Whether the rules in force are so from the period's start to its end."""
        if tally.until_at is not None and not period.start_at < tally.until_at >= period.end_at:
            return False
        until_wh, begin_wh = tally.until_wh, tally.energy_wh
        if until_wh is not None and not begin_wh < until_wh >= begin_wh + period.energy_wh:
            return False
        return not self._by_flow or tuple(_first(tally.elements, period)) == tally.rules

    def _parts(self, tally: Tally, period: Period) -> Iterator[tuple[_Stretch, Tally]]:
        """Yield each part of a period that has one price, with the tally after it."""
        rest = _stretch(tally, period)
        tally = self._chosen(tally, rest, period)
        while (share := _share_within(tally, rest)) is not None:
            head, rest = rest.cut(share)
            tally = _with_part(tally, head)
            yield head, tally
            tally = self._chosen(tally, rest, period)
        yield rest, _with_part(tally, rest)

    def _chosen(self, tally: Tally, ahead: _Stretch, period: Period) -> Tally:
        """Return the tally with the rules in force from here on."""
        at = tally.start_at + timedelta(microseconds=int(ahead.from_us))
        elements, until_at, until_wh = tally.elements, tally.until_at, tally.until_wh
        timely = until_at is None or at < until_at
        if not timely or (until_wh is not None and tally.energy_wh >= until_wh):
            local = at.astimezone(self._zone)
            now = Now(local, local.time(), ahead.from_us, tally.energy_wh)
            elements = tuple(e for e in self._elements if not e.condition or e.condition.match(now))
            until_at = self._until(tally.start_at, ahead, at)
            until_wh = next((wh for wh in self._bounds_wh if wh > tally.energy_wh), None)
        rules = tuple(_first(elements, period))
        counted, energy_wh = tally.counted, tally.energy_wh
        return Tally(tally.start_at, counted, energy_wh, elements, rules, until_at, until_wh)

    def _until(self, start_at: datetime, ahead: _Stretch, at: datetime) -> datetime | None:
        """Return when the clock may next change what is in force."""
        durations = (us for us in self._bounds_us if us > ahead.from_us)
        ends = [start_at + _duration(us) for us in islice(durations, 1)]
        if moment := self._calendar.next_after(at):
            ends.append(moment)
        return min(ends, default=None)


def _first(elements: Iterable[Ruled], period: Period) -> Iterator[Rule]:
    """Yield the first rule of each use whose element matches by power and current, too."""
    found, flow = set[Use](), None
    for condition, rules in elements:
        if condition is not None and condition.by_flow:
            flow = flow or Flow.of(period)
            if not condition.match_flow(flow):
                continue
        for rule in rules:
            if rule.use not in found:
                found.add(rule.use)
                yield rule


def _amounts(
    energy_wh: Quantity,
    charging_us: Quantity,
    parking_us: Quantity,
    reservation_us: Quantity,
    *,
    charge: bool,
) -> tuple[Quantity, ...]:
    reserved = int(bool(reservation_us))
    of_charge = (energy_wh, charging_us, parking_us, int(charge))
    return (*of_charge, reservation_us, reserved, reservation_us, reserved)


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
    if tally.until_at is not None:
        until_us = (tally.until_at - tally.start_at) // _MICROSECOND
        if ahead.from_us + ahead.elapsed_us > until_us:
            shares.append(Fraction(until_us - ahead.from_us, ahead.elapsed_us))
    if tally.until_wh is not None and tally.energy_wh + ahead.energy_wh > tally.until_wh:
        shares.append(Fraction(tally.until_wh - tally.energy_wh, ahead.energy_wh))
    return min(shares, default=None)


def _with_part(tally: Tally, stretch: _Stretch) -> Tally:
    """Return the tally with a part of a period, during which its rules were in force."""
    return changed(
        tally,
        before=tally.counted.more(tally.rules, stretch.amounts()),
        energy_wh=_plain(tally.energy_wh + stretch.energy_wh),
        whole=Whole(),
    )


def _with_whole(tally: Tally, period: Period) -> Tally:
    """Return the tally with a period, during all of which its rules were in force."""
    return Tally(
        tally.start_at,
        tally.before,
        _plain(tally.energy_wh + period.energy_wh),
        tally.elements,
        tally.rules,
        tally.until_at,
        tally.until_wh,
        tally.whole.more(period),
    )


def _duration(microseconds: Quantity) -> timedelta:
    return timedelta(microseconds=round(microseconds))


def _plain(quantity: Quantity) -> Quantity:
    """Whole numbers are quicker."""
    return quantity.numerator if quantity.denominator == 1 else quantity
