"""The token bucket."""

from irve_bridge.web.throttle import ADDRESSES_MOST, Throttle


class Seconds:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    seconds = Seconds()
    throttle = Throttle(per_minute=60, burst=3, now_s=seconds)
    assert [throttle.allows("a") for _ in range(4)] == [True, True, True, False]
    seconds.now_s = 0.9
    assert not throttle.allows("a")
    seconds.now_s = 2.0
    assert [throttle.allows("a") for _ in range(3)] == [True, True, False]


def test_one_address_never_spends_another_s_tokens() -> None:
    throttle = Throttle(per_minute=1, burst=1, now_s=Seconds())
    assert throttle.allows("a")
    assert throttle.allows("b")
    assert not throttle.allows("a")


def test_a_long_rest_fills_the_bucket_no_higher_than_the_burst() -> None:
    seconds = Seconds()
    throttle = Throttle(per_minute=60, burst=2, now_s=seconds)
    seconds.now_s = 10_000
    assert [throttle.allows("a") for _ in range(3)] == [True, True, False]


def test_many_addresses_do_not_fill_the_memory() -> None:
    """The one that has been silent for longest is forgotten, never the one that is asking."""
    throttle = Throttle(per_minute=1, burst=1, now_s=Seconds())
    for number in range(ADDRESSES_MOST + 10):
        throttle.allows(str(number))
    assert not throttle.allows(str(ADDRESSES_MOST + 9))
    assert throttle.allows("0")
