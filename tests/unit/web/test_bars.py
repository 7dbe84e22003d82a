"""Bars of amounts stand on one line, within their frame, as high as their amounts."""

from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.web.operator.bars import HEIGHT, STEP, bars

amounts = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=92)


@given(amounts)
def test_every_bar_is_drawn_within_its_frame(values: list[int]) -> None:
    drawn = bars([(value, str(value)) for value in values])
    assert drawn.width == STEP * len(values)
    assert (drawn.top, drawn.bottom) == (max(0, *values), min(0, *values))
    for place, (value, bar) in enumerate(zip(values, drawn.bars, strict=True)):
        assert bar.told == str(value)
        assert place * STEP <= bar.x < bar.x + drawn.bar_width <= (place + 1) * STEP
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert bool(bar.height) is bool(value)


def test_what_went_back_hangs_below_the_line() -> None:
    up, down, nothing = bars([(300, "up"), (-100, "down"), (0, "nothing")]).bars
    assert (up.y, up.height) == (0, 150)
    assert (down.y, down.height) == (150, 50)
    assert nothing.height == 0


def test_days_on_which_nothing_moved_have_no_bars() -> None:
    drawn = bars([(0, ""), (0, "")])
    assert drawn.zero_y == HEIGHT
    assert [bar.height for bar in drawn.bars] == [0, 0]
