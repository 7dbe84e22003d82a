"""A plausible car: ramp, taper, full; and not a watt-millisecond lost."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.charge_point.car import W_MS_PER_WH, Car

OFFERED_W = 22_000


def charge(car: Car, duration_ms: int, offered_w: int = OFFERED_W) -> int:
    """Return the watt-milliseconds taken."""
    taken_w_ms = 0
    while duration_ms and not car.is_full:
        step_ms = min(duration_ms, car.hold_ms(offered_w))
        taken_w_ms += car.draw(offered_w, step_ms)
        duration_ms -= step_ms
    return taken_w_ms


def test_power_ramps_up_over_seconds() -> None:
    car = Car()
    powers_w = []
    for _ in range(12):
        charge(car, 1_000)
        powers_w.append(car.power_w(OFFERED_W))
    assert powers_w == sorted(powers_w)
    assert powers_w[0] < OFFERED_W / 2
    assert powers_w[-1] == OFFERED_W


def test_power_tapers_above_80_percent() -> None:
    powers_w = []
    for soc_percent in (79, 85, 90, 95):
        car = Car(arrival_soc_percent=soc_percent)
        charge(car, 15_000)
        powers_w.append(car.power_w(OFFERED_W))
    assert powers_w[0] == OFFERED_W
    assert powers_w == sorted(powers_w, reverse=True)
    assert len(set(powers_w)) == len(powers_w)


def test_a_car_takes_no_more_than_it_can_or_is_offered() -> None:
    car = Car(max_power_w=7_400)
    charge(car, 60_000)
    assert car.power_w(OFFERED_W) == 7_400
    assert Car(max_power_w=50_000).hold_ms(3_700) == 1_000
    slow = Car()
    charge(slow, 60_000, offered_w=3_700)
    assert slow.power_w(3_700) == 3_700


def test_after_a_rest_the_power_ramps_again() -> None:
    car = Car()
    charge(car, 60_000)
    car.rest()
    assert car.power_w(OFFERED_W) == OFFERED_W // 10


@given(st.integers(1, 500), st.integers(0, 99))
def test_what_the_car_takes_is_what_it_lacked(capacity_wh: int, soc_percent: int) -> None:
    """To the watt-millisecond, whatever the car."""
    car = Car(capacity_wh, soc_percent)
    lacked_w_ms = car.capacity_w_ms - car.charge_w_ms
    assert charge(car, 7 * 24 * 3_600_000) == lacked_w_ms
    assert car.is_full
    assert car.power_w(OFFERED_W) == 0
    assert car.charge_w_ms == car.capacity_wh * W_MS_PER_WH
