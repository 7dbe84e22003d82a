"""Every call that the bridge makes fits its schema, as npm's ocpp-rpc checks it."""

import time
from typing import Any

import pytest

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.domain.session import State
from irve_bridge.service.commands import RemoteStart, RemoteStop
from tests.interop.ocpp_rpc import strict_charge_point


@pytest.fixture
def settings() -> DoorSettings:
    return DoorSettings(port=0, status_grace_s=0)


async def test_every_call_fits_its_schema(house: Any) -> None:
    session = await house.secure()
    now = {"epoch_ms": time.time() * 1000, "speed": 1}
    async with strict_charge_point(endpoint=house.url, identity="CP1", **now) as cp:
        await cp.says("online")
        await cp.says("triggered")
        assert (await house.command(RemoteStart(connector_number=1, id_tag="TAG1"))).accepted
        id_ = (await cp.says("started"))["started"]
        assert (await house.command(RemoteStop(transaction_id=str(id_)))).accepted
        await cp.says("stopped")
        await cp.assert_no_bad_frame(
            "GetConfiguration",
            "ChangeConfiguration",
            "TriggerMessage",
            "RemoteStartTransaction",
            "RemoteStopTransaction",
        )
    assert (await house.session(session)).state not in {State.SECURED, State.CHARGING}
