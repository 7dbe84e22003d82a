"""Our calls to one charge point: one at a time, and few that wait (OCPP-J 1.6 §4.1.1)."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from irve_bridge.charge_points.v16.decode import Reply
from irve_bridge.charge_points.v16.schema import Payload, objection, oddity

WAITING_MOST = 16
VITAL = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})
UNANSWERED_MOST = 2
"""Some go on talking and answer no call until they connect anew: the next vital one makes them."""
CALL_ERROR = 4
Ask = Callable[[str, Payload], Awaitable[dict[str, Any]]]

log = structlog.get_logger()


class CallRefused(Exception):
    """It answered with a CALLERROR of this code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


class CallInvalid(Exception):
    """The call was not sent: its schema forbids it."""


class TooManyCalls(Exception):
    """The call was not sent: too many wait already, or were not answered."""


class Calls:
    """Sends calls and hands over what they were answered."""

    def __init__(
        self,
        send: Callable[[bytes], Awaitable[None]],
        part: Callable[[str], None],
        timeout_s: float,
    ) -> None:
        self._send = send
        self._part = part
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._unanswered = 0
        self._awaited: tuple[str, asyncio.Future[Reply]] | None = None

    async def ask(self, action: str, payload: Payload) -> dict[str, Any]:
        """Call the charge point and return what it answered; never from within a handler.

        Raises:
            CallInvalid: The payload is not as OCPP wants it; nothing was sent.
            TooManyCalls: It answers too slowly, or not at all; nothing was sent.
            CallRefused: It answered with a CALLERROR.
            TimeoutError: It did not answer.
            websockets.exceptions.ConnectionClosed: Its socket closed.
        """
        if wrong := await objection(action, payload):
            raise CallInvalid(wrong)
        if self._waiting >= WAITING_MOST:
            raise TooManyCalls("too many calls wait already")
        self._waiting += 1
        try:
            async with self._turn:
                reply = await self._exchange(action, payload)
        finally:
            self._waiting -= 1
        if reply.message_type == CALL_ERROR:
            raise CallRefused(str(reply.body), str(reply.description))
        answer: dict[str, Any] = reply.body if isinstance(reply.body, dict) else {}
        # What is answered otherwise than the schema wants is taken all the same.
        if odd := await oddity(action, answer):
            log.warning("odd answer", action=action, oddity=odd)
        return answer

    def answered(self, reply: Reply) -> bool:
        """Hand over a reply; return whether somebody waits for it."""
        self._unanswered = 0
        if self._awaited is None or reply.unique_id != self._awaited[0]:
            return False
        _, future = self._awaited
        self._awaited = None
        if not future.done():
            future.set_result(reply)
        return True

    def hang_up(self) -> None:
        """Leave no call waiting for a socket that closed."""
        if self._awaited:
            self._awaited[1].cancel()

    def _insist(self) -> None:
        if self._unanswered >= UNANSWERED_MOST:
            self._part("calls stay unanswered")
            raise TooManyCalls("it answers no call")
        self._unanswered += 1

    async def _exchange(self, action: str, payload: Payload) -> Reply:
        if action in VITAL:
            self._insist()
        id_, future = str(uuid.uuid4()), asyncio.get_running_loop().create_future()
        self._awaited = (id_, future)
        try:
            async with asyncio.timeout(self._timeout_s):  # who reads nothing lets nothing be sent
                await self._send(msgspec.json.encode((2, id_, action, payload)))
                reply: Reply = await future
                return reply
        finally:
            self._awaited = None
