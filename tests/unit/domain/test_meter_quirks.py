"""What charge points do to their meters, and how each is billed: docs/metering.md is the table.

Every test names the thread in which people met with it; what tests/quirks/ shows is not repeated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace as changed

from irve_bridge.domain.metering import Activity, Meter, Reading, finish
from irve_bridge.domain.period import Period
from tests.unit.domain.meters import MINUTE, RATED_W, at, metered, outcome, read, running
from tests.unit.domain.sessions import LATER, NOW

# Registers


def test_readings_of_the_charge_alone_that_pass_the_first_register_mean_the_lesser() -> None:
    """… of a charge point that is almost new (https://github.com/lbbrhzn/ocpp/issues/2093)."""
    readings = [read(5, 600), read(10, 1300), read(15, 2500)]
    assert running(1000, *readings) == [600, 1300, 1500]
    assert outcome(metered(1000, 4000, *readings)) == (3000, "billed")


def test_a_register_that_restarts_and_passes_what_it_was_goes_to_a_person() -> None:
    """From zero to zero: the sum is more than the final register says, nobody knows how much.

    https://github.com/lbbrhzn/ocpp/issues/1709
    """
    readings = [read(3, 1000), read(6, 0), read(9, 800), read(12, 1700), read(15, 2600)]
    restarted = metered(0, 3000, *readings)
    assert outcome(restarted) == (2600, "review")
    assert "restarted" in str(restarted.doubt)


def test_an_unknown_final_register_without_a_reading_goes_to_a_person() -> None:
    """Nothing says what flowed (https://github.com/lorenzodonini/ocpp-go/issues/114)."""
    assert outcome(metered(1000, -1)) == (0, "review")


SPIKE = [read(15, 6000), *(read(16 + n, 2000 + 5 * n) for n in range(10))]
"""From 1000 Wh on: one register that could be, and then others that show it was none."""


@pytest.mark.parametrize(("stop_wh", "presumed"), [(6000, True), (-1, False)])
def test_without_a_final_register_a_reading_that_others_gainsay_goes_to_a_person(
    stop_wh: int, *, presumed: bool
) -> None:
    """As one final register below it would; nobody doubts what the low ones say."""
    ended = finish(NOW, 1000, LATER, stop_wh, SPIKE, RATED_W, presumed=presumed)
    assert outcome(ended) == (1045, "review")
    assert outcome(metered(1000, 2045, *SPIKE)) == (1045, "review")


@pytest.mark.parametrize(
    ("last_wh", "billed"),
    [(2899, (2899, "review")), (2900, (3000, "billed")), (0, (0, "review"))],
)
def test_where_the_end_is_presumed_a_register_that_fell_at_last_goes_to_a_person(
    last_wh: int, billed: tuple[int, str]
) -> None:
    """However little it fell, but for rounding: no final register tells which one was right."""
    readings = [read(10, 3000), read(20, last_wh)]
    assert outcome(finish(NOW, 0, LATER, 3000, readings, RATED_W, presumed=True)) == billed


def test_where_the_end_is_presumed_a_register_that_came_back_is_billed() -> None:
    """A drop-out for a moment (https://github.com/lbbrhzn/ocpp/issues/1756)."""
    readings = [read(5, 1000), read(10, 0), read(15, 2000), read(15, 1000)]
    ended = finish(NOW, 0, LATER, 2000, readings, RATED_W, presumed=True)
    assert outcome(ended) == (2000, "billed")


def test_a_final_register_below_the_last_reading_goes_to_a_person() -> None:
    """Either is wrong: what both allow is trusted (OCPP 1.6 ed. 2 §7.28)."""
    assert outcome(metered(0, 3000, read(10, 3500))) == (3000, "review")


def test_a_reading_that_was_rounded_up_gainsays_nothing() -> None:
    """12.4 kWh is up to 12.449: the final register is in whole Wh (OCPP 1.6 ed. 2 §6.49)."""
    assert outcome(metered(0, 3351, read(29, 3400))) == (3351, "billed")


@pytest.mark.parametrize("start_wh", [0, 234, 1234, 5900, 358_499])
@pytest.mark.parametrize("told", [round, int], ids=["rounded", "cut off"])
def test_a_meter_that_tells_whole_kwh_is_billed_by_its_final_register(
    start_wh: int, told: Callable[[float], int]
) -> None:
    """No reading counts more than flowed, and none is taken for one of the charge alone."""
    flowed = [(n, 333 * n) for n in range(1, 30)]
    readings = [
        changed(read(n, told((start_wh + wh) / 1000) * 1000), rounding_wh=500) for n, wh in flowed
    ]
    shown = running(start_wh, *readings)
    assert all(0 <= wh - shown_wh <= 1500 for (_, wh), shown_wh in zip(flowed, shown, strict=True))
    assert outcome(metered(start_wh, start_wh + 9800, *readings)) == (9800, "billed")


def test_where_the_end_is_presumed_no_rounding_is_billed() -> None:
    """2 kWh are 1500 Wh or more; a 1 that follows is no fall, whether it was rounded or cut off."""
    coarse = [changed(read(n, wh), rounding_wh=500) for n, wh in ((10, 2000), (11, 1000))]
    ended = finish(NOW, 0, LATER, 1500, coarse, RATED_W, presumed=True)
    assert outcome(ended) == (1500, "billed")


def test_one_reading_beyond_the_connectors_power_counts_nothing() -> None:
    """A lifetime of energy in one minute (https://github.com/evcc-io/evcc/issues/29374)."""
    readings = [read(10, 2000), read(11, 7_783_903), read(20, 4000)]
    assert running(0, *readings) == [2000, 2000, 4000]
    assert outcome(metered(0, 5000, *readings)) == (5000, "billed")


BEGAN_AT_3000 = [
    read(0, 3000, "Transaction.Begin"),
    *(read(5 * n, 3000 + 166 * n) for n in range(1, 12)),
]


@pytest.mark.parametrize(
    "readings",
    [
        BEGAN_AT_3000,
        BEGAN_AT_3000[:1],
        BEGAN_AT_3000[1:],
        [*BEGAN_AT_3000[2:4], read(10, 3000, "Transaction.Begin")],
    ],
    ids=[
        "all",
        "the beginning's alone",
        "without the beginning's",
        "the beginning's beside that of now",
    ],
)
def test_a_first_register_that_the_readings_leap_away_from_goes_to_a_person(
    readings: list[Reading],
) -> None:
    """It says 0, they go on from 3000 at once: nobody doubts what was seen to flow since."""
    hour = timedelta(hours=1)
    ended = finish(NOW, 0, NOW + hour, 5000, readings, RATED_W)
    first_wh = min(reading.register_wh or 0 for reading in readings)
    assert outcome(ended) == (5000 - first_wh, "review")
    assert "first register" in str(ended.doubt)


def test_a_beginning_that_counts_from_zero_gainsays_nothing() -> None:
    """Start and stop by the lifetime register (https://github.com/lbbrhzn/ocpp/issues/2093)."""
    readings = [read(0, 0, "Transaction.Begin"), read(10, 1500), read(10, 0, "Transaction.Begin")]
    assert outcome(metered(358_000, 361_200, *readings)) == (3200, "billed")


def test_a_contexts_wrong_name_gainsays_nothing() -> None:
    """Alfen (https://github.com/lbbrhzn/ocpp/issues/361)."""
    readings = [read(5 * n, 700 * n, "Transaction.Begin") for n in range(1, 6)]
    assert outcome(metered(0, 4000, *readings)) == (4000, "billed")


def test_where_no_clock_is_believed_no_reading_comes_too_early() -> None:
    """Told in bulk after an outage (https://github.com/evcc-io/evcc/issues/15752)."""
    readings = [read(1, 9000), read(2, 9100)]
    ended = finish(NOW, 0, LATER, 9500, readings, RATED_W, longest=timedelta(hours=2))
    assert outcome(ended) == (9500, "billed")


def test_a_final_register_beyond_the_connectors_power_goes_to_a_person() -> None:
    """The readings are trusted (https://github.com/evcc-io/evcc/issues/29374)."""
    assert outcome(metered(0, 7_783_903, read(20, 4000))) == (4000, "review")


# Statuses


def test_a_status_that_changes_and_changes_back_at_one_moment_parts_nothing() -> None:
    statuses = [Activity.SUSPENDED_EV, Activity.CHARGING]
    meter = Meter.begin(NOW, 0, RATED_W)
    for status in statuses * 3:
        meter = meter.read(Reading(at=at(10), activity=status))
    (period,) = meter.until(LATER).open
    assert (period.start_at, period.end_at, period.charging) == (NOW, LATER, 30 * MINUTE)


def test_statuses_back_and_forth_by_the_thousand_are_each_counted() -> None:
    """Every second for hours, without a register between."""
    statuses = [Activity.SUSPENDED_EV, Activity.CHARGING]
    second = timedelta(seconds=1)
    readings = [
        Reading(at=NOW + n * second, activity=statuses[(n + 1) % 2]) for n in range(1, 20_000)
    ]
    ended = finish(NOW, 0, NOW + 20_000 * second, 5000, readings, RATED_W)
    assert sum(period.energy_wh for period in ended.periods) == 5000
    parked = sum((period.parking for period in ended.periods), timedelta())
    assert (len(ended.periods), parked) == (20_000, 10_000 * second)


# Order


def test_readings_that_come_late_count_where_they_belong() -> None:
    """Others overtake what was queued offline (OCPP 1.6 ed. 2 §3.7): it is counted again."""
    in_order = [read(5, 1000), read(10, 2000), read(15, 3000)]
    late = [in_order[0], in_order[2], in_order[1]]
    meter = Meter.begin(NOW, 0, RATED_W)
    for reading in late:
        meter = meter.read(reading)
    assert (meter.energy_wh, meter.recount) == (3000, True)
    assert metered(0, 4000, *late) == metered(0, 4000, *in_order)


def test_a_queue_behind_a_newer_status_counts_at_once() -> None:
    """Statuses are not queued, so the first after an outage is newer than all readings.

    https://github.com/lbbrhzn/ocpp/issues/361
    """
    status = Reading(at=at(20), activity=Activity.SUSPENDED_EV)
    assert running(0, status, read(5, 1000), read(10, 2000)) == [0, 1000, 2000]


def test_a_repeated_reading_changes_nothing() -> None:
    """A retry has a new message id (https://github.com/EVerest/libocpp/issues/298)."""
    readings = [read(5, 1000), read(10, 2000)]
    assert metered(0, 3000, *readings, *readings) == metered(0, 3000, *readings)


# Clocks


def test_a_reading_of_the_future_does_not_stop_the_meter() -> None:
    """Growatt: local time, and no zone said (https://github.com/evcc-io/evcc/issues/10399)."""
    meter = Meter.begin(NOW, 0, RATED_W)
    for minutes in (10, 20):
        told = changed(read(minutes, 100 * minutes), at=at(minutes + 120))
        dated = meter.dated(told, at(minutes))
        assert (dated.at, dated.said_at) == (at(minutes), told.at)
        meter = meter.read(dated)
    assert (meter.energy_wh, meter.at) == (2000, at(20))


def test_a_clock_that_is_ahead_throughout_is_ours_less_what_it_was_ahead_at_the_start() -> None:
    """… though it is told hours later (https://github.com/evcc-io/evcc/issues/10399)."""
    told = changed(read(10, 1000), at=at(130))
    dated = Meter.begin(NOW, 0).dated(told, at(600), ahead=timedelta(hours=2))
    assert dated.at == at(10)


def test_a_reading_of_a_clock_never_set_is_of_when_it_was_heard() -> None:
    """EN+: 1970 (https://github.com/evcc-io/evcc/issues/15752)."""
    told = changed(read(10, 1000), at=datetime.fromisoformat("1970-01-01T00:03:00Z"))
    dated = Meter.begin(NOW, 0).dated(told, at(10))
    assert (dated.at, dated.said_at) == (at(10), told.at)


def test_a_clock_turned_back_while_charging_does_not_stop_the_meter() -> None:
    """Summer time ends, or the clock is set: a register that has grown is later.

    https://github.com/evcc-io/evcc/issues/10399
    """
    meter = Meter.begin(NOW, 0, RATED_W).read(read(80, 8000))
    dated = meter.dated(changed(read(81, 8100), at=at(21)), at(81))
    assert dated.at == at(81)
    assert meter.read(dated).energy_wh == 8100


def test_a_clock_that_stands_still_does_not_stop_the_meter() -> None:
    """As of a clock that restarts (https://github.com/evcc-io/evcc/issues/15752)."""
    meter = Meter.begin(NOW, 0, RATED_W).read(read(1, 100))
    dated = meter.dated(changed(read(11, 1500), at=at(1)), at(11))
    assert meter.read(dated).energy_wh == 1500


def test_without_a_clock_energy_is_billed_and_not_doubted_for_its_power() -> None:
    """How long it lasted is not known, only how long at most (https://github.com/evcc-io/evcc/issues/15752)."""
    timeless = finish(NOW, 0, NOW, 5000, (), RATED_W, longest=timedelta(hours=1)).timeless()
    assert outcome(timeless) == (5000, "billed")
    assert timeless.periods == (Period(start_at=NOW, end_at=NOW, energy_wh=5000),)
