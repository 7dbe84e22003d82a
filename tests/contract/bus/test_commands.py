"""Commands reach whoever holds the socket, or the asker learns what is certain."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from irve_bridge.service.ports import Bus, Offline, Unanswered

TIMEOUT_S = 5


def naming(name: bytes) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(command: bytes) -> bytes:
        return name + b":" + command

    return answer


async def never(_: bytes) -> bytes:
    await asyncio.Event().wait()
    return b""


async def test_a_command_is_answered_by_who_serves_the_charge_point(bus: Bus) -> None:
    async with bus.serve("CP1", naming(b"one")), bus.serve("CP2", naming(b"two")):
        assert await bus.request("CP1", b"x", TIMEOUT_S) == b"one:x"
        assert await bus.request("CP2", b"y", TIMEOUT_S) == b"two:y"


async def test_nobody_there_is_offline(bus: Bus) -> None:
    with pytest.raises(Offline):
        await bus.request("CP1", b"x", TIMEOUT_S)


async def test_who_left_is_offline(bus: Bus) -> None:
    async with bus.serve("CP1", naming(b"one")):
        pass
    with pytest.raises(Offline):
        await bus.request("CP1", b"x", TIMEOUT_S)


async def test_the_newest_wins_and_the_old_one_leaving_changes_nothing(bus: Bus) -> None:
    old = bus.serve("CP1", naming(b"old"))
    await old.__aenter__()
    async with bus.serve("CP1", naming(b"new")):
        assert await bus.request("CP1", b"x", TIMEOUT_S) == b"new:x"
        await old.__aexit__(None, None, None)
        assert await bus.request("CP1", b"x", TIMEOUT_S) == b"new:x"


async def test_no_answer_in_time_is_unanswered(bus: Bus) -> None:
    async with bus.serve("CP1", never):
        with pytest.raises(Unanswered):
            await bus.request("CP1", b"x", 0.01)


async def test_a_failing_answer_is_unanswered(bus: Bus) -> None:
    """It may have arrived before it failed."""

    async def fail(_: bytes) -> bytes:
        raise TimeoutError

    async with bus.serve("CP1", fail):
        with pytest.raises(Unanswered):
            await bus.request("CP1", b"x", TIMEOUT_S)


async def test_who_leaves_before_answering_leaves_it_unanswered_at_once(bus: Bus) -> None:
    arrived = asyncio.Event()

    async def arrive(command: bytes) -> bytes:
        arrived.set()
        return await never(command)

    async with asyncio.timeout(TIMEOUT_S):
        async with bus.serve("CP1", arrive):
            asking = asyncio.create_task(bus.request("CP1", b"x", 60))
            await arrived.wait()
        with pytest.raises(Unanswered):
            await asking


async def test_commands_to_one_charge_point_do_not_wait_for_each_other(bus: Bus) -> None:
    both = asyncio.Barrier(2)

    async def answer(command: bytes) -> bytes:
        async with both:
            return command

    async with bus.serve("CP1", answer):
        requests = (bus.request("CP1", c, TIMEOUT_S) for c in (b"1", b"2"))
        assert await asyncio.gather(*requests) == [b"1", b"2"]


async def test_an_asker_who_gives_up_harms_nobody(bus: Bus) -> None:
    arrived = asyncio.Event()

    async def answer(command: bytes) -> bytes:
        if command == b"first":
            arrived.set()
            return await never(command)
        return command

    async with bus.serve("CP1", answer):
        asking = asyncio.create_task(bus.request("CP1", b"first", 60))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await bus.request("CP1", b"second", TIMEOUT_S) == b"second"
