"""Several nodes look for what is to be done, on one PostgreSQL."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.domain.intents import Do, Intent, Kind, Lane
from irve_bridge.domain.session import Session, State
from irve_bridge.service import commands
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.dispatch import Dispatcher
from irve_bridge.service.handle import Handler
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Clock, Done, Hand, Outcome, Storage, Task, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from tests.unit.domain.sessions import session, tariff

PATIENCE_S = 10.0
SOON = timedelta(seconds=0.3)
POLICY = Policy(start_retry=SOON, stop_repeat=SOON)
LOOKS_MOST = 20
HERE, ELSEWHERE = "a" * 16, "b" * 16


@dataclass(frozen=True)
class Ahead(SharedClock):
    """A clock that is a little fast, so that this node is the first to see what is due."""

    def now(self) -> datetime:
        """Return the moment."""
        return super().now() + SOON / 3


class Noting:
    """A hand that has done at once whatever it is given."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def prepare(self, _session: Session, _intent: Intent) -> Mapping[str, Any]:
        """Return nothing to send."""
        return {}

    async def perform(self, task: Task) -> Outcome:
        """Note whose it was."""
        self.done.append(task.session.id)
        return Done()


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with open_storage(postgres_url) as storage:
        yield storage


@asynccontextmanager
async def dispatching(
    storage: Storage, lane: Lane, hand: Hand, node_id: str = HERE, clock: Clock | None = None
) -> AsyncIterator[None]:
    """Have a node perform what is due in a lane while the context is open."""
    handler = Handler(storage, InProcessBus(), POLICY, OcmfVerifier(), node_id)
    dispatcher = Dispatcher(storage, handler, clock or SharedClock(), POLICY, lane, hand)
    working = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working  # what it died of is told


async def paid(storage: Storage, name: str, intent: Intent, **changes: Any) -> None:
    """Store a session for which something is to be done, at a charge point of its own."""
    now = SharedClock().now()
    secured = {"state": State.SECURED, "opened_at": now, "secured_at": now, "secured_minor": 3000}
    named = {"id": name, "token": name, "id_tag": name.upper(), "charge_point_id": f"CP-{name}"}
    opened = replace(session(), **secured, **named, **changes)
    point = ChargePoint(id=f"CP-{name}", name=name, operator_name="O", operator_phone="1")

    def unit(tx: Tx) -> None:
        tx.stations.put(tariff())
        tx.stations.put(point)
        assert tx.sessions.add(opened, now)
        tx.intents.add(name, intent, now)

    await storage.transact(unit)


def tried(tx: Tx) -> bool:
    """Return whether the start was tried, and will be again."""
    (start,) = tx.intents.unfinished("one")
    return start.note == "offline"


async def test_a_start_finds_its_charge_point_though_no_node_hears_of_another(
    storage: Storage, postgres_url: str
) -> None:
    """As while NATS is away; and though the node that does not have it is always the quicker."""
    heard = asyncio.Event()

    async def start(_command: bytes) -> bytes:
        heard.set()
        return commands.encode(commands.Answer(payload={"status": "Accepted"}))

    for node_id in (HERE, ELSEWHERE):
        await storage.transact(lambda tx, of=node_id: tx.nodes.join(of))
    await paid(storage, "one", Intent(Do.START, Kind.REMOTE_START))
    await storage.transact(lambda tx: tx.nodes.take(HERE, "CP-one"))
    near, far, ahead = InProcessBus(), InProcessBus(), Ahead()
    async with open_storage(postgres_url) as other, near.serve("CP-one", start):
        quick = ChargerHand(far, ahead, POLICY, 1.0)
        async with dispatching(other, Lane.CHARGER, quick, ELSEWHERE, ahead):
            async with asyncio.timeout(PATIENCE_S):
                while not await storage.read(tried):
                    await asyncio.sleep(0.01)
            hand = ChargerHand(near, SharedClock(), POLICY, 1.0)
            async with dispatching(storage, Lane.CHARGER, hand), asyncio.timeout(PATIENCE_S):
                await heard.wait()


async def test_who_waits_for_a_busy_charge_point_keeps_few_waiting(storage: Storage) -> None:
    """A claim has the turns of few: what was due before goes on, and nobody else is held up."""
    names = [f"s{number:02}" for number in range(20)]
    for name in names:
        await paid(storage, name, Intent(Do.OBSERVE, Kind.OBSERVE))
    reads, go_on, hand = threading.Event(), threading.Event(), Noting()

    def busy(tx: Tx) -> None:
        tx.sessions.get(names[-1])
        reads.set()
        go_on.wait(timeout=2 * PATIENCE_S)

    working = asyncio.ensure_future(storage.transact(busy))
    await asyncio.to_thread(reads.wait)
    try:
        async with dispatching(storage, Lane.EYES, hand), asyncio.timeout(PATIENCE_S):
            while len(hand.done) < len(names) // 2:
                await asyncio.sleep(0.01)
    finally:
        go_on.set()
    await working


async def test_what_another_node_is_about_to_claim_is_not_looked_for_all_the_time(
    storage: Storage, postgres_url: str
) -> None:
    """A database that is slow is not asked the more for it."""
    await paid(storage, "one", Intent(Do.OBSERVE, Kind.OBSERVE))
    looks, often = 0, asyncio.Event()

    class Counting(SharedClock):
        def now(self) -> datetime:
            nonlocal looks
            looks += 1
            if looks > LOOKS_MOST:
                often.set()
            return super().now()

    with psycopg.connect(postgres_url) as claiming:
        claiming.execute("SELECT id FROM intents FOR NO KEY UPDATE")
        async with dispatching(storage, Lane.EYES, Noting(), clock=Counting()):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await often.wait()
    assert looks
