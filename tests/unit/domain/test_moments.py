"""A charge point's clock is believed as far as what it says can be."""

from datetime import datetime, timedelta

import pytest

from irve_bridge.domain import moments
from irve_bridge.domain.moments import Moment
from tests.unit.domain.sessions import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PAID_AT, HEARD_AT = NOW - HOUR, NOW


@pytest.mark.parametrize(
    ("said_at", "started_at"),
    [
        (NOW - 30 * MINUTE, NOW - 30 * MINUTE),
        (PAID_AT - 5 * MINUTE, PAID_AT - 5 * MINUTE),
        (PAID_AT - 6 * MINUTE, HEARD_AT),
        (NOW + 5 * MINUTE, HEARD_AT),
        (NOW + 6 * MINUTE, HEARD_AT),
    ],
)
def test_a_charge_starts_between_its_payment_and_our_hearing_of_it(
    said_at: datetime, started_at: datetime
) -> None:
    assert moments.start(said_at, HEARD_AT, PAID_AT) == started_at


def test_of_nobodys_charge_only_the_future_is_not_believed() -> None:
    assert moments.start(NOW - 99 * HOUR, HEARD_AT, None) == NOW - 99 * HOUR
    assert moments.start(NOW + HOUR, HEARD_AT, None) == HEARD_AT


@pytest.mark.parametrize("ahead", [timedelta(), 2 * HOUR, -10_000 * HOUR])
def test_a_clock_that_is_always_as_wrong_tells_durations_right(ahead: timedelta) -> None:
    later = moments.during(NOW + HOUR + ahead, ahead, NOW, heard_at=NOW + 9 * HOUR)
    assert later == Moment(NOW + HOUR)


@pytest.mark.parametrize("said_at", [NOW - 10_000 * HOUR, NOW + 3 * HOUR])
def test_a_clock_that_was_set_meanwhile_is_not_believed(said_at: datetime) -> None:
    """Before the start or to come: what is known is when we heard of it."""
    heard_at = NOW + 2 * HOUR
    assert moments.during(said_at, timedelta(), NOW, heard_at) == Moment(heard_at, believed=False)


def test_of_a_clock_a_little_ahead_what_has_not_happened_yet_is_of_when_it_was_heard() -> None:
    assert moments.during(NOW + 5 * MINUTE, timedelta(), NOW - HOUR, NOW) == Moment(NOW)


def test_a_clock_that_is_steadily_a_little_ahead_tells_durations_right() -> None:
    """The start shows by how much, so that nothing of the charge is cut off."""
    ahead = 3 * MINUTE
    start_at = moments.start(NOW + ahead, NOW, PAID_AT)
    said_ahead = NOW + ahead - start_at
    heard_at = NOW + HOUR
    assert moments.during(heard_at + ahead, said_ahead, start_at, heard_at) == Moment(heard_at)
    assert heard_at - start_at == HOUR


def test_nothing_of_a_charge_lies_before_its_start() -> None:
    assert moments.during(NOW - MINUTE, timedelta(), NOW, NOW + HOUR) == Moment(NOW)
