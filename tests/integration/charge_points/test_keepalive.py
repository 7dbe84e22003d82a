"""Whether a charge point is there: pings tell, and so does whatever it says."""

import asyncio
from typing import Any

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
