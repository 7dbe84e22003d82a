"""Energy that is billed comes from readings that can be trusted, in whatever order they came."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.metering import Activity, Meter, Reading, finish
from tests.unit.domain.sessions import LATER, NOW

MINUTE = timedelta(minutes=1)


def at(minutes: float) -> object:
    return NOW + timedelta(minutes=minutes)


def reading(minutes: float, **values: object) -> Reading:
    return Reading(at=at(minutes), **values)  # type: ignore[arg-type]


steps = st.lists(
    st.tuples(st.integers(1, 10), st.integers(0, 500), st.sampled_from(Activity)), max_size=12
)


@given(steps, st.integers(0, 10**8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    walk: list[tuple[int, int, Activity]], start_wh: int, random: Random
) -> None:
    minutes, register = 0, start_wh
    readings = []
    for step, energy, activity in walk:
        minutes, register = minutes + step, register + energy
        readings.append(reading(minutes, register_wh=register, activity=activity))
    stop = at(minutes + 1)
    in_order = finish(NOW, start_wh, stop, register, readings)
    random.shuffle(readings)
    assert finish(NOW, start_wh, stop, register, readings) == in_order
    assert in_order.doubt is None
    assert in_order.energy_wh == register - start_wh
    assert sum((p.charging + p.parking for p in in_order.periods), timedelta()) == stop - NOW


def test_time_in_which_the_car_asks_for_nothing_is_parking() -> None:
    paused = [
        reading(10, activity=Activity.SUSPENDED_EV),
        reading(15, activity=Activity.CHARGING),
        reading(20, activity=Activity.SUSPENDED_EVSE),
    ]
    periods = finish(NOW, 0, LATER, 5000, paused).periods
    assert sum((p.parking for p in periods), timedelta()) == timedelta(minutes=5)
    assert sum((p.charging for p in periods), timedelta()) == timedelta(minutes=25)


@pytest.mark.parametrize(
    ("start_wh", "stop_wh", "stop_at", "says"),
    [
        (1000, 999, LATER, "below the first"),
        (0, 4000, LATER, "below the last reading"),
        (0, 6000, NOW - timedelta(hours=1), "before the start"),
        (-1, 6000, LATER, "is not known"),
    ],
)
def test_a_register_that_cannot_be_is_not_billed(
    start_wh: int, stop_wh: int, stop_at: object, says: str
) -> None:
    metered = finish(NOW, start_wh, stop_at, stop_wh, [reading(5, register_wh=5000)])  # type: ignore[arg-type]
    assert metered.doubt is not None
    assert says in metered.doubt


def test_a_register_that_drops_for_a_moment_counts_nothing() -> None:
    meter = Meter.begin(NOW, 1000)
    for minutes, register_wh in ((1, 1500), (2, 20), (3, 1600)):
        meter = meter.read(reading(minutes, register_wh=register_wh))
    assert meter.energy_wh == 600


def test_a_late_reading_does_not_turn_the_meter_back() -> None:
    """What it says is in the bill all the same: the readings are to be folded again."""
    meter = Meter.begin(NOW, 0).read(reading(5, register_wh=500, power_w=7000))
    late = meter.read(reading(4, register_wh=400, power_w=1))
    assert (late.energy_wh, late.at, late.power_w) == (500, meter.at, 7000)
    assert late.recount


def test_readings_after_the_stop_do_not_count() -> None:
    metered = finish(NOW, 0, LATER, 100, [reading(60, register_wh=9000)])
    assert (metered.energy_wh, metered.doubt) == (100, None)


@pytest.mark.parametrize(
    ("energy_wh", "trusted"), [(11_000, True), (13_700, True), (13_800, False)]
)
def test_more_than_the_connector_can_deliver_is_not_billed(
    energy_wh: int, *, trusted: bool
) -> None:
    """Half an hour at 22 kW, with a fifth and half a kilowatt-hour of grace."""
    metered = finish(NOW, 0, LATER, energy_wh, [], power_w=22_000)
    assert (metered.doubt is None) is trusted


def test_power_follows_the_register_where_it_is_not_reported() -> None:
    """A charge point that reports only energy is stopped at its limit all the same."""
    meter = Meter.begin(NOW, 0).read(reading(6, register_wh=1100))
    assert meter.power_w == 11_000
    assert meter.read(reading(7, activity=Activity.SUSPENDED_EV)).power_w == 0


def test_energy_flows_while_the_car_charges_and_not_while_it_parks() -> None:
    """Between two registers a status says when (OCPI 2.2.1 mod_cdrs, PARKING_TIME)."""
    readings = [
        reading(10, register_wh=2000),
        reading(15, activity=Activity.SUSPENDED_EV),
        reading(25, activity=Activity.CHARGING),
    ]
    told = finish(NOW, 0, LATER, 4000, readings).periods
    assert [(p.charging // MINUTE, p.parking // MINUTE, p.energy_wh) for p in told] == [
        (10, 0, 2000),
        (5, 0, 1000),
        (0, 10, 0),
        (5, 0, 1000),
    ]


def test_a_period_tells_the_last_current_between_its_readings() -> None:
    readings = [
        reading(10, register_wh=2000, current_ma=16_000),
        reading(20, register_wh=3000, current_ma=9000),
    ]
    told = finish(NOW, 0, LATER, 4000, readings).periods
    assert [(p.min_current_ma, p.max_current_ma) for p in told] == [
        (16_000, 16_000),
        (9000, 9000),
        (9000, 9000),
    ]


def test_a_meter_does_not_grow_with_its_readings() -> None:
    """A reading costs the same after a night of them."""
    meter = Meter.begin(NOW, 0)
    for second in range(1, 5000):
        meter = meter.read(reading(second / 60, register_wh=second, activity=Activity.CHARGING))
    assert (meter.energy_wh, meter.spans, len(meter.closed)) == (4999, (), 1)
