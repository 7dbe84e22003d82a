"""Live updates reach whoever looks, and a slow looker holds nobody up."""

import asyncio

from tests.contract.bus.conftest import Nodes

TIMEOUT_S = 5
NO_WAIT_S = 0.01
MANY = 10_000


async def test_everybody_who_listens_hears_in_order(nodes: Nodes, topic: str) -> None:
    async with nodes.one.subscribe(topic) as one, nodes.one.subscribe(topic) as two:
        for message in (b"1", b"2"):
            await nodes.other.publish(topic, message)
        for listener in (one, two):
            assert [await listener.next(TIMEOUT_S) for _ in range(2)] == [b"1", b"2"]


async def test_a_listener_waits_for_a_message(nodes: Nodes, topic: str) -> None:
    async with nodes.one.subscribe(topic) as listener:
        waiting = asyncio.create_task(listener.next(TIMEOUT_S))
        await asyncio.sleep(0)
        await nodes.other.publish(topic, b"x")
        assert await waiting == b"x"


async def test_silence_is_none(nodes: Nodes, topic: str) -> None:
    async with nodes.one.subscribe(topic) as listener:
        assert await listener.next(NO_WAIT_S) is None
        await nodes.other.publish(topic, b"later")
        assert await listener.next(TIMEOUT_S) == b"later"


async def test_other_topics_and_earlier_messages_are_not_heard(nodes: Nodes, topic: str) -> None:
    await nodes.one.publish(topic, b"earlier")
    async with nodes.one.subscribe(topic) as listener:
        await nodes.other.publish(f"{topic}.other", b"elsewhere")
        await nodes.other.publish(topic, b"now")
        assert await listener.next(TIMEOUT_S) == b"now"
        assert await listener.next(NO_WAIT_S) is None


async def test_a_message_may_be_empty(nodes: Nodes, topic: str) -> None:
    async with nodes.one.subscribe(topic) as listener:
        await nodes.other.publish(topic, b"")
        assert await listener.next(TIMEOUT_S) == b""


async def test_a_slow_listener_loses_the_oldest_and_blocks_nobody(nodes: Nodes, topic: str) -> None:
    async with asyncio.timeout(TIMEOUT_S), nodes.one.subscribe(topic) as listener:
        for number in range(MANY):
            await nodes.other.publish(topic, str(number).encode())
        kept = [int(await listener.next(TIMEOUT_S) or 0)]
        while kept[-1] != MANY - 1:
            kept.append(int(await listener.next(TIMEOUT_S) or 0))
    assert len(kept) < MANY
    assert kept == sorted(set(kept))


async def test_who_gives_up_before_listening_harms_nobody(nodes: Nodes, topic: str) -> None:
    async def listen() -> None:
        async with nodes.one.subscribe(topic):
            pass

    for turns in range(20):
        listening = asyncio.create_task(listen())
        for _ in range(turns):
            await asyncio.sleep(0)
        listening.cancel()
        await asyncio.wait({listening})
    async with asyncio.timeout(TIMEOUT_S), nodes.one.subscribe(topic) as listener:
        await nodes.other.publish(topic, b"x")
        assert await listener.next(TIMEOUT_S) == b"x"
