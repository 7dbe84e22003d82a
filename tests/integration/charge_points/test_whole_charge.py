"""A whole charge with a charge point that behaves as real ones do."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from irve_bridge.clock import SharedClock
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.session import State
from irve_bridge.service.commands import RemoteStart, RemoteStop
from simulators.charge_point import ChargePoint
from simulators.clock import Clock

SPEED = 200
START = RemoteStart(connector_number=1, id_tag="TAG1")


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock(time.time(), SPEED)


@pytest.fixture
async def simulated(house: Any, clock: SharedClock) -> AsyncIterator[ChargePoint]:
    shared = Clock(clock.epoch_s, clock.speed)
    async with ChargePoint(house.url, "CP1", connectors=2, clock=shared, seed=1) as simulated:
        await simulated.wait_until_online()
        await simulated.wait_until_delivered()
        yield simulated


async def test_from_plug_to_bill(house: Any, simulated: ChargePoint) -> None:
    """What is billed is what the charge point's own meter counted."""
    session = await house.secure()
    await simulated.plug(1)
    assert (await house.command(START)).accepted
    started = await simulated.wait_for_start("TAG1")
    await simulated.wait_for_energy(1, 200)
    stop = RemoteStop(transaction_id=str(started.transaction_id))
    assert (await house.command(stop)).accepted
    stopped = await simulated.wait_for_stop("TAG1")
    ended = await house.session(session)
    assert (ended.state, ended.stop_reason) == (State.SETTLING, "Remote")
    assert ended.energy_wh == stopped.energy_wh >= 200


async def test_statuses_are_known(house: Any, simulated: ChargePoint) -> None:
    connectors = await house.storage.read(lambda tx: tx.stations.connectors("CP1"))
    assert {c.status for c in connectors} == {ConnectorStatus.AVAILABLE}


async def test_readings_come_as_often_as_they_are_asked_for(
    house: Any, simulated: ChargePoint
) -> None:
    await simulated.wait_until(
        lambda: simulated.configuration.count("MeterValueSampleInterval") == 30
    )


async def test_a_start_sent_twice_is_one_transaction(house: Any, simulated: ChargePoint) -> None:
    session = await house.secure()
    simulated.misbehaviour.duplicate_start = True
    await simulated.plug(1)
    await house.command(START)
    started = await simulated.wait_for_start("TAG1")
    await simulated.wait_until_delivered()
    running = await house.storage.read(lambda tx: tx.transactions.running("CP1"))
    assert [t.id for t in running] == [str(started.transaction_id)]
    assert (await house.session(session)).transaction_id == running[0].id


async def test_what_happened_offline_is_billed_when_it_is_back(
    house: Any, simulated: ChargePoint
) -> None:
    session = await house.secure()
    await simulated.plug(1)
    await house.command(START)
    await simulated.wait_for_start("TAG1")
    await simulated.go_offline()
    await simulated.wait_for_energy(1, 200)
    await simulated.unplug(1)
    await simulated.go_online()
    stopped = await simulated.wait_for_stop("TAG1")
    ended = await house.session(session)
    assert (ended.state, ended.energy_wh) == (State.SETTLING, stopped.energy_wh)


async def test_a_refused_start_is_rejected(house: Any, simulated: ChargePoint) -> None:
    simulated.misbehaviour.refuse_remote_start = True
    assert (await house.command(START)).status == "Rejected"
