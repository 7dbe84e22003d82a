"""The door with real storage, bus and sockets, and a charge point that speaks raw frames."""

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.charge_points.server import ChargePointServer
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.clock import SharedClock
from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.charge_point import ChargePoint, Connector, SecurityProfile
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.service.commands import Answer, Command, decode_answer, encode
from irve_bridge.service.handle import Handler
from irve_bridge.service.meters import Meters
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.passwords import hash_password
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Bus, Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from irve_bridge.storage.sqlite import SqliteStorage
from tests import sqlite
from tests.integration.charge_points.pings import SwitchedOn, without_pongs

PASSWORD = "correct horse battery"
KEY = "00ff10ee" * 5
KNOWN = ConfigurationKey(key="Known", value="", read_at=datetime(2026, 3, 1, tzinfo=UTC))
"""With it nothing is asked of CP1 unless it boots."""
PAID_AT = datetime(2026, 3, 1, 9, 59, tzinfo=UTC)
TARIFF = Tariff("T1", "EUR", (TariffElement((PriceComponent(Dimension.ENERGY, Decimal("0.40")),)),))


class RawChargePoint:
    """One socket on which every frame is written by the test."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.calls: asyncio.Queue[tuple[str, str, dict[str, Any]]] = asyncio.Queue()
        self._replies: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._ids = itertools.count(1)

    async def read(self) -> None:
        async for frame in self.socket:
            kind, unique_id, *rest = json.loads(frame)
            if kind == 2:
                self.calls.put_nowait((unique_id, *rest))
            else:
                self._replies.put_nowait([kind, unique_id, *rest])

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def reply(self) -> list[Any]:
        async with asyncio.timeout(30):
            return await self._replies.get()

    @property
    def silent(self) -> bool:
        """Whether no reply has come that was not taken yet."""
        return self._replies.empty()

    async def call(self, action: str, payload: Any) -> list[Any]:
        """Send a CALL with an id of its own and return the whole reply frame."""
        unique_id = str(next(self._ids))
        await self.send([2, unique_id, action, payload])
        reply = await self.reply()
        assert reply[1] == unique_id
        return reply

    async def confirmed(self, action: str, payload: Any) -> dict[str, Any]:
        """Return the payload of a CALLRESULT, which it must be."""
        kind, _, result, *_ = await self.call(action, payload)
        assert kind == 3, result
        return result

    async def next_call(self) -> tuple[str, str, dict[str, Any]]:
        async with asyncio.timeout(30):
            return await self.calls.get()

    async def answer_next(self, status: str) -> tuple[str, dict[str, Any]]:
        """Answer the bridge's next call and return its action and payload."""
        unique_id, action, payload = await self.next_call()
        await self.send([3, unique_id, {"status": status}])
        return action, payload

    async def alive(self) -> bool:
        """Return whether the conversation still goes on."""
        return "currentTime" in await self.confirmed("Heartbeat", {})


@dataclass
class House:
    """The rooms a charge point touches, as they are composed in the bridge."""

    storage: Storage
    bus: Bus
    handler: Handler
    meters: Meters
    clock: SharedClock
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def server(self, settings: DoorSettings) -> ChargePointServer:
        """Return a door of this house."""
        doorkeeper = Doorkeeper(self.storage, None)
        rooms = (self.storage, self.handler, self.meters, doorkeeper, self.bus, self.clock)
        return ChargePointServer(*rooms, settings, lambda id_: self.meters.rebuild([id_]))

    async def secure(
        self, id_tag: str = "TAG1", connector_number: int = 1, tariff: Tariff = TARIFF
    ) -> Session:
        """Store a session that is paid for and waits for its start."""
        now = self.clock.now()
        session = Session(
            id=f"session-{id_tag}",
            token=f"token-{id_tag}",
            plan=PlanName.DYNAMIC,
            metered_by=MeteredBy.BRIDGE,
            state=State.SECURED,
            charge_point_id="CP1",
            connector_number=connector_number,
            id_tag=id_tag,
            tariff=tariff,
            currency="EUR",
            amount_minor=15_000,
            least_minor=1,
            opened_at=PAID_AT,
            secured_at=PAID_AT,
            secured_minor=15_000,
            provider="stripe",
        )
        added = await self.storage.transact(
            lambda tx: tx.sessions.add(session, now + timedelta(minutes=5))
        )
        assert added
        return session

    async def session(self, session: Session) -> Session:
        found = await self.storage.read(lambda tx: tx.sessions.get(session.id))
        assert found
        return found

    async def command(self, command: Command, timeout_s: float = 5, of: str = "CP1") -> Answer:
        return decode_answer(await self.bus.request(of, encode(command), timeout_s))

    async def disconnected(self, charge_point_id: str = "CP1") -> None:
        """Return once the bridge knows that the socket closed."""
        async with asyncio.timeout(30):
            self.committed.clear()
            while await self.connected_at(charge_point_id):
                await self.committed.wait()
                self.committed.clear()

    async def connected_at(self, charge_point_id: str = "CP1") -> datetime | None:
        found = await self.storage.read(lambda tx: tx.stations.charge_point(charge_point_id))
        assert found
        return found.connected_at


def charge_point(charge_point_id: str, password: str | None = None) -> ChargePoint:
    return ChargePoint(
        id=charge_point_id,
        name=charge_point_id,
        operator_name="Operator",
        operator_phone="+33 1 00 00 00 00",
        security_profile=SecurityProfile.BASIC if password else SecurityProfile.OPEN,
        password_hash=password and hash_password(password),
    )


def connector(number: int) -> Connector:
    return Connector(
        charge_point_id="CP1",
        number=number,
        evse_id=f"FR*XXX*E{number}",
        power_w=22_000,
        tariff_id="T1",
    )


@pytest.fixture
def settings() -> DoorSettings:
    return DoorSettings(port=0, status_grace_s=60, call_timeout_s=5)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as captured:
        yield captured


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with charge points in it, made once."""
    path = tmp_path_factory.mktemp("charge_points") / "registered.db"
    asyncio.run(_register(path))
    return path


async def _register(path: Path) -> None:
    def unit(tx: Tx) -> None:
        tx.stations.put(TARIFF)
        for point in (
            charge_point("CP1"),
            charge_point("CP2"),
            charge_point("CP LOCKED", PASSWORD),
            charge_point("CP KEY", KEY),
        ):
            tx.stations.put(point)
        for number in (1, 2):
            tx.stations.put(connector(number))
        for name in ("CP1", "CP KEY"):
            tx.configuration.put(name, KNOWN)

    async with open_storage(sqlite.made(path)) as storage:
        await storage.transact(unit)


@pytest.fixture
async def storage(registered: Path, tmp_path: Path) -> AsyncIterator[Storage]:
    shutil.copy(registered, tmp_path / "bridge.db")
    storage = SqliteStorage(sqlite.made(tmp_path / "bridge.db"))
    try:
        yield storage
    finally:
        await storage.close()


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
async def house(
    storage: Storage, settings: DoorSettings, clock: SharedClock
) -> AsyncIterator[House]:
    bus = InProcessBus()
    handler = Handler(storage, bus, Policy(), OcmfVerifier())
    meters = Meters(storage, bus, clock, lambda: None)
    handler.after_commit(meters.heard)
    house = House(storage, bus, handler, meters, clock)
    handler.after_commit(lambda _: house.committed.set())
    async with house.server(settings).listen() as port:
        house.url = f"ws://127.0.0.1:{port}/ocpp"
        yield house


Open = Callable[..., AbstractAsyncContextManager[RawChargePoint]]


@pytest.fixture
def open_socket(house: House) -> Open:
    @asynccontextmanager
    async def open_(path: str = "CP1", **options: Any) -> AsyncIterator[RawChargePoint]:
        options = {"subprotocols": ["ocpp1.6"], "compression": None} | options
        async with connect(f"{house.url}/{path}", **options) as socket:
            raw = RawChargePoint(socket)
            reading = asyncio.create_task(raw.read())
            try:
                yield raw
            finally:
                reading.cancel()

    return open_


@pytest.fixture
def silent(house: House) -> SwitchedOn:
    """A charge point that answers no ping by itself."""
    return partial(without_pongs, house.url)


@pytest.fixture
async def raw(open_socket: Open) -> AsyncIterator[RawChargePoint]:
    async with open_socket() as opened:
        yield opened
