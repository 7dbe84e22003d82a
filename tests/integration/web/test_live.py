"""Server-sent events: the page follows the charge without being reloaded."""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientResponse

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.metering import Activity, Reading
from irve_bridge.service.handle import topic
from irve_bridge.service.ports import Tx
from irve_bridge.web.watching import LIVE_INTERVAL_S
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


async def test_a_page_that_waits_for_the_cable_hears_at_once_that_it_is_seen(
    house: House,
) -> None:
    session = await house.secured()
    page = await house.page(f"/c/{session.token}")
    shown = re.search(r'data-events="([^"]+)"', page)
    assert shown is not None
    async with house.client.get(shown[1]) as stream:
        assert (await next_event(stream))[0] == "still"
        await house.report(ConnectorStatus.PREPARING)
        async with asyncio.timeout(LIVE_INTERVAL_S / 2):
            while (told := (await next_event(stream))[0]) == "still":
                pass  # what is heard late of the payment moves nothing on the page
            assert told == "moved"


async def test_a_silent_charge_does_not_hold_up_a_shutdown(house: House) -> None:
    """The stream ends at once, not at its next look at the clock."""
    session = await house.charging()
    async with house.client.get(f"/c/{session.token}/events") as stream:
        await next_event(stream)
        await house.client.app.shutdown()
        async with asyncio.timeout(LIVE_INTERVAL_S / 2):
            assert b"moved" not in await stream.content.read()


async def following(stream: ClientResponse, energy_wh: int) -> dict[str, Any]:
    """Return the first figures that show so much energy."""
    while True:
        _, told = await next_event(stream)
        if told.get("energy_wh") == energy_wh:
            return told


async def test_a_reading_is_looked_at_once_for_all_who_watch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks the storage for nothing: the meter is in memory."""
    session = await house.charging()
    path = f"/c/{session.token}/events?appearance=charging"
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(
                house.client.get(path, headers={"Accept-Language": code})
            )
            for code in ("fr", "fr", "en")
        ]
        for stream in streams:
            await following(stream, 0)
        asked: list[object] = []
        read = house.storage.read

        async def noted(query: Callable[[Tx], Any]) -> Any:
            asked.append(query)
            return await read(query)

        monkeypatch.setattr(house.storage, "read", noted)
        await house.read(session, 5_000)
        told = [await following(stream, 5_000) for stream in streams]
    assert asked == []
    assert told[0] == told[1]
    assert [plain(each["text"]["energy"]) for each in told[1:]] == ["5,00 kWh", "5.00 kWh"]


async def test_the_power_curve_goes_on_with_each_reading(house: House) -> None:
    session = await house.charging()
    await house.read(session, 1_000, power_w=11_000)
    async with house.client.get(f"/c/{session.token}/events") as stream:
        first = await following(stream, 1_000)
        await house.read(session, 1_300, power_w=22_000)
        second = await following(stream, 1_300)
    assert first["curve"]["line"].count("L") < second["curve"]["line"].count("L")
    assert plain(second["curve"]["most"]) == "22 kW"
    assert "22 kW" in plain(second["curve"]["label"])


async def test_the_page_brings_the_curve_of_what_was_read_before(house: House) -> None:
    """Without JavaScript, too: an image with its words."""
    session = await house.charging()
    page = await house.page(f"/c/{session.token}")
    assert re.search(r'<figure class="curve" data-curve hidden>', page)
    for energy_wh in (1_000, 2_000):
        await house.read(session, energy_wh, power_w=energy_wh * 10)
    page = await house.page(f"/c/{session.token}")
    assert re.search(r'role="img" aria-label="Puissance de [^"]+: 20 kW au plus', page)
    assert re.search(r'class="curve-line"[^>]* d="M0.0 [\d.]+L320.0 [\d.]+"', page)


async def test_a_page_that_waits_hears_that_nothing_has_changed(house: House) -> None:
    """Else it could not tell a quiet station from a lost connection."""
    session = await house.secured()
    page = await house.page(f"/c/{session.token}")
    (appearance,) = re.findall(r"events\?appearance=([^\"]+)", page)
    async with house.client.get(f"/c/{session.token}/events?appearance={appearance}") as stream:
        assert (await stream.content.readline()).startswith(b"data:")
        assert (await stream.content.readline()).startswith(b"retry: ")
        assert await next_event(stream) == ("still", {})


async def test_a_stream_ends_where_the_session_cannot_be_looked_at(house: House) -> None:
    """Its page comes back by itself, perhaps to another node."""
    session = await house.charging()
    async with house.client.get(f"/c/{session.token}/events") as stream:
        await next_event(stream)
        await house.storage.close()
        await house.bus.publish(topic(session.id), b"")
        assert b"moved" not in await stream.content.read()


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (Activity.SUSPENDED_EV, ("En pause, côté véhicule", "batterie")),
        (Activity.SUSPENDED_EVSE, ("En pause, côté borne", "rien à faire")),
        (Activity.CHARGING, ("Charge en cours", "quitter cette page")),
    ],
)
async def test_what_the_charge_does_is_said_in_plain_words(
    house: House, activity: Activity, words: tuple[str, str]
) -> None:
    session = await house.charging()
    now = house.clock.now()
    reading = Reading(at=now, register_wh=6_000, activity=activity)
    await house.meters.take("CP1", 1, session.transaction_id, [reading], now)
    page = await house.page(f"/c/{session.token}")
    assert all(text in page for text in words)
    assert f'data-doing="{activity}"' in page
