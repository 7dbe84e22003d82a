"""Meter values become readings only where they can be trusted to mean what they say."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from irve_bridge.charge_points.v16.decode import MeterValue
from irve_bridge.charge_points.v16.readings import readings
from irve_bridge.domain.metering import Reading

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POWER = {"measurand": "Power.Active.Import", "unit": "kW"}


def read(*samples: dict[str, Any], timestamp: str = "2026-03-01T10:00:00Z") -> tuple[Reading, ...]:
    value = {"timestamp": timestamp, "sampledValue": list(samples)}
    return readings([msgspec.convert(value, MeterValue)], NOW)


def test_a_bare_value_is_the_energy_register_in_wh() -> None:
    """OCPP 1.6 ed. 2 §7.43: the defaults."""
    assert read({"value": "1234"}) == (Reading(at=AT, register_wh=1234),)


def test_everything_of_one_moment_is_one_reading() -> None:
    assert read(
        {"value": "1.5", "unit": "kWh"},
        {"value": "11.04", **POWER},
        {"value": "16.0", "measurand": "Current.Import", "unit": "A"},
        {"value": "230.4", "measurand": "Voltage", "unit": "V"},
        {"value": "55.9", "measurand": "SoC", "unit": "Percent", "location": "EV"},
    ) == (
        Reading(
            at=AT,
            register_wh=1500,
            rounding_wh=50,
            power_w=11_040,
            current_ma=16_000,
            voltage_mv=230_400,
            soc_percent=55,
        ),
    )


@pytest.mark.parametrize(
    ("sample", "register_wh"),
    [
        ({"value": "0.9999", "unit": "kWh"}, 999),
        ({"value": "12.99"}, 12),
        ({"value": "1e3"}, 1000),
        ({"value": " 7 "}, 7),
    ],
)
def test_a_wh_that_is_not_complete_is_not_counted(sample: dict[str, str], register_wh: int) -> None:
    assert read(sample) == (Reading(at=AT, register_wh=register_wh),)


@pytest.mark.parametrize(
    "sample",
    [
        {"value": ""},
        {"value": "-"},
        {"value": "NaN"},
        {"value": "sNaN"},
        {"value": "Infinity"},
        {"value": "-1"},
        {"value": "1e999999999"},
        {"value": "9" * 5000},
        {"value": "5", "unit": "W"},
        {"value": "5", "location": "Inlet"},
        {"value": "5", "phase": "N"},
        {"value": "5", "format": "SignedData"},
        {"value": "5", "measurand": "Energy.Active.Export.Register"},
        {"value": "101", "measurand": "SoC"},
    ],
)
def test_what_is_of_no_use_is_left_out(sample: dict[str, str]) -> None:
    """The message is not lost for it: what else it says is read."""
    assert read(sample) == ()
    assert read(sample, {"value": "3", **POWER}) == (Reading(at=AT, power_w=3000),)


def test_phases_of_power_are_summed_where_no_overall_value_is_given() -> None:
    phases = [{"value": str(v), "phase": f"L{i}", **POWER} for i, v in enumerate((1, 2, 3), 1)]
    assert read(*phases) == (Reading(at=AT, power_w=6000),)
    assert read(*phases, {"value": "5", **POWER}) == (Reading(at=AT, power_w=5000),)


def test_phases_of_a_register_are_summed_once_however_they_are_told() -> None:
    """Without a total (https://github.com/lbbrhzn/ocpp/pull/1925); L1 and L1-N are one phase."""
    phases = [{"value": str(v), "phase": f"L{i}"} for i, v in enumerate((100, 200, 300), 1)]
    assert read(*phases) == (Reading(at=AT, register_wh=600),)
    against_neutral = [sample | {"phase": f"{sample['phase']}-N"} for sample in phases]
    assert read(*phases, *against_neutral) == (Reading(at=AT, register_wh=600),)
    assert read(*phases, {"value": "601"}) == (Reading(at=AT, register_wh=601),)


@pytest.mark.parametrize(
    ("value", "rounding_wh"),
    [("12", 500), ("12.3", 50), ("12.34", 5), ("12.345", 0), ("1.2E1", 500), ("1e-99999999", 0)],
)
def test_half_of_the_last_digit_of_a_kwh_may_be_rounding(value: str, rounding_wh: int) -> None:
    (reading,) = read({"value": value, "unit": "kWh"})
    assert reading.rounding_wh == rounding_wh
    assert read({"value": "12"}, {"value": "9", "unit": "A"})[0].rounding_wh == 0


def test_phases_that_are_summed_are_each_rounded() -> None:
    phases = [{"value": "1", "unit": "kWh", "phase": f"L{i}"} for i in (1, 2, 3)]
    assert read(*phases) == (Reading(at=AT, register_wh=3000, rounding_wh=1500),)
    total = {"value": "3100", "unit": "Wh"}
    assert read(*phases, total) == (Reading(at=AT, register_wh=3100),)


def test_an_interval_is_no_register() -> None:
    """A lost one would be lost, a repeated one counted twice (OCPP 1.6 ed. 2 §7.31)."""
    interval = {"value": "59.1", "measurand": "Energy.Active.Import.Interval", "unit": "Wh"}
    assert read(interval, {"value": "900"}) == (Reading(at=AT, register_wh=900),)
    assert read(interval) == ()


@pytest.mark.parametrize(
    "context",
    [
        "Interruption.Begin",
        "Interruption.End",
        "Sample.Clock",
        "Sample.Periodic",
        "Transaction.Begin",
        "Transaction.End",
        "Trigger",
        "Other",
    ],
)
def test_a_register_is_one_in_whatever_context(context: str) -> None:
    """Alfen names wrong ones (https://github.com/lbbrhzn/ocpp/issues/361)."""
    assert read({"value": "5", "context": context}) == (
        Reading(at=AT, register_wh=5, context=context),
    )


def test_the_register_of_the_beginning_and_of_now_are_two_readings() -> None:
    """Some charge points put both into one meter value."""
    begin, now = read({"value": "100", "context": "Transaction.Begin"}, {"value": "900"})
    assert (begin.register_wh, begin.context) == (100, "Transaction.Begin")
    assert (now.register_wh, now.context) == (900, "Sample.Periodic")


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-03-01T10:00:00", AT),
        ("2026-03-01T11:00:00+01:00", AT),
        ("2026-03-01T10:00:00.000Z", AT),
        ("1970-01-01T00:00:12Z", NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("noon", NOW),
        ("", NOW),
    ],
)
def test_a_moment_is_utc_and_one_that_is_none_is_now(timestamp: str, at: datetime) -> None:
    """A clock that was never set shows 1970; a zone left out is UTC (OCPP 1.6 ed. 2 §3.15)."""
    assert read({"value": "1"}, timestamp=timestamp) == (Reading(at=at, register_wh=1),)
