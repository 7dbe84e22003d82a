"""Whether a charge point is there: pings tell, and so does whatever it says."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import WSMsgType

from tests.integration.charge_points.pings import (
    CONTROL,
    HEARTBEAT,
    TURNS,
    SwitchedOn,
    door,
    next_control,
    next_frame,
)

HANDSHAKE = b"""GET /ocpp/CP1 HTTP/1.1\r
Host: localhost\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: ocpp1.6\r
\r
"""


@pytest.mark.parametrize("settings", [door()])
async def test_who_stops_answering_pings_and_talks_stays(silent: SwitchedOn) -> None:
    async with silent() as socket:
        first = await next_control(socket)
        assert first.type is WSMsgType.PING
        await socket.pong(first.data)
        for _ in range(TURNS):
            await next_control(socket)
            await socket.send_str(HEARTBEAT)
        assert (await next_frame(socket))[0] == 3


@pytest.mark.parametrize("settings", [door(heartbeat_interval_s=0)])
@pytest.mark.parametrize(
    "reply", ['[3,"{}",{{"status":"Accepted"}}]', '[4,"{}","NotSupported","",{{}}]']
)
async def test_who_never_answered_a_ping_is_asked_once_its_heartbeat_is_overdue(
    silent: SwitchedOn, reply: str
) -> None:
    """Any answer to the call shows that it is there."""
    async with silent() as socket:
        for _ in range(3):
            _, unique_id, *call = await next_frame(socket)
            assert call == ["TriggerMessage", {"requestedMessage": "Heartbeat"}]
            await socket.send_str(reply.format(unique_id))


@pytest.mark.parametrize("settings", [door(heartbeat_interval_s=0)])
async def test_who_does_not_answer_that_either_is_gone(house: Any, silent: SwitchedOn) -> None:
    async with silent() as socket:
        assert (await next_frame(socket))[2] == "TriggerMessage"
        async with asyncio.timeout(30):
            while (message := await socket.receive()).type in CONTROL:
                pass
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)
        await house.disconnected()


@pytest.mark.parametrize("settings", [door()])
async def test_a_half_open_socket_is_noticed_by_its_missing_pong(house: Any, raw: Any) -> None:
    """No heartbeat need be waited for: it answered pings before."""
    assert await raw.alive()
    raw.socket.transport.pause_reading()
    await house.disconnected()
    raw.socket.transport.resume_reading()


@asynccontextmanager
async def deaf(url: str) -> AsyncIterator[None]:
    """A charge point that asks until nothing more is taken, and reads nothing of the answers."""
    address, client = urlsplit(url), socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((address.hostname, address.port))
    reader, writer = await asyncio.open_connection(sock=client)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a ReadTransport, too
    text = b'[2,"%s","Heartbeat",{}]' % (b"i" * 60_000)
    frame = b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text
    with suppress(TimeoutError, ConnectionError):
        while True:
            writer.write(frame)
            async with asyncio.timeout(0.5):
                await writer.drain()
    yield
    writer.transport.abort()


@pytest.mark.parametrize("settings", [door(heartbeat_interval_s=0)])
async def test_who_reads_nothing_is_gone(house: Any) -> None:
    """What is to be said to it, the end included, never leaves the bridge."""
    async with deaf(house.url):
        await house.disconnected()


async def test_who_reads_nothing_keeps_the_bridge_from_nothing(house: Any) -> None:
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(30), house.server(door(ping_interval_s=60)).listen() as port:
            await stack.enter_async_context(deaf(f"ws://127.0.0.1:{port}/ocpp"))
            assert await house.connected_at()
        await house.disconnected()
