"""Every bus keeps the same promises: another one joins by a parameter here."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.bus.nats import open_nats_bus
from irve_bridge.service.ports import Bus
from tests.nats_server import any_nats_server


@dataclass(frozen=True)
class Nodes:
    """Two nodes, or twice the same one."""

    one: Bus
    other: Bus


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    with any_nats_server() as url:
        yield url


@pytest.fixture(params=["in process", "nats, one node", "nats, two nodes"])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Nodes]:
    if request.param == "in process":
        bus = InProcessBus()
        yield Nodes(bus, bus)
        return
    url = request.getfixturevalue("nats_url")
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(open_nats_bus(url))
        two = request.param == "nats, two nodes"
        other = await stack.enter_async_context(open_nats_bus(url)) if two else one
        yield Nodes(one, other)


@pytest.fixture
def cp() -> str:
    """A charge point that no other test has; an id may hold anything."""
    return f"CP. *>é/{uuid.uuid4().hex}"


@pytest.fixture
def topic() -> str:
    return f"session.{uuid.uuid4().hex}"
