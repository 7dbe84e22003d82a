"""From what a meter said to energy that may be billed: the one place of these rules.

A running meter is a fold over readings: `Meter.read` takes one reading, at a cost that does not
grow, and returns the meter after it, with the periods that the reading closed. `finish` folds all
of them again and holds them against the final register. docs/metering.md lists what charge points
do and which rule answers it:

- Only registers are billed, whatever context they come in: a register is true however many
  messages are lost or repeated, an interval is not.
- Registers never decrease within a transaction (OCPP 1.6 ed. 2 §7.28): a lower one counts nothing.
- More than the connector can deliver counts nothing; where later registers go on from there, the
  first register may be wrong, and what was leapt over is in doubt.
- A register below the first one is of the transaction alone: it counts from zero.
- A register that has grown is later than the one before, whatever a clock says.
- What is billed is the final register less the first, where the readings do not gainsay it; without
  a final register, the last trusted one less the first, where no later one lies below it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace as changed

from irve_bridge.domain.moments import during
from irve_bridge.domain.period import Period
from irve_bridge.domain.spans import Activity, Span, periods

__all__ = ["Activity", "Meter", "Metered", "Reading", "finish", "fold"]

POWER_SLACK, ENERGY_SLACK_WH = 1.2, 500
"""Connectors exceed their rating a little, and clocks are read at slightly other moments."""

ROUNDING_WH = 100
"""What readings may lie above each other or the final register by, though nothing is wrong."""

MOST_W = 1_000_000
"""What no connector exceeds, for one whose power nobody knows."""

BEGIN = "Transaction.Begin"
_NOTHING = timedelta()


class Reading(Struct, frozen=True, kw_only=True):
    """One moment of a transaction's meter; None where the charge point did not say.

    `said_at` is what the charge point's clock showed, where that was not the moment. `rounding_wh`
    is half of the last digit that the register was told in: it may have been rounded by as much.
    """

    at: datetime
    register_wh: int | None = None
    power_w: int | None = None
    current_ma: int | None = None
    voltage_mv: int | None = None
    soc_percent: int | None = None
    activity: Activity | None = None
    context: str = "Sample.Periodic"
    said_at: datetime | None = None
    rounding_wh: int = 0

    @property
    def order(self) -> tuple[datetime, int, int, str, int, int, int]:
        """By moment; of the registers of one moment the highest counts, so it comes first."""
        register_wh = -1 if self.register_wh is None else self.register_wh
        others = (self.power_w or 0, self.current_ma or 0, self.soc_percent or 0)
        return self.at, -register_wh, self.rounding_wh, self.activity or "", *others


class Low(NamedTuple):
    """A register that fell: what it said last, in energy.

    `grown` says that it fell further than registers differ by chance, and has grown since.
    """

    at: datetime
    energy_wh: int
    grown: bool = False


class High(NamedTuple):
    """A register above what can have flowed: what it said last, in energy, and what it leapt over.

    What follows shows which was wrong: this one, or what was known before.
    """

    at: datetime
    energy_wh: int
    leapt_wh: int

    def goes_on(self, energy_wh: int, at: datetime, rated_w: int) -> bool:
        """Whether a register can have grown to here from this one."""
        return 0 <= energy_wh - self.energy_wh <= deliverable_wh(rated_w, at - self.at)


class Meter(Struct, frozen=True, kw_only=True):
    """A transaction's meter so far: trusted energy and how the time was spent.

    `closed` are the periods that the last reading closed: those of all readings, and after them
    `open`, are the periods so far. `recount` says that they are not the ones that `finish` would
    give, because something came late: then all readings are to be folded again, in their order.
    """

    start_at: datetime
    meter_start_wh: int
    at: datetime
    """The last moment known of; of the last trusted register; of its last growth."""
    read_at: datetime
    grew_at: datetime
    cut_at: datetime
    """When the last period was closed, and at which energy."""
    cut_wh: int = 0
    rated_w: int = MOST_W
    energy_wh: int = 0
    activity: Activity = Activity.CHARGING
    power_w: int = 0
    current_ma: int | None = None
    soc_percent: int | None = None
    heard: bool = False
    """Whether any register was trusted; whether the last that grew counts from zero."""
    relative: bool | None = None
    low: Low | None = None
    restarted: Low | None = None
    high: High | None = None
    leapt_wh: int = 0
    """What trusted registers leapt over; how far the beginning's lies above the first one."""
    begun_wh: int = 0
    spans: tuple[Span, ...] = ()
    last: Reading | None = None
    closed: tuple[Period, ...] = ()
    recount: bool = False

    @classmethod
    def begin(cls, start_at: datetime, meter_start_wh: int, rated_w: int | None = None) -> "Meter":
        """Return the meter of a transaction that has just started, at a connector of this power."""
        return cls(
            start_at=start_at,
            meter_start_wh=meter_start_wh,
            at=start_at,
            read_at=start_at,
            grew_at=start_at,
            cut_at=start_at,
            rated_w=rated_w or MOST_W,
        )

    @property
    def register_wh(self) -> int:
        """The last trusted register, as if all counted from the first one."""
        return self.meter_start_wh + self.energy_wh

    @property
    def open(self) -> tuple[Period, ...]:
        """The periods since the last one that was closed, with what was read meanwhile."""
        energy_wh = self.energy_wh - self.cut_wh
        if energy_wh and self.at == self.cut_at:
            return (Period(start_at=self.at, end_at=self.at, energy_wh=energy_wh),)
        return periods(self._spans(), energy_wh)

    def dated(self, reading: Reading, heard_at: datetime, ahead: timedelta = _NOTHING) -> Reading:
        """Return a reading just heard with its moment on our clock: none may stop the meter.

        `ahead` is how far the charge point's clock was at the start. If it was turned back since,
        or stands, the growth of the register shows it: the reading is of when we heard of it.
        """
        if reading.at == heard_at:
            return reading
        at = during(reading.at, ahead, self.start_at, heard_at).at
        if reading.register_wh is not None and self._shows_later(reading, at, heard_at):
            at = heard_at
        return reading if at == reading.at else changed(reading, at=at, said_at=reading.at)

    def read(self, reading: Reading) -> "Meter":
        """Return the meter after one reading; what cannot be counts nothing."""
        if reading.at < self.at:
            return self._late(reading)
        current_ma = self.current_ma if reading.current_ma is None else reading.current_ma
        then = self.until(reading.at, current_ma=current_ma)
        if reading.register_wh is not None:
            then = then._register(reading)  # noqa: SLF001 - one of its own
        told: dict[str, Any] = {"last": reading}
        if self._out_of_order(reading):
            told["recount"] = True
        if (power_w := _power(reading, self, then)) != then.power_w:
            told["power_w"] = power_w
        if reading.soc_percent is not None:
            told["soc_percent"] = reading.soc_percent
        if reading.activity not in {None, then.activity}:
            told |= {"activity": reading.activity, "current_ma": reading.current_ma}
            told["spans"] = then._spans()  # noqa: SLF001 - one of its own
        return changed(then, **told)

    def until(self, at: datetime, **told: Any) -> "Meter":
        """Return the meter at a later moment: with nothing new read, only time has passed."""
        return changed(self, at=max(at, self.at), closed=(), **told)

    def _register(self, reading: Reading) -> "Meter":
        """Take a register that is not late; one that is trusted closes the periods before it."""
        fits = self._fits(reading, reading.at)
        if fits is None:
            told_wh = (reading.register_wh or 0) - self.meter_start_wh
            least_wh = told_wh - reading.rounding_wh
            risen = least_wh > self.energy_wh
            return self._risen(reading.at, least_wh) if risen else self._fallen(reading, told_wh)
        trusted = self._trusted(fits, reading.at)
        if self.at == self.cut_at:
            return changed(self, **trusted)
        closed = periods(self._spans(), fits[0] - self.cut_wh)
        cut: dict[str, Any] = {"cut_at": self.at, "cut_wh": fits[0], "spans": ()}
        cut["current_ma"] = reading.current_ma
        return changed(self, **trusted, **cut, closed=closed)

    def _fits(self, reading: Reading, at: datetime) -> tuple[int, bool] | None:
        """Return the energy a register means, and whether it counts from zero; None for none.

        Where it can mean either, the lesser is meant; one that has grown from the first one on
        never counts from zero.
        """
        if self.meter_start_wh < 0 or reading.register_wh is None:
            return None
        told_wh, digit_wh = reading.register_wh - self.meter_start_wh, 2 * reading.rounding_wh
        most_wh = self._most_wh(at, digit_wh)
        energy_wh = self._least_wh(told_wh, reading.rounding_wh)
        if energy_wh is not None and energy_wh <= most_wh:
            return energy_wh, False
        alone = self.relative or (told_wh < 0 and self.relative is None)
        energy_wh = self._least_wh(reading.register_wh, reading.rounding_wh) if alone else None
        return None if energy_wh is None or energy_wh > most_wh else (energy_wh, True)

    def _least_wh(self, told_wh: int, rounding_wh: int) -> int | None:
        """Return the least that a told energy means: no less than is known, or None.

        It may have been rounded, or cut off by all of its last digit.
        """
        if told_wh - rounding_wh >= self.energy_wh:
            return told_wh - rounding_wh
        return self.energy_wh if told_wh + 2 * rounding_wh >= self.energy_wh else None

    def _most_wh(self, at: datetime, digit_wh: int) -> float:
        """Return the most that can have flowed by a moment: since the start, and since it grew.

        What was known then may be less than what had flowed, by all of the last digit told.
        """
        since_wh = deliverable_wh(self.rated_w, max(at - self.grew_at, _NOTHING)) + digit_wh
        return min(self.energy_wh + since_wh, deliverable_wh(self.rated_w, at - self.start_at))

    def _trusted(self, fits: tuple[int, bool], at: datetime) -> dict[str, Any]:
        """Return what a trusted register changes; after a fall, whether it went on from below."""
        energy_wh, relative = fits
        trusted: dict[str, Any] = {"energy_wh": energy_wh, "read_at": at, "heard": True}
        if energy_wh > self.energy_wh:
            trusted |= {"grew_at": at, "relative": relative}
        if self.low is not None:
            trusted["low"] = None
            if went_on(self.low, energy_wh, at, self.rated_w):
                trusted["restarted"] = self.low
        if self.high is not None:
            trusted["high"] = None
            if self.high.goes_on(energy_wh, at, self.rated_w):
                trusted["leapt_wh"] = self.leapt_wh + self.high.leapt_wh
        return trusted

    def _risen(self, at: datetime, energy_wh: int) -> "Meter":
        """Count nothing of a register that is too high; remember it, and where it leapt to."""
        leapt_wh = energy_wh - self.energy_wh
        if self.high is not None and self.high.goes_on(energy_wh, at, self.rated_w):
            leapt_wh = self.high.leapt_wh
        return changed(self, high=High(at, energy_wh, leapt_wh))

    def _fallen(self, reading: Reading, told_wh: int) -> "Meter":
        """Count nothing of a register that cannot be; remember one that lies below the last.

        Of the registers of one moment the highest counts: the others have not fallen.
        """
        alone_wh = told_wh + self.meter_start_wh
        energy_wh = max((alone_wh if told_wh < 0 else told_wh) - reading.rounding_wh, 0)
        fell = energy_wh < self.energy_wh - ROUNDING_WH
        if reading.context == BEGIN:
            begun = fell and told_wh - reading.rounding_wh > ENERGY_SLACK_WH
            return changed(self, begun_wh=max(self.begun_wh, energy_wh)) if begun else self
        beside = reading.at == self.read_at or energy_wh >= self.energy_wh
        if beside or not (fell or self.low):
            return self
        low, far_wh = self.low, self.energy_wh - ENERGY_SLACK_WH
        grown = low is not None and (low.grown or low.energy_wh < min(energy_wh, far_wh))
        return changed(self, low=Low(reading.at, energy_wh, grown))

    def _late(self, reading: Reading) -> "Meter":
        """A register not yet counted still counts, though in which period must be counted again."""
        trusted: dict[str, Any] = {}
        if reading.register_wh is not None:
            fits = self._fits(reading, reading.at)
            trusted = self._trusted(fits, max(reading.at, self.read_at)) if fits else {}
        return changed(self, **trusted, closed=(), recount=True)

    def _out_of_order(self, reading: Reading) -> bool:
        """Whether, of the readings of one moment, this one is to be folded before the last."""
        last = self.last
        return last is not None and last.at == reading.at and reading.order < last.order

    def _shows_later(self, reading: Reading, at: datetime, heard_at: datetime) -> bool:
        """Whether a register has grown since the last one, at a moment that leaves no time to."""
        fits = self._fits(reading, heard_at) if at <= self.read_at else None
        if fits is None or fits[0] <= self.energy_wh:
            return False
        return at < self.read_at or self._fits(reading, at) is None

    def _spans(self) -> tuple[Span, ...]:
        """What the open periods are made of: their activities, one after the other."""
        began_at = self.spans[-1].end_at if self.spans else self.cut_at
        if began_at == self.at:
            return self.spans
        span = Span(began_at, self.at, self.activity, self.current_ma)
        if self.spans and span.continues(self.spans[-1]):
            return (*self.spans[:-1], self.spans[-1]._replace(end_at=self.at))
        return (*self.spans, span)


def fold(meter: Meter, readings: Iterable[Reading]) -> tuple[Meter, list[Period]]:
    """Return the meter after readings that came in any order, and the periods they closed."""
    closed: list[Period] = []
    for reading in sorted(readings, key=lambda each: each.order):
        meter = meter.read(reading)
        closed += meter.closed
    return meter, closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A finished transaction: the energy that may be billed, and periods that add up to it.

    `doubt` says why a person must look at it first: what is here is then what nobody doubts, as
    far as readings and final register agree. `note` says why it is billed up to the last trusted
    reading. Neither: it is billed by the final register.
    """

    energy_wh: int
    periods: tuple[Period, ...]
    doubt: str | None = None
    note: str | None = None

    def timeless(self) -> "Metered":
        """Return it with its energy and without its time, which nobody knows."""
        no_time: Any = {"charging": _NOTHING, "parking": _NOTHING}
        return replace(self, periods=tuple(changed(p, **no_time) for p in self.periods))

    def up_to(self, energy_wh: int) -> "Metered":
        """Return it with the first of its energy only, and all of its time."""
        return replace(self, energy_wh=energy_wh, periods=_up_to(energy_wh, self.periods))


def finish(
    start_at: datetime,
    meter_start_wh: int,
    stop_at: datetime,
    meter_stop_wh: int,
    readings: Iterable[Reading],
    power_w: int | None = None,
    longest: timedelta | None = None,
    *,
    presumed: bool = False,
) -> Metered:
    """Return what a finished transaction used, from its register and everything read between.

    The order in which readings arrived does not matter; those after the stop do not count.
    `power_w` is what the connector can deliver: more energy than that is not believed. `longest`
    is how long it can have lasted, where the clock that said so is not believed. `presumed` says
    that no stop was heard of, and the final register is only the last trusted one.
    """
    before = (reading for reading in readings if reading.at <= stop_at)
    meter, closed = fold(Meter.begin(start_at, meter_start_wh, power_w), before)
    duration = stop_at - start_at if longest is None else longest
    energy_wh = meter_stop_wh - meter_start_wh
    note = None
    if meter_stop_wh < 0 and meter.heard:
        note = f"the final register ({meter_stop_wh} Wh) is not known"
    told = not presumed and note is None
    doubt = _doubt(meter, meter_stop_wh, stop_at, told=told)
    doubt = doubt or _power_doubt(energy_wh, duration, power_w)
    if doubt is not None or note is not None:
        least_wh = meter.energy_wh if told or meter.low is None else meter.low.energy_wh
        energy_wh = min(energy_wh, least_wh) if energy_wh >= 0 else least_wh
    if leapt_wh := _leapt_wh(meter, energy_wh, stop_at, timed=longest is None):
        doubt = doubt or f"the first register may be wrong: readings leapt over {leapt_wh} Wh"
        energy_wh = max(energy_wh - leapt_wh, 0)
    ended = meter.until(stop_at)
    rest = changed(ended, energy_wh=max(energy_wh, ended.energy_wh)).open
    return Metered(
        energy_wh=energy_wh,
        periods=_up_to(energy_wh, (*closed, *rest)),
        doubt=doubt,
        note=note,
    )


def deliverable_wh(power_w: int, duration: timedelta) -> float:
    """Return the most energy that is believed of a connector in so much time."""
    return power_w * POWER_SLACK * (duration.total_seconds() / 3600) + ENERGY_SLACK_WH


def went_on(low: Low, energy_wh: int, at: datetime, rated_w: int) -> bool:
    """Return whether a register grew to here from where it fell to, instead of coming back."""
    return low.grown and energy_wh - low.energy_wh <= deliverable_wh(rated_w, at - low.at)


def _up_to(energy_wh: int, all_: Iterable[Period]) -> tuple[Period, ...]:
    """Return the periods with the energy of none beyond what is billed."""
    kept, left_wh = [], Fraction(energy_wh)
    for period in all_:
        kept.append(period if period.energy_wh <= left_wh else changed(period, energy_wh=left_wh))
        left_wh -= kept[-1].energy_wh
    return tuple(kept)


def _doubt(meter: Meter, stop_wh: int, stop_at: datetime, *, told: bool) -> str | None:
    """Return what gainsays the final register, or the last trusted one where none was told."""
    start_wh, energy_wh = meter.meter_start_wh, stop_wh - meter.meter_start_wh
    if start_wh < 0:
        return f"the first register ({start_wh} Wh) is not known"
    if stop_at < meter.start_at:
        return f"the stop ({stop_at:%FT%TZ}) lies before the start ({meter.start_at:%FT%TZ})"
    if told and energy_wh < 0:
        return f"the final register ({stop_wh} Wh) is below the first ({start_wh} Wh)"
    if told and energy_wh < meter.energy_wh - ROUNDING_WH:
        last_wh = meter.register_wh
        return f"the final register ({stop_wh} Wh) is below the last reading ({last_wh} Wh)"
    if (low := meter.low) is not None:
        if not told:
            return (
                f"the register fell to {low.energy_wh} Wh by {low.at:%FT%TZ}, and no stop tells why"
            )
        if went_on(low, energy_wh, stop_at, meter.rated_w):
            return _restart(low)
    return _restart(meter.restarted) if meter.restarted else None


def _leapt_wh(meter: Meter, energy_wh: int, stop_at: datetime, *, timed: bool) -> int:
    """Return how much of the energy the readings leapt over; without a clock none can tell."""
    high, leapt_wh = meter.high, meter.leapt_wh
    if high is not None and high.goes_on(energy_wh, stop_at, meter.rated_w):
        leapt_wh += high.leapt_wh
    return max(leapt_wh, meter.begun_wh) if timed else meter.begun_wh


def _restart(low: Low) -> str:
    return f"the register restarted: it went on from {low.energy_wh} Wh at {low.at:%FT%TZ}"


def _power_doubt(energy_wh: int, duration: timedelta, power_w: int | None) -> str | None:
    if power_w is None or energy_wh <= deliverable_wh(power_w, duration):
        return None
    return f"{energy_wh} Wh is more than {power_w} W can deliver"


def _power(reading: Reading, before: Meter, after: Meter) -> int:
    """As it says, else from the register's growth since the reading before."""
    if reading.power_w is not None:
        return reading.power_w
    if reading.activity is not None and reading.activity is not Activity.CHARGING:
        return 0
    elapsed_s = (reading.at - before.at).total_seconds()
    if reading.register_wh is None or elapsed_s <= 0:
        return before.power_w
    return round((after.energy_wh - before.energy_wh) * 3600 / elapsed_s)
