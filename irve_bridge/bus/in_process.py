"""The bus of a single node: dictionaries and queues, nothing to install."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from irve_bridge.service.ports import Answer, Offline, Subscription, Taken, Unanswered, ignore

QUEUE_MAX = 64


@dataclass(eq=False, slots=True)
class _Server:
    answer: Answer
    taken: Taken
    answering: set[asyncio.Task[bytes]] = field(default_factory=set)


class _Listener:
    """Implements `ports.Subscription` with a bounded queue for one reader."""

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque(maxlen=QUEUE_MAX)
        self._arrived = asyncio.Event()

    def put(self, message: bytes) -> None:
        self._queue.append(message)
        self._arrived.set()

    async def next(self, timeout_s: float) -> bytes | None:
        """Return the next message, None when there was none in time."""
        if not self._queue:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        return self._queue.popleft()


class InProcessBus:
    """Implements `ports.Bus` inside one event loop."""

    def __init__(self) -> None:
        self._servers: dict[str, _Server] = {}
        self._listeners: dict[str, set[_Listener]] = {}

    @asynccontextmanager
    async def serve(
        self, charge_point_id: str, answer: Answer, taken: Taken = ignore
    ) -> AsyncIterator[None]:
        """Answer this charge point's commands while the context is open; the newest one wins.

        It does so from the first step on, without waiting for anything.
        """
        self.take_away(charge_point_id)
        server = self._servers[charge_point_id] = _Server(answer, taken)
        try:
            yield
        finally:
            if self._servers.get(charge_point_id) is server:
                del self._servers[charge_point_id]
            for task in server.answering:
                task.cancel()

    def take_away(self, charge_point_id: str) -> None:
        """Tell whoever serves a charge point that somebody else does; nobody serves it here now."""
        if old := self._servers.pop(charge_point_id, None):
            old.taken()

    async def request(self, charge_point_id: str, command: bytes, timeout_s: float) -> bytes:
        """Return the answer to a command.

        Raises:
            Offline: Nobody serves this charge point.
            Unanswered: No answer in time, or whoever served it failed or left.
        """
        server = self._servers.get(charge_point_id)
        if server is None:
            raise Offline(charge_point_id)
        task = asyncio.ensure_future(server.answer(command))
        server.answering.add(task)
        try:
            await asyncio.wait({task}, timeout=timeout_s)
            return _answer(task, charge_point_id)
        finally:
            server.answering.discard(task)
            task.cancel()

    async def publish(self, topic: str, message: bytes) -> None:
        """Tell everybody who listens now."""
        for listener in self._listeners.get(topic, ()):
            listener.put(message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscription]:
        """Listen from now on. A slow listener loses the oldest messages, never blocks."""
        listener = _Listener()
        self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]


def _answer(task: asyncio.Task[bytes], charge_point_id: str) -> bytes:
    if not task.done() or task.cancelled():
        raise Unanswered(charge_point_id)
    if error := task.exception():
        raise Unanswered(charge_point_id) from error
    return task.result()
