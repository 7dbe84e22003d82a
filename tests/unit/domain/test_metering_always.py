"""What holds of a bill whatever a charge point says, and in whatever order it says it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from irve_bridge.domain.metering import Activity, Meter, Metered, Reading, finish
from irve_bridge.domain.period import Period
from tests.unit.domain.sessions import NOW

RATED_W = 22_000
HOURS = timedelta(hours=12)
LAST = NOW + HOURS

registers = st.none() | st.integers(0, 120_000)
anything = st.builds(
    Reading,
    at=st.integers(-60, 12 * 3600).map(lambda s: NOW + timedelta(seconds=s)),
    register_wh=registers,
    rounding_wh=st.sampled_from((0, 0, 50, 500)),
    activity=st.none() | st.sampled_from(Activity),
    current_ma=st.none() | st.integers(0, 32_000),
    context=st.sampled_from(("Sample.Periodic", "Transaction.Begin", "Sample.Clock")),
)
chaos = st.lists(anything, max_size=15)
firsts = st.integers(-1, 100_000)
finals = st.integers(-1, 200_000)
powers = st.none() | st.integers(3_000, 400_000)


EITHER = st.booleans()


@st.composite
def charges(
    draw: st.DrawFn, relatives: st.SearchStrategy[bool] = EITHER
) -> tuple[int, list[Reading]]:
    """A first register, and readings of a meter and a clock that are right, in their order."""
    start_wh, relative = draw(st.integers(0, 10**7)), draw(relatives)
    at, energy_wh, told = NOW, 0, []
    for step_s, share, reads, activity in draw(
        st.lists(
            st.tuples(
                st.integers(10, 900),
                st.floats(0, 1),
                st.booleans(),
                st.none() | st.sampled_from(Activity),
            ),
            max_size=12,
        )
    ):
        at += timedelta(seconds=step_s)
        energy_wh += int(share * RATED_W * step_s / 3600)
        shown_wh = energy_wh if relative else start_wh + energy_wh
        told.append(Reading(at=at, register_wh=shown_wh if reads else None, activity=activity))
    return start_wh, told


def told_by(meter: Meter, readings: list[Reading], until: datetime) -> tuple[Meter, list[Period]]:
    """The meter after readings as they came, and the periods that it told one by one."""
    periods: list[Period] = []
    for reading in readings:
        meter = meter.read(reading)
        periods += meter.closed
    meter = meter.until(until)
    return meter, [*periods, *meter.open]


def assert_whole(metered: Metered, start_at: datetime, stop_at: datetime) -> None:
    """The periods follow each other from the start to the stop, and add up to the bill."""
    periods = metered.periods
    assert sum(p.energy_wh for p in periods) == metered.energy_wh
    assert sum((p.charging + p.parking for p in periods), timedelta()) == stop_at - start_at
    assert all(before.end_at == after.start_at for before, after in pairwise(periods))
    assert all(p.energy_wh >= 0 and p.charging + p.parking == p.elapsed for p in periods)
    assert all(not (p.charging and p.parking) for p in periods)
    if periods:
        assert (periods[0].start_at, periods[-1].end_at) == (start_at, stop_at)


@given(chaos, firsts, finals, powers)
def test_never_more_than_the_registers_differ_is_billed(
    readings: list[Reading], start_wh: int, stop_wh: int, power_w: int | None
) -> None:
    metered = finish(NOW, start_wh, LAST, stop_wh, readings, power_w)
    energy_wh = metered.energy_wh
    assert energy_wh >= 0
    if stop_wh >= start_wh >= 0:
        assert energy_wh <= stop_wh - start_wh
    if metered.doubt is None and metered.note is None:
        assert energy_wh == stop_wh - start_wh


@given(chaos, firsts, finals, powers)
def test_the_periods_add_up_to_the_bill_and_leave_no_gap(
    readings: list[Reading], start_wh: int, stop_wh: int, power_w: int | None
) -> None:
    assert_whole(finish(NOW, start_wh, LAST, stop_wh, readings, power_w), NOW, LAST)


@given(chaos, firsts, finals, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_a_bill(
    readings: list[Reading], start_wh: int, stop_wh: int, random: Random
) -> None:
    in_order = finish(NOW, start_wh, LAST, stop_wh, readings, RATED_W)
    again = [*readings, *random.choices(readings, k=5)] if readings else []
    random.shuffle(again)
    assert finish(NOW, start_wh, LAST, stop_wh, again, RATED_W) == in_order


@given(chaos, firsts)
def test_a_running_meter_never_goes_back(readings: list[Reading], start_wh: int) -> None:
    meter = Meter.begin(NOW, start_wh, RATED_W)
    for reading in readings:
        then = meter.read(reading)
        assert then.energy_wh >= meter.energy_wh
        assert then.at >= meter.at
        meter = then


@given(chaos, firsts)
def test_the_running_meter_tells_the_periods_of_the_bill_or_asks_to_be_counted_again(
    readings: list[Reading], start_wh: int
) -> None:
    meter, periods = told_by(Meter.begin(NOW, start_wh, RATED_W), readings, LAST)
    assert sum(p.energy_wh for p in periods) == meter.energy_wh
    metered = finish(NOW, start_wh, LAST, meter.register_wh, readings, RATED_W)
    assert meter.recount or metered.doubt or periods == list(metered.periods)


@given(charges())
def test_of_a_right_meter_every_reading_counts_as_it_comes(
    charge: tuple[int, list[Reading]],
) -> None:
    """In order and without a fault: nothing is to be counted again, and nothing is doubted."""
    start_wh, readings = charge
    meter, periods = told_by(Meter.begin(NOW, start_wh, RATED_W), readings, LAST)
    assert not meter.recount
    metered = finish(NOW, start_wh, LAST, meter.register_wh, readings, RATED_W)
    assert (metered.doubt, metered.note, list(metered.periods)) == (None, None, periods)
    read = [r.register_wh for r in readings if r.register_wh is not None]
    assert meter.energy_wh in {read[-1] - start_wh, read[-1]} if read else meter.energy_wh == 0


@given(charges(st.just(False)), st.sampled_from((100, 1000)), st.sampled_from((round, floor)))
def test_a_right_meter_that_tells_few_digits_is_billed_and_never_shows_more_than_flowed(
    charge: tuple[int, list[Reading]], digit_wh: int, told: Callable[[float], int]
) -> None:
    start_wh, readings = charge
    flowed_wh, meter, coarse = 0, Meter.begin(NOW, start_wh, RATED_W), []
    for reading in readings:
        if (register_wh := reading.register_wh) is not None:
            flowed_wh, register_wh = register_wh - start_wh, told(register_wh / digit_wh) * digit_wh
        coarse.append(changed(reading, register_wh=register_wh, rounding_wh=digit_wh // 2))
        meter = meter.read(coarse[-1])
        assert meter.energy_wh <= flowed_wh
    metered = finish(NOW, start_wh, LAST, start_wh + flowed_wh, coarse, RATED_W)
    assert (metered.doubt, metered.energy_wh) == (None, flowed_wh)
    presumed = finish(NOW, start_wh, LAST, meter.register_wh, coarse, RATED_W, presumed=True)
    assert (presumed.doubt, presumed.energy_wh) == (None, meter.energy_wh)


@given(charges(), st.integers(501, 10**7))
def test_of_a_wrong_first_register_what_flowed_is_all_that_nobody_doubts(
    charge: tuple[int, list[Reading]], wrong_wh: int
) -> None:
    """The meter is right, and told from the beginning on; only meterStart lies below it."""
    start_wh, told = charge
    begin = Reading(at=NOW, register_wh=start_wh, context="Transaction.Begin")
    readings = [begin, *(r for r in told if r.register_wh is None or r.register_wh >= start_wh)]
    stop_wh = max(r.register_wh or 0 for r in readings)
    metered = finish(NOW, start_wh - wrong_wh, LAST, stop_wh, readings, RATED_W)
    if wrong_wh <= start_wh:
        assert metered.doubt is not None
        assert metered.energy_wh <= stop_wh - start_wh


jumps = st.none() | st.integers(-60 * 24 * 3600, 60 * 24 * 3600)


@given(st.lists(st.tuples(st.integers(10, 60), jumps, st.booleans()), max_size=20))
def test_no_clock_stops_the_meter(steps: list[tuple[int, int | None, bool]]) -> None:
    """Turned forth or back, or standing still: what a register shows is counted when heard."""
    meter, ahead, said_at, heard_at = Meter.begin(NOW, 0, RATED_W), timedelta(), NOW, NOW
    for number, (step_s, jump_s, stands) in enumerate(steps, 1):
        heard_at += timedelta(seconds=step_s)
        ahead = ahead if jump_s is None else timedelta(seconds=jump_s)
        said_at = said_at if stands else heard_at + ahead
        reading = meter.dated(Reading(at=said_at, register_wh=50 * number), heard_at)
        assert NOW <= reading.at <= heard_at
        meter = meter.read(reading)
        assert meter.energy_wh == 50 * number
