"""A charge point that connects anew, here or elsewhere, has one socket: the newest."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from irve_bridge.service.ports import Bus, Offline, Unanswered
from tests.contract.bus.conftest import Nodes

TIMEOUT_S = 5


@dataclass
class Socket:
    """Serves a charge point until it is taken, as the door does."""

    name: bytes
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[bytes] = field(default_factory=list)

    async def answer(self, command: bytes) -> bytes:
        self.heard.append(command)
        await asyncio.sleep(0)
        return self.name

    async def live(self, bus: Bus, cp: str) -> None:
        async with bus.serve(cp, self.answer, self.taken.set):
            await self.taken.wait()


async def test_the_newest_wins_and_the_old_one_leaving_changes_nothing(
    nodes: Nodes, cp: str
) -> None:
    old, new = Socket(b"old"), Socket(b"new")
    async with AsyncExitStack() as leaving:
        await leaving.enter_async_context(nodes.one.serve(cp, old.answer, old.taken.set))
        async with nodes.other.serve(cp, new.answer, new.taken.set):
            for asker in (nodes.one, nodes.other):
                assert await asker.request(cp, b"x", TIMEOUT_S) == b"new"
            await leaving.aclose()
            for asker in (nodes.one, nodes.other):
                assert await asker.request(cp, b"x", TIMEOUT_S) == b"new"
            assert (old.heard, new.taken.is_set()) == ([], False)
        with pytest.raises(Offline):
            await nodes.one.request(cp, b"x", TIMEOUT_S)


async def test_who_is_taken_from_is_told_before_the_new_one_serves(nodes: Nodes, cp: str) -> None:
    old, new = Socket(b"old"), Socket(b"new")
    async with nodes.one.serve(cp, old.answer, old.taken.set):
        assert not old.taken.is_set()
        async with nodes.other.serve(cp, new.answer, new.taken.set):
            assert old.taken.is_set()


async def test_who_only_leaves_is_not_told(nodes: Nodes, cp: str) -> None:
    old, new = Socket(b"old"), Socket(b"new")
    async with nodes.one.serve(cp, old.answer, old.taken.set):
        pass
    async with nodes.other.serve(cp, new.answer, new.taken.set):
        assert not old.taken.is_set()


async def test_it_goes_back_and_forth(nodes: Nodes, cp: str) -> None:
    """Each time the newest one wins, also where it was served before."""
    before = Socket(b"0")
    async with asyncio.TaskGroup() as living, AsyncExitStack() as stack:
        await stack.enter_async_context(nodes.one.serve(cp, before.answer, before.taken.set))
        for number in range(1, 6):
            bus = (nodes.one, nodes.other)[number % 2]
            socket = Socket(str(number).encode())
            living.create_task(socket.live(bus, cp))
            async with asyncio.timeout(TIMEOUT_S):
                await before.taken.wait()
            before = socket
        async with asyncio.timeout(TIMEOUT_S):
            while await _answered(nodes.one, cp) != b"5":
                await asyncio.sleep(0)
        before.taken.set()


async def test_of_many_at_the_same_time_exactly_one_remains(nodes: Nodes, cp: str) -> None:
    sockets = [Socket(str(number).encode()) for number in range(10)]
    buses = (nodes.one, nodes.other)
    lives = [
        asyncio.create_task(socket.live(buses[number % 2], cp))
        for number, socket in enumerate(sockets)
    ]
    async with asyncio.timeout(TIMEOUT_S):
        while sum(not life.done() for life in lives) > 1:
            await asyncio.sleep(0.001)
    remaining = [number for number, life in enumerate(lives) if not life.done()]
    assert remaining == [9], "the latest"
    for asker in buses:
        assert await asker.request(cp, b"x", TIMEOUT_S) == b"9"
    sockets[9].taken.set()
    await lives[9]


async def test_no_command_is_performed_twice_while_it_moves(nodes: Nodes, cp: str) -> None:
    """Each is answered, or nobody knows, or it was not sent; and then it was not."""
    sockets = [Socket(str(number).encode()) for number in range(20)]
    buses = (nodes.one, nodes.other)
    outcomes: dict[bytes, bytes] = {}

    async def ask() -> None:
        for number in range(400):
            command = str(number).encode()
            outcomes[command] = await _answered(buses[number % 2], cp, command)
            await asyncio.sleep(0)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        asking = group.create_task(ask())
        for number, socket in enumerate(sockets):
            group.create_task(socket.live(buses[number % 2], cp))
            await asyncio.sleep(0.005)
        await asking
        sockets[-1].taken.set()
    performed = [command for socket in sockets for command in socket.heard]
    assert len(performed) == len(set(performed))
    assert {c for c, outcome in outcomes.items() if outcome.isdigit()} <= set(performed)
    assert not {c for c, outcome in outcomes.items() if outcome == b"offline"} & set(performed)
    assert sum(outcome.isdigit() for outcome in outcomes.values()) > 200


async def _answered(bus: Bus, cp: str, command: bytes = b"x") -> bytes:
    try:
        return await bus.request(cp, command, TIMEOUT_S)
    except Offline:
        return b"offline"
    except Unanswered:
        return b"unanswered"
