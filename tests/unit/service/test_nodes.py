"""Of several processes on one database each has its charge points; one takes over from a dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.facts import ChargePointConnected, StopAsked, StopCause
from irve_bridge.domain.session import State
from irve_bridge.service import reports
from irve_bridge.service.handle import Handler
from irve_bridge.service.meters import Meters
from irve_bridge.service.nodes import Node, new_node_id
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import NOW, tariff
from tests.unit.service.test_meters import charging, running

T = TypeVar("T")
LEASE, LONG = timedelta(seconds=0.5), timedelta(minutes=10)
SESSION = replace(charging(), transaction_id="7", started_at=NOW)
CP = ChargePoint(id="CP1", name="Quai Nord", operator_name="Port", operator_phone="+33 1")


class Cut:
    """A storage that a process may be cut off from, or that may take long."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.off = False
        self.read_takes = timedelta()
        self.urgent_takes = timedelta()
        self.busy = timedelta()
        self.asked = 0
        self.reads_in_vain = 0

    async def transact(self, unit: Callable[[Tx], T]) -> T:
        if self.off:
            raise ConnectionError("nobody answers")
        return await self.storage.transact(unit)

    async def transact_now(self, unit: Callable[[Tx], T]) -> T:
        self.asked += 1
        time.sleep(self.busy.total_seconds())  # noqa: ASYNC251 - nothing else of the process runs
        await asyncio.sleep(self.urgent_takes.total_seconds())
        return await self.transact(unit)

    async def read(self, query: Callable[[Tx], T]) -> T:
        await asyncio.sleep(self.read_takes.total_seconds())
        if self.reads_in_vain:
            self.reads_in_vain -= 1
            raise ConnectionError("it broke")
        return await self.storage.read(query)

    async def add_readings(self, readings: object) -> None:
        raise NotImplementedError


@dataclass
class Process:
    """What a node is made of."""

    node: Node
    meters: Meters
    handler: Handler
    storage: Cut
    losses: list[str | None]

    def state(self) -> str | None:
        """Return the state of the session whose meter runs here; None where it does not."""
        live = self.meters.live(SESSION, NOW + timedelta(minutes=1))
        return live.state if live else None

    async def connect(self) -> None:
        """Have the charge point connect here."""
        fact = ChargePointConnected(at=NOW, charge_point_id=CP.id)
        if await self.handler.run(lambda work: reports.connected(work, fact)):
            await self.node.came_over(CP.id)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.02)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as opened:
        await opened.transact(_charging)
        yield opened


def _charging(tx: Tx) -> None:
    tx.stations.put(tariff())
    tx.stations.put(CP)
    tx.sessions.add(SESSION, NOW)
    tx.transactions.add(running().transaction)


async def kept(work: Callable[[], Awaitable[None]]) -> None:
    """Keep a worker going whatever befalls it, as the bridge does."""
    while True:
        with suppress(ConnectionError):
            await work()
        await asyncio.sleep(0.02)


@asynccontextmanager
async def process(
    storage: Storage, bus: InProcessBus, *, hears: bool = True
) -> AsyncIterator[Process]:
    """Run a node until it is killed, which is how the context ends."""
    node_id, cut, clock = new_node_id(), Cut(storage), SharedClock()
    handler = Handler(cut, bus, Policy(), OcmfVerifier(), node_id)
    meters = Meters(cut, bus, clock, lambda: None, node_id=node_id)
    losses: list[str | None] = []
    node = Node(node_id, cut, bus, meters, LEASE, hears=hears)
    node.after_loss(losses.append)
    await node.join(alone=False)
    works = (node.run, node.keep_meters, node.listen)
    tasks = [asyncio.create_task(kept(work)) for work in works]
    try:
        yield Process(node, meters, handler, cut, losses)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_node_takes_over_the_meters_of_one_that_died(storage: Storage) -> None:
    bus = InProcessBus()
    async with process(storage, bus) as survivor:
        async with process(storage, bus) as dead:
            await dead.connect()
            await survivor.until(lambda: survivor.state() is None)
            assert dead.state() == "charging"
        await survivor.until(lambda: survivor.state() == "charging")
        point = await storage.read(lambda tx: tx.stations.charge_point(CP.id))
    assert point is not None
    assert point.connected_at is None, "nobody has a socket of it"


async def test_meters_that_take_long_to_read_are_taken_over_all_the_same(
    storage: Storage,
) -> None:
    """Thousands of readings are read, for longer than may pass between two signs of life."""
    async with process(storage, InProcessBus()) as survivor:
        survivor.storage.read_takes = LEASE
        async with process(storage, InProcessBus()) as dead:
            await dead.connect()
            await survivor.until(lambda: survivor.state() is None)
        await survivor.until(lambda: survivor.state() == "charging")
        assert survivor.losses == [], "it lived all the while"


async def test_meters_that_could_not_be_read_are_read_later(storage: Storage) -> None:
    """Nothing need be told of a charge whose limit is reached: its charge point may be silent."""
    bus = InProcessBus()
    async with process(storage, bus) as first, process(storage, bus) as then:
        await first.connect()
        await asyncio.sleep(LEASE.total_seconds())  # each has looked what it has
        then.storage.reads_in_vain = 1
        with pytest.raises(ConnectionError):
            await then.connect()
        await then.until(lambda: then.state() == "charging")


async def test_a_node_that_leaves_hands_over(storage: Storage) -> None:
    bus = InProcessBus()
    async with process(storage, bus) as stays:
        async with process(storage, bus) as leaves:
            await leaves.connect()
            await stays.until(lambda: stays.state() is None)
        await leaves.node.leave()
        await stays.until(lambda: stays.state() == "charging")
        assert not await storage.transact(lambda tx: tx.nodes.seen(leaves.handler.node_id))


async def test_a_charge_point_that_connects_elsewhere_takes_its_meters_along(
    storage: Storage,
) -> None:
    """Where it was, they end although the news of it was lost: each node has a bus of its own."""
    async with process(storage, InProcessBus()) as first, process(storage, InProcessBus()) as then:
        await first.connect()
        await then.connect()
        assert then.state() == "charging"
        await first.until(lambda: first.state() is None)


async def test_a_meter_of_another_node_asks_for_no_stop_at_its_limit(storage: Storage) -> None:
    async with process(storage, InProcessBus()) as first, process(storage, InProcessBus()) as then:
        await first.connect()
        await then.connect()
        await first.meters.refresh(SESSION.id)
        assert first.state() is None


async def test_a_charge_point_that_is_not_heard_yet_is_not_silent(storage: Storage) -> None:
    """Its socket is open, but its node waits for another to let go: a start may be under way."""
    opened, heard_at = ChargePointConnected(at=NOW, charge_point_id=CP.id), NOW + LONG
    async with process(storage, InProcessBus()) as here:
        await here.handler.run(lambda work: reports.connected(work, opened, lambda: heard_at))
    point = await storage.read(lambda tx: tx.stations.charge_point(CP.id))
    assert point is not None
    assert point.silent_for(heard_at, None) == timedelta()


async def test_what_one_node_does_to_a_session_another_ones_meter_follows(
    storage: Storage,
) -> None:
    bus = InProcessBus()
    async with process(storage, bus) as here, process(storage, bus) as there:
        await here.connect()
        asked = StopAsked(at=NOW, session_id=SESSION.id, cause=StopCause.DRIVER)
        await there.handler.apply(asked)
        await here.until(lambda: here.state() == State.STOPPING)


async def test_a_node_that_cannot_say_that_it_lives_lets_go_and_comes_back(
    storage: Storage,
) -> None:
    """It does so before anybody takes over, and has what nobody took when it is back."""
    async with process(storage, InProcessBus()) as only:
        await only.connect()
        only.storage.off = True
        await only.until(lambda: only.losses == [None])
        assert only.state() is None
        only.storage.off = False
        await only.until(lambda: only.state() == "charging")
        await only.until(lambda: only.losses == [None, None])
        assert only.losses == [None, None], "who connected meanwhile is to connect anew"


async def test_a_node_that_inherits_much_comes_back_all_the_same(storage: Storage) -> None:
    """It takes longer than to say that it lives, the more so after an outage of the database."""
    async with process(storage, InProcessBus()) as one:
        one.storage.off = True
        await one.until(lambda: not one.node.is_open())
        one.storage.urgent_takes, one.storage.off = LEASE, False
        await one.until(one.node.is_open)


async def test_a_node_that_is_too_busy_to_hear_an_answer_keeps_its_charge_points(
    storage: Storage,
) -> None:
    """All of them spoke at once: to let them go would have all of them connect anew, too."""
    async with process(storage, InProcessBus()) as only:
        await only.connect()
        only.storage.busy = LEASE
        asked = only.storage.asked
        await only.until(lambda: only.storage.asked > asked + 3)
        only.storage.busy = timedelta()
        await only.until(lambda: only.storage.asked > asked + 5)
        assert only.losses == []
        assert only.state() == "charging"


async def test_a_node_that_was_taken_for_dead_lets_go_before_it_goes_on(storage: Storage) -> None:
    async with process(storage, InProcessBus()) as slow, process(storage, InProcessBus()) as other:
        await slow.connect()
        slow.storage.off = True
        await other.until(lambda: other.state() == "charging")
        slow.storage.off = False
        await slow.until(lambda: None in slow.losses)
        assert (slow.state(), other.state()) == (None, "charging")


async def test_nodes_that_cannot_hear_of_each_other_are_told_of(storage: Storage) -> None:
    """Their commands would not reach a charge point that another one has."""
    with capture_logs() as logs:
        async with (
            process(storage, InProcessBus(), hears=False) as first,
            process(storage, InProcessBus(), hears=False),
        ):
            await first.until(lambda: "nodes_without_nats" in [log["event"] for log in logs])
    assert {"event": "nodes_without_nats", "nodes": 2, "log_level": "error"} in logs
