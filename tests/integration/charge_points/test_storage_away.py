"""The storage is away for a moment, just as a charge point's line breaks."""

import asyncio
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.service.handle import Handler
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from tests.integration.charge_points.conftest import House, RawChargePoint

T = TypeVar("T")


@dataclass
class Restarted:
    """A way to a storage that refuses once what is changed, when it is told to."""

    storage: Storage
    away: bool = False
    refused: asyncio.Event = field(default_factory=asyncio.Event)

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        if self.away:
            self.away = False
            self.refused.set()
            raise ConnectionError("it is being restarted")
        return await self.storage.transact(unit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


async def test_who_went_while_nothing_could_be_stored_is_offline_all_the_same(
    house: House, settings: DoorSettings
) -> None:
    """It would else count as online and idle, which proves that nothing was started there."""
    way = Restarted(house.storage)
    handler = Handler(way, house.bus, Policy(), OcmfVerifier())
    handler.after_commit(lambda _work: house.committed.set())
    async with replace(house, handler=handler).server(settings).listen() as port:
        url = f"ws://127.0.0.1:{port}/ocpp/CP1"
        async with connect(url, subprotocols=["ocpp1.6"]) as socket:
            raw = RawChargePoint(socket)
            reading = asyncio.create_task(raw.read())
            assert await raw.alive()
            assert await house.connected_at() is not None
            way.away = True
        reading.cancel()
        async with asyncio.timeout(30):
            await way.refused.wait()
        await house.disconnected()


async def test_a_door_that_closes_while_nothing_can_be_stored_tries_once(
    house: House, settings: DoorSettings, logs: list[MutableMapping[str, Any]]
) -> None:
    """It would else take most of a minute to end, and be killed before."""
    async with house.server(settings).listen() as port:
        url = f"ws://127.0.0.1:{port}/ocpp/CP1"
        socket = await connect(url, subprotocols=["ocpp1.6"])
        raw = RawChargePoint(socket)
        reading = asyncio.create_task(raw.read())
        assert await raw.alive()
        await house.storage.close()
    with pytest.raises(ConnectionClosed):
        await reading
    assert [line["event"] for line in logs].count("closing_not_stored") == 1
