"""Server-sent events: the page follows the charge without being reloaded."""

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse

from irve_bridge.domain.facts import StopCause
from irve_bridge.web.progress import LIVE_INTERVAL_S
from tests.integration.web.conftest import House, plain


async def next_event(stream: ClientResponse) -> tuple[str, dict[str, Any]]:
    """Return the next event's name and body; pings are passed over."""
    name = ""
    async for line in stream.content:
        text = line.decode().strip()
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            return name, json.loads(text.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def test_a_reading_reaches_the_page(house: House) -> None:
    session = await house.charging()
    async with house.client.get(f"/c/{session.token}/events?appearance=charging") as stream:
        assert stream.content_type == "text/event-stream"
        name, first = await next_event(stream)
        assert (name, first["energy_wh"]) == ("live", 0)
        await house.read(session, 5_000)
        live = first
        while live["energy_wh"] == 0:
            name, live = await next_event(stream)
    assert name == "live"
    assert (live["energy_wh"], live["power_w"], live["cost_minor"]) == (5_000, 11_000, 300)
    assert live["state"] == "charging"
    assert plain(live["text"]["cost"]) == "3,00 €"


async def test_a_change_of_state_reloads_the_page(house: House) -> None:
    session = await house.charging()
    async with house.client.get(f"/c/{session.token}/events?appearance=charging") as stream:
        await next_event(stream)
        await house.desk.stop(session.id, StopCause.DRIVER)
        name = "live"
        while name == "live":
            name, _ = await next_event(stream)
        assert name == "moved"
        assert (await stream.content.read()).strip() == b""


async def test_a_change_before_the_stream_opened_is_not_missed(house: House) -> None:
    """The page says what it shows: a state that is over already reloads it at once."""
    session = await house.secured()
    async with house.client.get(f"/c/{session.token}/events?appearance=open") as stream:
        name, _ = await next_event(stream)
    assert name == "moved"


async def test_a_silent_charge_does_not_hold_up_a_shutdown(house: House) -> None:
    """The stream ends at once, not at its next look at the clock."""
    session = await house.charging()
    async with house.client.get(f"/c/{session.token}/events") as stream:
        await next_event(stream)
        await house.client.app.shutdown()
        async with asyncio.timeout(LIVE_INTERVAL_S / 2):
            assert b"moved" not in await stream.content.read()
