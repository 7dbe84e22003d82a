"""What becomes of charge points when another node, a process, hangs or dies."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from irve_bridge.bus.nats import NatsBus, open_nats_bus
from tests.integration.bus.asking import PATIENCE_S, TIMEOUT_S, echo, offline
from tests.nats_server import nats_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with nats_server() as server:
        yield server.url


@pytest.fixture
async def bus(url: str) -> AsyncIterator[NatsBus]:
    async with open_nats_bus(url) as bus:
        yield bus


@asynccontextmanager
async def node(url: str, cp: str) -> AsyncIterator[Process]:
    """Run a node that serves a charge point."""
    command = (sys.executable, "-m", "tests.integration.bus.node", url, cp)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        await said(process, "serving")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: Process, word: str) -> None:
    assert process.stdout
    async with asyncio.timeout(PATIENCE_S):
        while word not in (line := (await process.stdout.readline()).decode()):
            assert line, "it ended"


async def test_of_two_processes_the_newer_serves(url: str, bus: NatsBus) -> None:
    async with node(url, "CP1") as old, node(url, "CP1"):
        await said(old, "taken")
        assert await bus.request("CP1", b"x", TIMEOUT_S) == b"x"


async def test_whose_node_was_killed_is_offline_soon(url: str, bus: NatsBus) -> None:
    async with node(url, "CP1") as process:
        assert await bus.request("CP1", b"x", TIMEOUT_S) == b"x"
        process.kill()
        await offline(bus, "CP1", 0.1)


async def test_a_node_that_hangs_holds_up_no_charge_point_for_long(url: str, bus: NatsBus) -> None:
    """It gives way to nobody, so it is not waited for; it does once it goes on."""
    async with node(url, "CP1") as process:
        process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(TIMEOUT_S), bus.serve("CP1", echo):
            assert await bus.request("CP1", b"x", TIMEOUT_S) == b"x"
            process.send_signal(signal.SIGCONT)
            await said(process, "taken")
