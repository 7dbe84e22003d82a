"""Signed values are told from plain ones, whatever a charge point says of their format."""

import json
from datetime import UTC, datetime

import pytest

from irve_bridge.charge_points.v16.decode import MeterValues
from irve_bridge.charge_points.v16.readings import readings
from irve_bridge.charge_points.v16.salvage import salvage
from irve_bridge.charge_points.v16.signed import signed_readings

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OCMF = 'OCMF|{"RD":[]}|{"SD":"00"}'


def meter_values(*samples: dict[str, str], **more: object) -> MeterValues:
    value = {"timestamp": "2026-05-04T11:00:00Z", "sampledValue": list(samples)}
    message = {"connectorId": 1, "meterValue": [value], **more}
    return salvage(json.dumps(message).encode(), MeterValues)


@pytest.mark.parametrize(
    "sample",
    [
        {"value": OCMF.encode().hex(), "format": "SignedData"},
        {"value": OCMF, "format": "SignedData"},
        {"value": OCMF},
        {"value": "any other thing", "format": "SignedData", "measurand": "Energy.Unheard.Of"},
    ],
)
def test_a_signed_value_is_kept_as_it_came_and_is_no_reading(sample: dict[str, str]) -> None:
    values = meter_values(sample, {"value": "1000"}).meter_value
    (signed,) = signed_readings(values, NOW)
    assert (signed.text, signed.at.hour) == (sample["value"], 11)
    assert [reading.register_wh for reading in readings(values, NOW)] == [1000]


def test_plain_values_are_not_signed() -> None:
    values = meter_values({"value": "1000"}, {"value": "", "format": "Raw"}).meter_value
    assert signed_readings(values, NOW) == ()
