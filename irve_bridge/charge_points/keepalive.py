"""Whether a charge point is still there: it is pinged, and whatever it says counts as well.

Some answer no ping at all, so a pong that is missing cuts nobody who talks. One that never answers
a ping and says nothing is asked by a call once its heartbeat is overdue.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from irve_bridge.charge_points.closing import hang_up
from irve_bridge.charge_points.settings import DoorSettings

PINGS_UNANSWERED_MOST = 3
"""After as many in a row no more are sent: the library keeps each until it is answered."""

log = structlog.get_logger()


class Keepalive:
    """Watches one socket, and closes it when nobody is there any more."""

    def __init__(
        self,
        socket: ServerConnection,
        settings: DoorSettings,
        ask: Callable[[], Awaitable[object]],
    ) -> None:
        self._socket = socket
        self._settings = settings
        self._ask = ask
        self._heard_s = time.monotonic()
        self._pong: asyncio.Future[float] | None = None
        self._unanswered = PINGS_UNANSWERED_MOST
        self._looking: asyncio.Task[None] | None = None
        self._next: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        """Note that a frame came."""
        self._heard_s = time.monotonic()

    def begin(self) -> None:
        """Look whether it is there, now and again until the end; close the socket once it is not.

        Between two looks there is a timer and no task, which would weigh a kilobyte.
        """
        self._looking = asyncio.create_task(self._look())

    def end(self) -> None:
        """Look no more."""
        for each in (self._looking, self._next):
            if each is not None:
                each.cancel()

    async def _look(self) -> None:
        with suppress(ConnectionClosed):
            rest_s = await self._rest_s()
            if rest_s is not None:
                self._looking = None
                self._next = asyncio.get_running_loop().call_later(rest_s, self.begin)
                return
            log.warning("nobody there", silent_s=round(time.monotonic() - self._heard_s))
            await hang_up(self._socket, CloseCode.INTERNAL_ERROR, "keepalive ping timeout")

    async def _rest_s(self) -> float | None:
        """Return how long it need not be looked for, None when it is not there."""
        began_s = time.monotonic()
        if await self._answers_ping():
            self._unanswered = 0
            self.heard()
            return self._settings.ping_interval_s
        told = self._pings_tell
        self._unanswered += 1
        there = self._heard_s > began_s or (not told and await self._answers_call())
        return 0 if there else None

    async def _answers_ping(self) -> bool:
        try:
            async with asyncio.timeout(self._settings.ping_timeout_s):
                await asyncio.wait({await self._ping()})
        except TimeoutError:
            return False
        return True

    async def _answers_call(self) -> bool:
        """Return whether it answers a call; it is asked only once its heartbeat is overdue."""
        began_s = time.monotonic()
        overdue_s = self._settings.heartbeat_interval_s + self._settings.ping_timeout_s
        if began_s - self._heard_s < overdue_s:
            return True
        with suppress(Exception):
            await self._ask()
        return self._heard_s > began_s

    async def _ping(self) -> asyncio.Future[float]:
        """Return what a pong completes; who ignores pings is sent a pong (RFC 6455 §5.5.3)."""
        if self._pong is None or self._pong.done() or self._pings_tell:
            self._pong = asyncio.ensure_future(await self._socket.ping())
        else:
            await self._socket.pong()
        return self._pong

    @property
    def _pings_tell(self) -> bool:
        """Whether it answered one of the last pings, so that silence tells something."""
        return self._unanswered < PINGS_UNANSWERED_MOST
