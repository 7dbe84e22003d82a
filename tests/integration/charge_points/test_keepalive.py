"""Whether a charge point is there: pings tell, and so does whatever it says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from irve_bridge.charge_points.settings import DoorSettings

TURNS = 6
CONTROL = {WSMsgType.PING, WSMsgType.PONG}
HEARTBEAT = '[2,"h","Heartbeat",{}]'
SwitchedOn = Callable[[], AbstractAsyncContextManager[ClientWebSocketResponse]]


def door(**settings: Any) -> DoorSettings:
    known = {"ping_interval_s": 0.05, "ping_timeout_s": 0.2, "close_timeout_s": 0.1}
    return DoorSettings(
        **{"port": 0, "call_timeout_s": 0.2, "status_grace_s": 60} | known | settings
    )


@pytest.fixture
def silent(house: Any) -> SwitchedOn:
    """A charge point that answers no ping by itself."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[ClientWebSocketResponse]:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{house.url}/CP1", protocols=["ocpp1.6"], autoping=False) as socket,
        ):
            yield socket

    return connect


async def next_control(socket: ClientWebSocketResponse) -> aiohttp.WSMessage:
    """Return the bridge's next ping or pong."""
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert message.type in CONTROL, message
    return message


async def next_frame(socket: ClientWebSocketResponse) -> list[Any]:
    """Return what the bridge says next, but for its pings and pongs."""
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type in CONTROL:
            pass
    assert message.type is WSMsgType.TEXT, message
    frame: list[Any] = message.json()
    return frame


@pytest.mark.parametrize("settings", [door()])
async def test_who_talks_and_answers_no_ping_stays(silent: SwitchedOn) -> None:
    """It is shown by now and then a frame that the bridge is there."""
    async with silent() as socket:
        for _ in range(TURNS):
            await next_control(socket)
            await socket.send_str(HEARTBEAT)
        assert (await next_frame(socket))[0] == 3


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
async def test_who_answers_pings_need_not_talk(silent: SwitchedOn) -> None:
    """However long its heartbeat is overdue."""
    async with silent() as socket:
        for _ in range(TURNS):
            message = await next_control(socket)
            assert message.type is WSMsgType.PING
            await socket.pong(message.data)
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
        async with asyncio.timeout(5):
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
