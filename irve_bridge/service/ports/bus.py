"""Who holds which socket, commands to it, and live updates."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Offline(Exception):
    """The command was not sent: nobody holds the socket, or no other node can be asked who does."""


class Unanswered(Exception):
    """The command was sent, but no answer came in time: it may have arrived."""


Answer = Callable[[bytes], Awaitable[bytes]]
Objection = Callable[[str, Mapping[str, Any]], Awaitable[str | None]]
"""What the charge points' protocol has against a call of an action with a payload; None: nothing.

It may be asked before anything is sent, whether or not the charge point is connected.
"""
Taken = Callable[[], None]
"""Called once somebody else serves the charge point, here or elsewhere: this socket is old."""


def ignore() -> None:
    """Be told, and do nothing about it."""


class Bus(Protocol):
    """Commands to whoever holds a charge point's socket, and live updates to whoever looks."""

    def serve(
        self, charge_point_id: str, answer: Answer, taken: Taken = ignore
    ) -> AbstractAsyncContextManager[None]:
        """Answer this charge point's commands while the context is open; the newest one wins.

        Whoever served it before gets no further command and is told by `taken`.
        """

    async def request(self, charge_point_id: str, command: bytes, timeout_s: float) -> bytes:
        """Return the answer to a command.

        Raises:
            Offline: Nobody serves this charge point, or no other node can be asked.
            Unanswered: No answer in time, or whoever served it failed or left.
        """

    async def publish(self, topic: str, message: bytes) -> None:
        """Tell everybody who listens now."""

    def subscribe(self, topic: str) -> AbstractAsyncContextManager["Subscription"]:
        """Listen from now on. A slow listener loses the oldest messages, never blocks."""


class Subscription(Protocol):
    """What one listener receives."""

    async def next(self, timeout_s: float) -> bytes | None:
        """Return the next message, None when there was none in time."""
