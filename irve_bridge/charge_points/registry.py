"""The open sockets, one per charge point: a new one, here or at another node, replaces the old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode
from websockets.protocol import State

from irve_bridge.charge_points.closing import hang_up
from irve_bridge.domain.facts import ChargePointConnected, ChargePointDisconnected
from irve_bridge.service import reports
from irve_bridge.service.handle import Handler, Work
from irve_bridge.service.ports import Clock
from irve_bridge.telemetry.metrics import CONNECTED

TELL_AGAIN_S = (1.0, 3.0, 9.0, 27.0)

log = structlog.get_logger()


class Registry:
    """Knows which socket is a charge point's, and tells when it opens and closes."""

    def __init__(self, handler: Handler, clock: Clock) -> None:
        self._handler = handler
        self._clock = clock
        self._open: dict[str, ServerConnection] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    @asynccontextmanager
    async def hold(
        self, charge_point_id: str, connection: ServerConnection
    ) -> AsyncIterator[datetime]:
        """Make this the charge point's socket while the context is open; gives the moment.

        Then it is told that this socket, known by the moment, closed.
        """
        at = self._clock.now()
        self._open[charge_point_id] = connection
        CONNECTED.set(len(self._open))
        try:
            yield at
        finally:
            if self._open.get(charge_point_id) is connection:
                del self._open[charge_point_id]
            CONNECTED.set(len(self._open))
            closed = ChargePointDisconnected(
                at=self._clock.now(), charge_point_id=charge_point_id, connected_at=at
            )
            await self._tell_closed(closed)
            log.info("disconnected")

    async def _tell_closed(self, closed: ChargePointDisconnected) -> None:
        """Tell it, again where it cannot be stored: who counts as online is taken for idle.

        Where that lasts longer, this node is cut off, and all it had is disconnected afterwards;
        so it is where the node ends, which waits for nothing.
        """
        for pause_s in (0.0, *TELL_AGAIN_S):
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._ending.wait()
            try:
                await self._handler.run(lambda work: reports.disconnected(work, closed))
            except Exception as error:  # noqa: BLE001 - whatever it is, the socket is closed
                log.warning("closing_not_stored", error=repr(error))
            else:
                return
            if self._ending.is_set():
                return

    async def tell(self, charge_point_id: str, connection: ServerConnection, at: datetime) -> bool:
        """Tell that the socket opened, once it is the one that gets the commands.

        Return whether another node may have had the charge point before. Where the storage is slow,
        the socket may be closed when its turn comes, and another node have a newer one.
        """
        opened = ChargePointConnected(at=at, charge_point_id=charge_point_id)

        def unit(work: Work) -> bool:
            is_open = connection.state is State.OPEN
            return is_open and reports.connected(work, opened, self._clock.now)

        came_over = await self._handler.run(unit)
        log.info("connected")
        return came_over

    def replace(self, charge_point_id: str, connection: ServerConnection) -> None:
        """Close a socket in whose place there is a newer one."""
        log.info("replaced by a newer connection", charge_point_id=charge_point_id)
        self._close(connection, CloseCode.GOING_AWAY, "replaced")

    def let_go(self, charge_point_id: str | None) -> None:
        """Close a charge point's socket, or all: they are another node's, or soon will be."""
        for id_ in list(self._open) if charge_point_id is None else [charge_point_id]:
            if connection := self._open.get(id_):
                self._close(connection, CloseCode.SERVICE_RESTART, "connect anew")

    def end(self) -> None:
        """Tell of what closes from now on once, and not again."""
        self._ending.set()

    def _close(self, connection: ServerConnection, code: CloseCode, reason: str) -> None:
        """Nobody waits for it: a half-open socket answers no closing handshake."""
        closing = asyncio.create_task(hang_up(connection, code, reason))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
