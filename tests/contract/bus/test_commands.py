"""Commands reach whoever holds the socket, or the asker learns what is certain."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from irve_bridge.service.ports import Offline, Unanswered
from tests.contract.bus.conftest import Nodes

TIMEOUT_S = 5


def naming(name: bytes) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(command: bytes) -> bytes:
        return name + b":" + command

    return answer


async def never(_: bytes) -> bytes:
    await asyncio.Event().wait()
    return b""


async def test_a_command_is_answered_by_who_serves_the_charge_point(nodes: Nodes, cp: str) -> None:
    one, two = cp, f"{cp}.2"
    async with nodes.one.serve(one, naming(b"one")), nodes.one.serve(two, naming(b"two")):
        assert await nodes.other.request(one, b"x", TIMEOUT_S) == b"one:x"
        assert await nodes.other.request(two, b"y", TIMEOUT_S) == b"two:y"


async def test_nobody_there_is_offline(nodes: Nodes, cp: str) -> None:
    with pytest.raises(Offline):
        await nodes.one.request(cp, b"x", TIMEOUT_S)


async def test_who_left_is_offline(nodes: Nodes, cp: str) -> None:
    async with nodes.one.serve(cp, naming(b"one")):
        pass
    with pytest.raises(Offline):
        await nodes.other.request(cp, b"x", TIMEOUT_S)


async def test_of_many_who_leave_none_is_waited_for(nodes: Nodes, cp: str) -> None:
    """Also where the command crosses the leaving."""

    async def leave(each: str) -> None:
        async with nodes.one.serve(each, naming(b"one")):
            pass
        with pytest.raises(Offline):
            await nodes.other.request(each, b"x", 60)

    async with asyncio.timeout(20):
        for turn in range(5):
            await asyncio.gather(*(leave(f"{cp}.{turn}.{number}") for number in range(100)))


@pytest.mark.parametrize("size", [0, 64 * 1024])
async def test_an_answer_may_be_empty_or_long(nodes: Nodes, cp: str, size: int) -> None:
    async def answer(command: bytes) -> bytes:
        return command

    async with nodes.one.serve(cp, answer):
        long = bytes(range(256)) * (size // 256)
        assert await nodes.other.request(cp, long, TIMEOUT_S) == long


async def test_no_answer_in_time_is_unanswered(nodes: Nodes, cp: str) -> None:
    async with nodes.one.serve(cp, never):
        with pytest.raises(Unanswered):
            await nodes.other.request(cp, b"x", 0.01)


async def test_a_failing_answer_is_unanswered_at_once(nodes: Nodes, cp: str) -> None:
    """It may have arrived before it failed."""

    async def fail(_: bytes) -> bytes:
        raise TimeoutError

    async with asyncio.timeout(TIMEOUT_S), nodes.one.serve(cp, fail):
        with pytest.raises(Unanswered):
            await nodes.other.request(cp, b"x", 60)


async def test_who_leaves_before_answering_leaves_it_unanswered_at_once(
    nodes: Nodes, cp: str
) -> None:
    arrived = asyncio.Event()

    async def arrive(command: bytes) -> bytes:
        arrived.set()
        return await never(command)

    async with asyncio.timeout(TIMEOUT_S):
        async with nodes.one.serve(cp, arrive):
            asking = asyncio.create_task(nodes.other.request(cp, b"x", 60))
            await arrived.wait()
        with pytest.raises(Unanswered):
            await asking


async def test_commands_to_one_charge_point_do_not_wait_for_each_other(
    nodes: Nodes, cp: str
) -> None:
    both = asyncio.Barrier(2)

    async def answer(command: bytes) -> bytes:
        async with both:
            return command

    async with nodes.one.serve(cp, answer):
        requests = (nodes.other.request(cp, c, TIMEOUT_S) for c in (b"1", b"2"))
        assert await asyncio.gather(*requests) == [b"1", b"2"]


async def test_an_asker_who_gives_up_harms_nobody(nodes: Nodes, cp: str) -> None:
    arrived = asyncio.Event()

    async def answer(command: bytes) -> bytes:
        if command == b"first":
            arrived.set()
            return await never(command)
        return command

    async with nodes.one.serve(cp, answer):
        asking = asyncio.create_task(nodes.other.request(cp, b"first", 60))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await nodes.other.request(cp, b"second", TIMEOUT_S) == b"second"
