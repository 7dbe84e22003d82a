"""A charge point that answers no ping by itself, and what it hears."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

from irve_bridge.charge_points.settings import DoorSettings

SwitchedOn = Callable[[], AbstractAsyncContextManager[ClientWebSocketResponse]]
TURNS = 6
CONTROL = {WSMsgType.PING, WSMsgType.PONG}
HEARTBEAT = '[2,"h","Heartbeat",{}]'


def door(**settings: Any) -> DoorSettings:
    known = {"ping_interval_s": 0.05, "ping_timeout_s": 0.2, "close_timeout_s": 0.1}
    return DoorSettings(
        **{"port": 0, "call_timeout_s": 0.2, "status_grace_s": 60} | known | settings
    )


async def next_control(socket: ClientWebSocketResponse) -> aiohttp.WSMessage:
    """Return the bridge's next ping or pong."""
    async with asyncio.timeout(30):
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert message.type in CONTROL, message
    return message


async def next_frame(socket: ClientWebSocketResponse) -> list[Any]:
    """Return what the bridge says next, but for its pings and pongs."""
    async with asyncio.timeout(30):
        while (message := await socket.receive()).type in CONTROL:
            pass
    assert message.type is WSMsgType.TEXT, message
    frame: list[Any] = message.json()
    return frame


@asynccontextmanager
async def without_pongs(url: str) -> AsyncIterator[ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/CP1", protocols=["ocpp1.6"], autoping=False) as socket,
    ):
        yield socket
