"""Nodes' clocks may differ: a charge point finds its way all the same."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from irve_bridge.bus.nats import open_nats_bus
from tests.integration.bus.asking import PATIENCE_S, TIMEOUT_S, echo
from tests.nats_server import nats_server

HOUR_US = 3600 * 1_000_000


@pytest.fixture
def url() -> Iterator[str]:
    with nats_server() as server:
        yield server.url


async def test_who_moves_to_a_slower_clock_is_refused_once_and_then_served(url: str) -> None:
    """One of two sockets remains each time; what the slower node heard it does not forget."""
    old, first, second = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with open_nats_bus(url) as ahead, open_nats_bus(url) as behind:
        ahead._latest_us = time.time_ns() // 1000 + HOUR_US
        async with ahead.serve("CP1", echo, old.set):
            async with asyncio.timeout(PATIENCE_S), behind.serve("CP1", echo, first.set):
                await first.wait()
            assert not old.is_set()
            assert await behind.request("CP1", b"x", TIMEOUT_S) == b"x"
            async with asyncio.timeout(PATIENCE_S), behind.serve("CP1", echo, second.set):
                await old.wait()
                assert not second.is_set()
                assert await ahead.request("CP1", b"x", TIMEOUT_S) == b"x"
