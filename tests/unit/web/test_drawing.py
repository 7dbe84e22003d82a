"""A power curve as it is drawn, and as it is told to who does not see it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from irve_bridge.domain.curve import Point
from irve_bridge.i18n import language
from irve_bridge.web.drawing import HEIGHT, WIDTH, drawn

NOON = datetime(2026, 5, 4, 10, tzinfo=UTC)
"""By the clocks of Paris."""


def test_it_runs_from_edge_to_edge_with_the_highest_power_below_the_upper_one() -> None:
    curve = [Point(NOON + timedelta(minutes=m), w) for m, w in ((0, 0), (15, 22_000), (60, 5_500))]
    drawing = drawn(tuple(curve), language("fr"), "Europe/Paris")
    assert drawing is not None
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", drawing["line"])[1:]]
    assert [x for x, _ in points] == [0, WIDTH / 4, WIDTH]
    low, high, last = (y for _, y in points)
    assert low == HEIGHT
    assert 0 < high < last < HEIGHT


@pytest.mark.parametrize("code", ["fr", "en"])
def test_it_is_told_in_a_sentence_by_the_station_s_clock(code: str) -> None:
    words = language(code)
    curve = (Point(NOON, 22_000), Point(NOON + timedelta(minutes=30), 7_400))
    drawing = drawn(curve, words, "Europe/Paris")
    assert drawing is not None
    assert (drawing["begin"], drawing["end"]) == ("12:00", "12:30")
    for told in ("12:00", "12:30", words.kw(22_000), words.kw(7_400)):
        assert told in drawing["label"]


def test_a_car_that_took_nothing_has_a_flat_line() -> None:
    curve = (Point(NOON, 0), Point(NOON + timedelta(minutes=1), 0))
    drawing = drawn(curve, language("fr"), "Europe/Paris")
    assert drawing is not None
    assert drawing["line"] == f"M0.0 {HEIGHT}.0L{WIDTH}.0 {HEIGHT}.0"


def test_a_single_point_is_no_line() -> None:
    assert drawn((Point(NOON, 5_000),), language("fr"), "Europe/Paris") is None
