"""A charge point that reconnects at another node has one socket, and every node reaches it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from websockets.asyncio.client import connect
from websockets.frames import CloseCode

from irve_bridge.bus.nats import open_nats_bus
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.service.commands import RemoteStart
from irve_bridge.service.handle import Handler
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from tests.integration.charge_points.conftest import House, RawChargePoint
from tests.nats_server import nats_server

T = TypeVar("T")
START = RemoteStart(connector_number=1, id_tag="TAG1")


@pytest.fixture
async def nodes(house: House, settings: DoorSettings) -> AsyncIterator[tuple[House, House]]:
    """Two doors over one storage, each with a bus of its own."""
    with nats_server() as nats:
        async with open_nats_bus(nats.url) as one, open_nats_bus(nats.url) as other:
            doors = replace(house, bus=one), replace(house, bus=other)
            async with (
                doors[0].server(settings).listen() as port,
                doors[1].server(settings).listen() as other_port,
            ):
                doors[0].url = f"ws://127.0.0.1:{port}/ocpp"
                doors[1].url = f"ws://127.0.0.1:{other_port}/ocpp"
                yield doors


@dataclass
class Stalling:
    """A node's way to the storage, on which nothing changes for a while."""

    storage: Storage
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        self.waiting.set()
        await self.open.wait()
        try:
            return await self.storage.transact(unit)
        finally:
            self.done.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


@asynccontextmanager
async def connected(node: House) -> AsyncIterator[RawChargePoint]:
    async with connect(f"{node.url}/CP1", subprotocols=["ocpp1.6"]) as socket:
        raw = RawChargePoint(socket)
        reading = asyncio.create_task(raw.read())
        try:
            yield raw
        finally:
            reading.cancel()


async def test_it_is_taken_over_and_its_old_socket_closed(nodes: tuple[House, House]) -> None:
    one, other = nodes
    async with connected(one) as old, connected(other) as new:
        assert await new.alive()
        async with asyncio.timeout(30):
            await old.socket.wait_closed()
        assert (old.socket.close_code, old.socket.close_reason) == (
            CloseCode.GOING_AWAY,
            "replaced",
        )
        for node in nodes:
            answer, _ = await asyncio.gather(node.command(START), new.answer_next("Accepted"))
            assert answer.accepted
        assert await one.connected_at() is not None
    await other.disconnected()


async def test_a_node_that_hears_late_of_its_storage_takes_nothing_back(
    house: House, settings: DoorSettings
) -> None:
    """The charge point gave up waiting and is at another node: that it came here is over."""
    way = Stalling(house.storage)
    with nats_server() as nats:
        async with open_nats_bus(nats.url) as one, open_nats_bus(nats.url) as other:
            handler = Handler(way, one, Policy(), OcmfVerifier(), "a" * 16)
            slow = replace(house, bus=one, handler=handler)
            quick = replace(house, bus=other)
            async with (
                slow.server(settings).listen() as slow_port,
                quick.server(settings).listen() as quick_port,
            ):
                slow.url = f"ws://127.0.0.1:{slow_port}/ocpp"
                quick.url = f"ws://127.0.0.1:{quick_port}/ocpp"
                async with connected(slow) as old:
                    await way.waiting.wait()
                    async with connected(quick) as new:
                        assert await new.alive()
                        async with asyncio.timeout(30):
                            await old.socket.wait_closed()
                        connected_at = await quick.connected_at()
                        way.open.set()
                        async with asyncio.timeout(30):
                            for _ in ("opened", "closed"):
                                await way.done.acquire()
                        assert await quick.connected_at() == connected_at
