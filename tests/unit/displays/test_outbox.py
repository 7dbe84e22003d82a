"""Messages to displays: the newest of each thing, and nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.displays import Outbox
from irve_bridge.displays.messages import transfer
from irve_bridge.service.commands import Answer, Call, decode_command, encode


class Screen:
    """A charge point that takes messages one at a time, when it is let."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.go_on = asyncio.Semaphore(0)
        self.moved = asyncio.Event()

    async def take(self, command: bytes) -> bytes:
        message = decode_command(command)
        assert isinstance(message, Call)
        self.shown.append(message.payload["data"])
        self.moved.set()
        await self.go_on.acquire()
        return encode(Answer({"status": "Accepted"}))

    async def has_shown(self, *data: str) -> None:
        async with asyncio.timeout(30):
            while self.shown != list(data):
                self.moved.clear()
                await self.moved.wait()


@pytest.fixture
def bus() -> InProcessBus:
    return InProcessBus()


@pytest.fixture
async def outbox(bus: InProcessBus) -> AsyncIterator[Outbox]:
    outbox = Outbox(bus, 5)
    yield outbox
    await outbox.close()


def put(outbox: Outbox, charge_point_id: str, subject: str, data: str) -> None:
    outbox.put(charge_point_id, subject, transfer("v", "m", data))


async def test_what_a_newer_message_makes_pointless_is_not_sent(
    bus: InProcessBus, outbox: Outbox
) -> None:
    screen = Screen()
    async with bus.serve("CP1", screen.take):
        put(outbox, "CP1", "a", "a1")
        await screen.has_shown("a1")
        for subject, data in (("a", "a2"), ("b", "b1"), ("a", "a3")):
            put(outbox, "CP1", subject, data)
        for _ in range(3):
            screen.go_on.release()
        await screen.has_shown("a1", "b1", "a3")


async def test_a_slow_display_delays_no_other(bus: InProcessBus, outbox: Outbox) -> None:
    slow, quick = Screen(), Screen()
    async with bus.serve("CP1", slow.take), bus.serve("CP2", quick.take):
        put(outbox, "CP1", "a", "1")
        await slow.has_shown("1")
        put(outbox, "CP2", "a", "2")
        await quick.has_shown("2")


async def test_what_is_put_while_it_is_offline_is_not_sent_later(
    bus: InProcessBus, outbox: Outbox
) -> None:
    """It would be stale by then."""
    screen = Screen()
    put(outbox, "CP1", "a", "old")
    while outbox.sending:
        await asyncio.sleep(0)
    async with bus.serve("CP1", screen.take):
        put(outbox, "CP1", "b", "new")
        await screen.has_shown("new")


async def test_a_display_that_refuses_is_told_the_next_thing(
    bus: InProcessBus, outbox: Outbox
) -> None:
    told: list[str] = []
    moved = asyncio.Event()

    async def refuse(command: bytes) -> bytes:
        message = decode_command(command)
        assert isinstance(message, Call)
        told.append(message.payload["data"])
        if len(told) == 2:
            moved.set()
        return encode(Answer(error="NotSupported"))

    async with bus.serve("CP1", refuse):
        put(outbox, "CP1", "a", "1")
        put(outbox, "CP1", "b", "2")
        async with asyncio.timeout(30):
            await moved.wait()
    assert told == ["1", "2"]
