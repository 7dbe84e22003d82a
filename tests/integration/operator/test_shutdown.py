"""SIGTERM: the bridge ends cleanly within SHUTDOWN_S, whoever hangs."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.integration.world import World, link, nothing, world

SHUTDOWN_S = 4.0
MARGIN_S = 4.0
"""A busy machine may need so long to begin, and to end a process."""


@asynccontextmanager
async def socket(w: World, name: str) -> AsyncIterator[ClientConnection]:
    """A charge point that says one thing, and then only answers pings and the end."""
    url = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp/{name}"
    async with connect(url, subprotocols=["ocpp1.6"]) as opened:  # type: ignore[list-item]
        await opened.send('[2,"1","Heartbeat",{}]')
        await opened.recv()
        yield opened


async def closed(opened: ClientConnection) -> int | None:
    """Return the code with which a socket is closed."""
    try:
        while True:
            await opened.recv()
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None


@asynccontextmanager
async def deaf(w: World, name: str) -> AsyncIterator[None]:
    """A charge point that shakes hands and then neither reads nor answers anything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(w.environment["OCPP_PORT"]))
    writer.write(
        f"GET /ocpp/{name} HTTP/1.1\r\nHost: bridge\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        writer.transport.abort()


async def test_it_ends_within_its_deadline_whoever_hangs(tmp_path: Path) -> None:
    """Sockets are told to connect anew; a live page and a call to Stripe that hang hold up nothing.

    The next start goes on with what was not finished.
    """
    async with world(tmp_path, process=True, speed=5, shutdown_s=str(SHUTDOWN_S)) as w:
        hangs = asyncio.Event()

        async def hang(_method: str, path: str) -> None:
            if path.startswith("/v1/checkout"):
                hangs.set()
                await asyncio.Event().wait()

        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(socket(w, "CP1"))
            two = await stack.enter_async_context(socket(w, "CP2"))
            await stack.enter_async_context(deaf(w, "CP3"))
            page = link(await w.pay(await w.open("dynamic")))
            live = await stack.enter_async_context(w.http.get(f"{page}/events"))
            assert live.status == 200
            w.before_stripe = hang
            asking = asyncio.create_task(w.open("fixed", connector=2, amount=1000))
            await hangs.wait()
            began_s = time.monotonic()
            codes = asyncio.gather(closed(one), closed(two))
            await w.end_process(signal.SIGTERM)
            took_s = time.monotonic() - began_s
            assert await codes == [1012, 1012]
            with pytest.raises((aiohttp.ClientError, AssertionError)):
                await asking
        log = (tmp_path / "app.log").read_text("utf-8")
        assert '"event": "stopping"' in log
        assert "stopped_at_deadline" not in log, "each step is bounded by itself"
        assert took_s < SHUTDOWN_S + MARGIN_S
        w.before_stripe = nothing
        await w.start_process()
        async with w.charge_point() as cp:
            await cp.wait_until_online()
            await cp.plug(1)
            await cp.wait_until(lambda: len(cp.transactions) > 0, timeout_s=20)
