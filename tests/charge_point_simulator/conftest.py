"""A small central system over a real socket, to hear what the charge point really sends."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

import pytest
from ocpp import v16
from ocpp.exceptions import InternalError
from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import Action
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from simulators.charge_point import ChargePoint
from simulators.clock import Clock

SPEED = 200


class Conversation(v16.ChargePoint):
    """The central system's end of one connection."""

    def __init__(self, connection: ServerConnection, central: "CentralSystem") -> None:
        super().__init__("central", connection, response_timeout=5)
        self.central = central

    async def _send(self, message: str) -> None:
        if self.central.keeps_silent_about(message):
            return
        await super()._send(message)

    @on(Action.boot_notification)
    async def _boot(self, **payload: Any) -> Any:
        status = self.central.hear("BootNotification", payload, "Accepted")
        return call_result.BootNotification("2026-01-01T00:00:00Z", 20, status)

    @on(Action.status_notification)
    async def _status(self, **payload: Any) -> Any:
        self.central.hear("StatusNotification", payload)
        return call_result.StatusNotification()

    @on(Action.heartbeat)
    async def _heartbeat(self) -> Any:
        self.central.hear("Heartbeat", {})
        return call_result.Heartbeat("2026-01-01T00:00:00Z")

    @on(Action.authorize)
    async def _authorize(self, **payload: Any) -> Any:
        return call_result.Authorize(
            {"status": self.central.hear("Authorize", payload, "Accepted")}
        )

    @on(Action.start_transaction)
    async def _start(self, call_unique_id: str, **payload: Any) -> Any:
        self.central.start_message_ids.append(call_unique_id)
        status = self.central.hear("StartTransaction", payload, "Accepted")
        return call_result.StartTransaction(len(self.central.heard), {"status": status})

    @on(Action.meter_values)
    async def _meter_values(self, **payload: Any) -> Any:
        self.central.hear("MeterValues", payload)
        return call_result.MeterValues()

    @on(Action.firmware_status_notification)
    async def _firmware(self, **payload: Any) -> Any:
        self.central.hear("FirmwareStatusNotification", payload)
        return call_result.FirmwareStatusNotification()

    @on(Action.signed_firmware_status_notification)
    async def _signed_firmware(self, **payload: Any) -> Any:
        self.central.hear("SignedFirmwareStatusNotification", payload)
        return call_result.SignedFirmwareStatusNotification()

    @on(Action.diagnostics_status_notification)
    async def _diagnostics(self, **payload: Any) -> Any:
        self.central.hear("DiagnosticsStatusNotification", payload)
        return call_result.DiagnosticsStatusNotification()

    @on(Action.log_status_notification)
    async def _log(self, **payload: Any) -> Any:
        self.central.hear("LogStatusNotification", payload)
        return call_result.LogStatusNotification()

    @on(Action.sign_certificate)
    async def _sign(self, **payload: Any) -> Any:
        status = self.central.hear("SignCertificate", payload, "Accepted")
        return call_result.SignCertificate(status)

    @on(Action.stop_transaction)
    async def _stop(self, **payload: Any) -> Any:
        self.central.hear("StopTransaction", payload)
        return call_result.StopTransaction()


class CentralSystem:
    """Hears every call; answers as it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.statuses: dict[str, list[str]] = {}
        self.failures: dict[str, int] = {}
        self.refusals = 0
        self.hang_ups: set[str] = set()
        self.silences: set[str] = set()
        self.start_message_ids: list[str] = []
        self.handshakes: list[tuple[str, str | None, str | None]] = []
        self.at_handshake: Callable[[], Awaitable[None]] | None = None
        self.conversation: Conversation | None = None
        self.parted = asyncio.Event()
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, action: str, payload: dict[str, Any], status: str = "") -> str:
        """Remember a call; return the status to answer with, or fail if told to."""
        self.heard.append((action, payload))
        task = asyncio.ensure_future(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.failures.get(action):
            self.failures[action] -= 1
            raise InternalError
        if action in self.hang_ups:
            self.hang_ups.remove(action)
            self.hang_up()
        queued = self.statuses.get(action)
        return queued.pop(0) if queued else status

    def calls(self, action: str) -> list[dict[str, Any]]:
        return [payload for heard, payload in self.heard if heard == action]

    def connector_statuses(self, connector_id: int) -> list[str]:
        told = self.calls("StatusNotification")
        return [p["status"] for p in told if p["connector_id"] == connector_id]

    async def wait_for(self, action: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Return the ``count``-th call of this action with these fields."""

        def matching() -> list[dict[str, Any]]:
            return [c for c in self.calls(action) if fields.items() <= c.items()]

        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(matching()) >= count)
        return matching()[count - 1]

    async def ask(self, payload: Any) -> Any:
        """Call the charge point."""
        assert self.conversation
        return await self.conversation.call(payload, suppress=False)

    def keeps_silent_about(self, answer: str) -> bool:
        """Return whether the answer to the last call is to be swallowed, this once."""
        swallowed = answer.startswith("[3") and self.heard[-1][0] in self.silences
        self.silences -= {self.heard[-1][0]} if swallowed else set()
        return swallowed

    def hang_up(self) -> None:
        """Cut the line."""
        assert self.conversation
        self.conversation._connection.transport.abort()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def admit(self, connection: ServerConnection, _: Request) -> Response | None:
        """Refuse the handshake as often as told to (JE 3.3)."""
        if self.at_handshake:
            await self.at_handshake()
        if not self.refusals:
            return None
        self.refusals -= 1
        return connection.respond(HTTPStatus.NOT_FOUND, "unknown charge point")

    async def converse(self, connection: ServerConnection) -> None:
        assert connection.request
        headers = connection.request.headers
        self.handshakes.append(
            (connection.request.path, connection.subprotocol, headers.get("Authorization"))
        )
        self.conversation = Conversation(connection, self)
        with suppress(ConnectionClosed):
            await self.conversation.start()
        self.parted.set()


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    central = CentralSystem()
    async with serve(
        central.converse,
        "127.0.0.1",
        0,
        process_request=central.admit,
        subprotocols=["ocpp1.6"],
        compression=None,
        close_timeout=1,
    ) as server:
        port = server.sockets[0].getsockname()[1]
        central.url = f"ws://127.0.0.1:{port}/ocpp"
        yield central


@pytest.fixture
def clock() -> Clock:
    return Clock(epoch_s=time.time(), speed=SPEED)


@pytest.fixture
def charge_point(central: CentralSystem, clock: Clock) -> Callable[..., Any]:
    """Return a maker of charge points that have booted when the block begins."""

    @asynccontextmanager
    async def make(**options: Any) -> AsyncIterator[ChargePoint]:
        async with ChargePoint(central.url, "CP1", **{"clock": clock, "seed": 1, **options}) as cp:
            await cp.wait_until_online()
            await cp.wait_until_delivered()
            yield cp

    return make
