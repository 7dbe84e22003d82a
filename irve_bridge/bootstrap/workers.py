"""Workers: what runs as long as the bridge does."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()

RESTART_S = 1.0
TELL_EVERY_S = 60.0
"""A database that is away for an hour does not fill the disk with the same trace."""


@asynccontextmanager
async def kept_going(name: str, run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep a worker going while the context is open, whatever befalls it."""
    task = asyncio.create_task(_forever(name, run))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _forever(name: str, run: Callable[[], Awaitable[None]]) -> None:
    told_at_s = -TELL_EVERY_S
    while True:
        try:
            await run()
        except Exception:
            if time.monotonic() >= told_at_s + TELL_EVERY_S:
                told_at_s = time.monotonic()
                log.exception("worker_failed", worker=name)
        await asyncio.sleep(RESTART_S)
