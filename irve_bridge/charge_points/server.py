"""The charge points' door: OCPP-J 1.6 over WebSocket on a port of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from structlog.contextvars import bound_contextvars
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from irve_bridge.charge_points.admission import Admission, choose_subprotocol, identity
from irve_bridge.charge_points.registry import Registry
from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.strangers import Strangers
from irve_bridge.charge_points.v16.answers import Answers
from irve_bridge.charge_points.v16.connection import Connection
from irve_bridge.service.handle import Handler
from irve_bridge.service.meters import Meters
from irve_bridge.service.own_customers import Doorkeeper
from irve_bridge.service.ports import Bus, Clock, Storage

FRAME_BYTES_MAX = 1024 * 1024
"""A StopTransaction carries all readings of a charge: larger than this only in bad faith."""
FRAMES_QUEUED_MAX = 4

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
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._meters = meters
        self._doorkeeper = doorkeeper
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._registry = Registry(handler, clock)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[int]:
        """Serve while the context is open; gives the port that is listened on."""
        settings = self._settings
        strangers = Strangers(self._storage, self._clock) if settings.list_strangers else None
        async with serve(
            self._converse,
            settings.host,
            settings.port,
            process_request=Admission(self._storage, strangers).check,
            select_subprotocol=choose_subprotocol,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            max_queue=FRAMES_QUEUED_MAX,
            close_timeout=settings.close_timeout_s,
            ping_interval=None,  # `keepalive` pings: who answers none is not cut for it
        ) as server:
            yield _port(server)

    async def _converse(self, socket: ServerConnection) -> None:
        charge_point_id = identity(socket.request.path) if socket.request else None
        if charge_point_id is None or socket.subprotocol is None:
            log.warning("no common subprotocol", charge_point_id=charge_point_id)
            await socket.close(CloseCode.PROTOCOL_ERROR, "subprotocol ocpp1.6 is needed")
            return
        with bound_contextvars(charge_point_id=charge_point_id), suppress(ConnectionClosed):
            await self._serve(charge_point_id, socket)

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
        async with (
            self._registry.hold(charge_point_id, socket),
            self._bus.serve(charge_point_id, connection.perform),
        ):
            await connection.start()


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port
