"""What the bridge asks of a charge point by itself."""

from typing import Any

import pytest

from irve_bridge.charge_points.settings import DoorSettings

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
NOW = DoorSettings(port=0, status_grace_s=0, meter_interval_s=15)


@pytest.fixture
def settings() -> DoorSettings:
    return NOW


def status(number: int) -> dict[str, Any]:
    return {"connectorId": number, "errorCode": "NoError", "status": "Available"}


async def test_readings_are_asked_for_after_a_boot(raw: Any) -> None:
    """Fewer measurands where a list is rejected: one that is not supported rejects them all."""
    await raw.confirmed("BootNotification", BOOT)
    _, interval = await raw.answer_next("Accepted")
    assert interval == {"key": "MeterValueSampleInterval", "value": "15"}
    _, final = await raw.answer_next("Accepted")
    assert final == {"key": "StopTxnSampledData", "value": "Energy.Active.Import.Register"}
    wished = [
        (await raw.answer_next(answer))[1]["value"].split(",")
        for answer in ("Rejected", "Rejected", "Accepted")
    ]
    assert [len(wish) for wish in wished] == [3, 2, 1]
    assert wished[-1] == ["Energy.Active.Import.Register"]


async def test_only_statuses_that_nobody_reported_are_asked_for(raw: Any) -> None:
    """A charge point that did not boot speaks first (OCPP 1.6 ed. 2 §4.2)."""
    await raw.confirmed("StatusNotification", status(1))
    action, payload = await raw.answer_next("Accepted")
    assert action == "TriggerMessage"
    assert payload == {"requestedMessage": "StatusNotification", "connectorId": 2}


async def test_refusing_the_wishes_changes_nothing(raw: Any) -> None:
    await raw.confirmed("BootNotification", BOOT)
    for _ in range(4):
        unique_id, *_ = await raw.next_call()
        await raw.send([4, unique_id, "NotSupported", "", {}])
    assert await raw.alive()
