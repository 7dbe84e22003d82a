"""How the power went, in a few points."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.curve import POINTS_MOST, Curve, Point, Sample, curve_of, gone_on
from tests.unit.domain.sessions import NOW

MINUTE = timedelta(minutes=1)
RATED_W = 22_000


def test_told_powers_are_the_points() -> None:
    samples = [Sample(NOW, 11_000, 0), Sample(NOW + MINUTE, 7_000, 150)]
    assert curve_of(samples, RATED_W) == (Point(NOW, 11_000), Point(NOW + MINUTE, 7_000))


def test_where_no_power_is_told_the_register_s_growth_stands_for_it() -> None:
    """A first register alone tells no power."""
    samples = [Sample(NOW, None, 1_000), Sample(NOW + 6 * MINUTE, None, 2_000)]
    assert curve_of(samples, RATED_W) == (Point(NOW + 6 * MINUTE, 10_000),)


def test_more_than_the_connector_can_give_and_less_than_nothing_are_not_drawn() -> None:
    samples = [Sample(NOW, 900_000, 0), Sample(NOW + MINUTE, -50, 0)]
    assert [point.power_w for point in curve_of(samples, RATED_W)] == [26_400, 0]
    assert curve_of(samples[:1], 0) == (Point(NOW, 900_000),), "its power is not known"


def test_a_point_that_is_not_later_changes_nothing() -> None:
    curve = (Point(NOW, 5_000),)
    assert gone_on(curve, Point(NOW, 9_000)) == curve


@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=500))
def test_a_curve_that_goes_on_keeps_its_order_its_bounds_and_its_last_point(
    powers: list[int],
) -> None:
    """However long the charge takes, what is drawn and sent does not grow."""
    curve: Curve = ()
    for minutes, power_w in enumerate(powers):
        curve = gone_on(curve, Point(NOW + minutes * MINUTE, power_w))
        assert curve[-1] == Point(NOW + minutes * MINUTE, power_w)
    assert len(curve) <= POINTS_MOST
    assert len(curve) > min(len(powers), POINTS_MOST) / 2 - 1
    moments = [point.at for point in curve]
    assert moments == sorted(set(moments))
    assert all(min(powers) <= point.power_w <= max(powers) for point in curve)
