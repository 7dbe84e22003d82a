"""The charge points' door: OCPP-J 1.6 over WebSocket on a port of its own, or one more with TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus

import structlog
from structlog.contextvars import bound_contextvars
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from irve_bridge.charge_points.admission import Admission, choose_subprotocol, identity
from irve_bridge.charge_points.closing import close_all, hang_up
from irve_bridge.charge_points.registry import Registry
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.strangers import Strangers
from irve_bridge.charge_points.tls import Tls, TlsSettings
from irve_bridge.charge_points.v16.answers import Answers
from irve_bridge.charge_points.v16.connection import Connection
from irve_bridge.service.handle import Handler
from irve_bridge.service.meters import Meters
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.ports import Bus, Clock, Storage
from irve_bridge.telemetry.metrics import CLOSES, REFUSED_HANDSHAKES

CLOSE_CODES = frozenset(int(code) for code in CloseCode)
FRAME_BYTES_MAX = 1024 * 1024
"""A StopTransaction carries all readings of a charge: larger than this only in bad faith."""
FRAMES_QUEUED_MAX = 4
TLS_HANDSHAKE_S = 10

log = structlog.get_logger()


class ChargePointServer:
    """Accepts charge points, hears them, and answers their commands on the bus."""

    def __init__(
        self,
        storage: Storage,
        handler: Handler,
        meters: Meters,
        doorkeeper: Doorkeeper,
        bus: Bus,
        clock: Clock,
        settings: DoorSettings,
        came_over: Callable[[str], Awaitable[None]],
    ) -> None:
        self._came_over = came_over
        self._is_open: Callable[[], bool] = lambda: True
        self._storage = storage
        self._handler = handler
        self._meters = meters
        self._doorkeeper = doorkeeper
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._registry = Registry(handler, clock)
        strangers = Strangers(storage, clock) if settings.list_strangers else None
        self._admission = Admission(storage, settings.cpo_name, strangers, settings.trusted_proxies)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[int]:
        """Serve while the context is open; gives the port that is listened on."""
        async with self._serving(self._settings.port) as server:
            yield _port(server)

    @asynccontextmanager
    async def listen_with_tls(self, settings: TlsSettings) -> AsyncIterator[int]:
        """Serve the same charge points over TLS, too; gives the port that is listened on.

        Raises:
            TlsRefused: A certificate or key cannot be used.
        """
        tls = Tls(settings)
        async with self._serving(settings.port, tls.context) as server:
            renewing = asyncio.create_task(tls.keep_fresh())
            try:
                yield _port(server)
            finally:
                renewing.cancel()

    def open_while(self, holds: Callable[[], bool]) -> None:
        """Let charge points in only while this holds."""
        self._is_open = holds

    def let_go(self, charge_point_id: str | None) -> None:
        """Have a charge point connect anew, or all, to whichever node answers."""
        self._registry.let_go(charge_point_id)

    @asynccontextmanager
    async def _serving(
        self, port: int, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[Server]:
        settings = self._settings
        listening = serve(
            self._converse,
            settings.host,
            port,
            process_request=self._admit,
            select_subprotocol=choose_subprotocol,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            max_queue=FRAMES_QUEUED_MAX,
            close_timeout=settings.close_timeout_s,
            ping_interval=None,  # `keepalive` pings: who answers none is not cut for it
            ssl=context,
            ssl_handshake_timeout=TLS_HANDSHAKE_S if context else None,
        )
        async with listening as server:
            try:
                yield server
            finally:
                self._registry.end()
                await close_all(server, settings.close_timeout_s)

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the refusal of a handshake, None to let it in.

        Where nothing can be stored nobody is let in: who is offline keeps what it has to tell until
        it is online, and throws away what was refused a few times (OCPP 1.6 ed. 2 §3.7.1).
        """
        if not self._is_open():
            REFUSED_HANDSHAKES.labels("cut_off").inc()
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Come again later.\n")
        return await self._admission.check(connection, request)

    async def _converse(self, socket: ServerConnection) -> None:
        charge_point_id = identity(socket.request.path) if socket.request else None
        if charge_point_id is None or socket.subprotocol is None:
            log.warning("no common subprotocol", charge_point_id=charge_point_id)
            REFUSED_HANDSHAKES.labels("subprotocol").inc()
            await hang_up(socket, CloseCode.PROTOCOL_ERROR, "subprotocol ocpp1.6 is needed")
            return
        _forget_handshake(socket)
        with bound_contextvars(charge_point_id=charge_point_id), suppress(ConnectionClosed):
            try:
                await self._serve(charge_point_id, socket)
            finally:
                CLOSES.labels(_code(socket.close_code)).inc()

    async def _serve(self, charge_point_id: str, socket: ServerConnection) -> None:
        answers = Answers(
            charge_point_id,
            self._handler,
            self._meters,
            self._doorkeeper,
            self._clock,
            self._settings,
        )
        connection = Connection(
            charge_point_id, socket, answers, self._storage, self._clock, self._settings
        )
        taken = partial(self._registry.replace, charge_point_id, socket)
        async with (
            self._registry.hold(charge_point_id, socket) as at,
            self._bus.serve(charge_point_id, connection.perform, taken),
        ):
            if await self._registry.tell(charge_point_id, socket, at):
                await self._came_over(charge_point_id)
            await connection.start()


def _code(code: int | None) -> str:
    """Return a close code as one of a few: a charge point may write any number from 3000 on."""
    return str(code) if code in CLOSE_CODES else "none" if code is None else "other"


def _forget_handshake(socket: ServerConnection) -> None:
    """Its headers, a password among them, would stay with the socket and its parser."""
    for message in (socket.request, socket.response):
        if message is not None:
            message.headers.clear()


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port
