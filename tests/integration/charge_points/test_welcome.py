"""What the bridge asks of a charge point by itself, beside its configuration."""

from typing import Any

import pytest

from irve_bridge.charge_points.settings import DoorSettings

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.fixture
def settings() -> DoorSettings:
    return DoorSettings(port=0, status_grace_s=0)


def status(number: int) -> dict[str, Any]:
    return {"connectorId": number, "errorCode": "NoError", "status": "Available"}


async def test_who_is_known_is_asked_only_for_statuses_that_nobody_reported(raw: Any) -> None:
    """A charge point that did not boot speaks first (OCPP 1.6 ed. 2 §4.2)."""
    await raw.confirmed("StatusNotification", status(1))
    action, payload = await raw.answer_next("Accepted")
    assert action == "TriggerMessage"
    assert payload == {"requestedMessage": "StatusNotification", "connectorId": 2}


async def test_refusing_everything_changes_nothing(raw: Any) -> None:
    await raw.confirmed("BootNotification", BOOT)
    for _ in range(4):
        unique_id, *_ = await raw.next_call()
        await raw.send([4, unique_id, "NotSupported", "", {}])
    assert await raw.alive()
