"""The open sockets, one per charge point: a new one replaces the old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode

from irve_bridge.charge_points.closing import hang_up
from irve_bridge.charge_points.metrics import CONNECTED
from irve_bridge.domain.facts import ChargePointConnected, ChargePointDisconnected
from irve_bridge.service import reports
from irve_bridge.service.handle import Handler
from irve_bridge.service.ports import Clock

log = structlog.get_logger()


class Registry:
    """Knows which socket is a charge point's, and tells when it opens and closes."""

    def __init__(self, handler: Handler, clock: Clock) -> None:
        self._handler = handler
        self._clock = clock
        self._open: dict[str, ServerConnection] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def hold(self, charge_point_id: str, connection: ServerConnection) -> AsyncIterator[None]:
        """Make this the charge point's socket while the context is open."""
        self._replace(charge_point_id, connection)
        try:
            async with self._present(charge_point_id):
                yield
        finally:
            if self._open.get(charge_point_id) is connection:
                del self._open[charge_point_id]
            CONNECTED.set(len(self._open))

    def _replace(self, charge_point_id: str, connection: ServerConnection) -> None:
        old = self._open.get(charge_point_id)
        self._open[charge_point_id] = connection
        CONNECTED.set(len(self._open))
        if old is not None:
            log.info("replaced by a newer connection")
            # A half-open socket answers no closing handshake: nobody waits for it.
            closing = asyncio.create_task(hang_up(old, CloseCode.GOING_AWAY, "replaced"))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    @asynccontextmanager
    async def _present(self, charge_point_id: str) -> AsyncIterator[None]:
        at = self._clock.now()
        opened = ChargePointConnected(at=at, charge_point_id=charge_point_id)
        await self._handler.run(lambda work: reports.connected(work, opened))
        log.info("connected")
        try:
            yield
        finally:
            closed = ChargePointDisconnected(
                at=self._clock.now(), charge_point_id=charge_point_id, connected_at=at
            )
            await self._handler.run(lambda work: reports.disconnected(work, closed))
            log.info("disconnected")
