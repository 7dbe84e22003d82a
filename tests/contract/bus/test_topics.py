"""Live updates reach whoever looks, and a slow looker holds nobody up."""

import asyncio

from irve_bridge.service.ports import Bus

TIMEOUT_S = 5
NO_WAIT_S = 0.01
MANY = 10_000


async def test_everybody_who_listens_hears_in_order(bus: Bus) -> None:
    async with bus.subscribe("t") as one, bus.subscribe("t") as two:
        for message in (b"1", b"2"):
            await bus.publish("t", message)
        for listener in (one, two):
            assert [await listener.next(TIMEOUT_S) for _ in range(2)] == [b"1", b"2"]


async def test_a_listener_waits_for_a_message(bus: Bus) -> None:
    async with bus.subscribe("t") as listener:
        waiting = asyncio.create_task(listener.next(TIMEOUT_S))
        await asyncio.sleep(0)
        await bus.publish("t", b"x")
        assert await waiting == b"x"


async def test_silence_is_none(bus: Bus) -> None:
    async with bus.subscribe("t") as listener:
        assert await listener.next(NO_WAIT_S) is None
        await bus.publish("t", b"later")
        assert await listener.next(TIMEOUT_S) == b"later"


async def test_other_topics_and_earlier_messages_are_not_heard(bus: Bus) -> None:
    await bus.publish("t", b"earlier")
    async with bus.subscribe("t") as listener:
        await bus.publish("u", b"elsewhere")
        assert await listener.next(NO_WAIT_S) is None


async def test_a_message_may_be_empty(bus: Bus) -> None:
    async with bus.subscribe("t") as listener:
        await bus.publish("t", b"")
        assert await listener.next(TIMEOUT_S) == b""


async def test_a_slow_listener_loses_the_oldest_and_blocks_nobody(bus: Bus) -> None:
    async with asyncio.timeout(TIMEOUT_S), bus.subscribe("t") as listener:
        for number in range(MANY):
            await bus.publish("t", str(number).encode())
        kept = []
        while (message := await listener.next(NO_WAIT_S)) is not None:
            kept.append(int(message))
    assert len(kept) < MANY
    assert kept == list(range(MANY))[-len(kept) :]
