"""What displays are still to be told: of each thing the newest only, one call at a time each."""

import asyncio
from collections.abc import Mapping

import structlog

from irve_bridge.service import commands
from irve_bridge.service.ports import Bus, Offline, Unanswered

SENDING_MOST = 32
"""Displays told at once: the others wait."""
PATIENCE_S = 5.0
"""How long one is waited for: a start waits for its turn behind it."""

log = structlog.get_logger()


class Outbox:
    """Sends messages to displays; what does not arrive is lost, and harms nobody."""

    def __init__(self, bus: Bus, timeout_s: float) -> None:
        self._bus = bus
        self._timeout_s = min(timeout_s, PATIENCE_S)
        self._turn = asyncio.Semaphore(SENDING_MOST)
        self._waiting: dict[str, dict[str, commands.Call]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    def put(self, charge_point_id: str, subject: str, message: commands.Call) -> None:
        """Have a message sent soon, in place of one about the same subject that still waits."""
        waiting = self._waiting.setdefault(charge_point_id, {})
        waiting.pop(subject, None)
        waiting[subject] = message
        if charge_point_id not in self._sending:
            task = asyncio.create_task(self._send_all(charge_point_id))
            self._sending[charge_point_id] = task

    @property
    def sending(self) -> int:
        """How many displays are being told something."""
        return len(self._sending)

    async def close(self) -> None:
        """Send nothing any more."""
        sending = list(self._sending.values())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _send_all(self, charge_point_id: str) -> None:
        waiting = self._waiting[charge_point_id]
        try:
            async with self._turn:
                while waiting:
                    message = waiting.pop(next(iter(waiting)))
                    await self._send(charge_point_id, message.payload, commands.encode(message))
        except Offline:
            log.debug("display_offline", charge_point_id=charge_point_id)
        except Exception:
            log.exception("display_failed", charge_point_id=charge_point_id)
        finally:
            del self._waiting[charge_point_id], self._sending[charge_point_id]

    async def _send(
        self, charge_point_id: str, named: Mapping[str, object], message: bytes
    ) -> None:
        """Send one.

        Raises:
            Offline: Nobody holds its socket.
        """
        told = {"charge_point_id": charge_point_id, "message_id": named.get("messageId")}
        try:
            reply = await self._bus.request(charge_point_id, message, self._timeout_s)
        except Unanswered:
            log.info("display_silent", **told)
            return
        answer = commands.decode_answer(reply)
        if not answer.accepted:
            log.info("display_refused", **told, answer=answer.error or answer.status)
