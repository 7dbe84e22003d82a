"""Lines that can be cut: TCP forwarded to whoever is there, or held back in silence."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ports import free_port

Target = int | Path
"""A port of this machine, or a socket in its file system."""

CHUNK = 65_536
TRY_AGAIN_S = 0.05


class Wire:
    """Forwards each connection to one of several targets, whichever answers.

    While it is cut nothing passes and nobody is told, as when a network fails. Once it is mended,
    what was open breaks off.
    """

    def __init__(self, port: int, targets: Sequence[Target], dice: random.Random) -> None:
        self.port = port
        self._targets = targets
        self._dice = dice
        self._whole = asyncio.Event()
        self._whole.set()
        self._open: set[asyncio.Task[None]] = set()

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return not self._whole.is_set()

    def cut(self) -> None:
        """Let nothing pass any more."""
        self._whole.clear()

    def mend(self) -> None:
        """Let what comes anew pass."""
        self._whole.set()
        self.break_off()

    def break_off(self) -> None:
        """Break every connection that is open."""
        for each in self._open:
            each.cancel()

    @asynccontextmanager
    async def strung(self) -> AsyncIterator["Wire"]:
        """Listen while the context is open."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            self.break_off()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.current_task()
        assert carrying is not None
        self._open.add(carrying)
        try:
            there, back = await self._reach()
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, back))
                    both.create_task(self._pump(there, writer))
            finally:
                _abort(back)
        except* (OSError, asyncio.CancelledError):
            pass  # whoever spoke finds out
        finally:
            self._open.discard(carrying)
            _abort(writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to the first of them that is there, in an order of chance."""
        while True:
            await self._whole.wait()
            for target in self._dice.sample(list(self._targets), len(self._targets)):
                with contextlib.suppress(OSError):
                    if isinstance(target, Path):
                        return await asyncio.open_unix_connection(target)
                    return await asyncio.open_connection("127.0.0.1", target)
            await asyncio.sleep(TRY_AGAIN_S)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._whole.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@asynccontextmanager
async def wire(*targets: Target, port: int | None = None, seed: int = 0) -> AsyncIterator[Wire]:
    """String a wire from a port, a free one unless it is given."""
    from_port = free_port() if port is None else port
    async with Wire(from_port, targets, random.Random(seed)).strung() as strung:
        yield strung
