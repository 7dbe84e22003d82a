"""While NATS is away a node goes on with its own charge points, and afterwards with all of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from irve_bridge.bus.nats import NatsBus, open_nats_bus
from irve_bridge.service.ports import Offline, Unanswered
from tests.integration.bus.asking import PATIENCE_S, TIMEOUT_S, answered, echo, offline
from tests.nats_server import NatsServer, nats_server


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture
async def one(server: NatsServer) -> AsyncIterator[NatsBus]:
    async with open_nats_bus(server.url) as bus:
        yield bus


@pytest.fixture
async def other(server: NatsServer) -> AsyncIterator[NatsBus]:
    async with open_nats_bus(server.url) as bus:
        yield bus


async def test_after_nats_was_killed_charge_points_answer_and_topics_are_heard(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    async with one.serve("CP1", echo), other.subscribe("t") as updates:
        assert await other.request("CP1", b"x", TIMEOUT_S) == b"x"
        server.kill()
        server.start()
        assert await answered(other, "CP1") == b"x"
        async with asyncio.timeout(PATIENCE_S):
            while await updates.next(0.05) is None:
                await one.publish("t", b"")


async def test_without_nats_a_nodes_own_charge_points_answer_and_others_were_not_asked(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    async with one.serve("CP1", echo), one.subscribe("t") as updates:
        server.kill()
        await offline(other, "CP1")
        async with asyncio.timeout(1):
            await one.publish("t", b"here")
            assert await updates.next(TIMEOUT_S) == b"here"
            assert await one.request("CP1", b"x", TIMEOUT_S) == b"x"
            async with one.serve("CP2", echo), one.subscribe("u"):
                assert await one.request("CP2", b"x", TIMEOUT_S) == b"x"


async def test_what_began_while_nats_was_away_is_reached_from_elsewhere_afterwards(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    server.kill()
    await offline(other, "CP1")
    await offline(one, "CP1")
    async with one.serve("CP1", echo), other.subscribe("t") as updates:
        server.start()
        assert await answered(other, "CP1") == b"x"
        async with asyncio.timeout(PATIENCE_S):
            while await updates.next(0.05) is None:
                await one.publish("t", b"")


async def test_a_charge_point_that_moved_while_nats_was_away_has_one_socket_afterwards(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    """Whichever node is back first."""
    taken, kept = asyncio.Event(), asyncio.Event()

    async def new(_: bytes) -> bytes:
        return b"new"

    async with one.serve("CP1", echo, taken.set):
        server.kill()
        await offline(one, "CP2")
        await offline(other, "CP2")
        async with other.serve("CP1", new, kept.set):
            server.start()
            async with asyncio.timeout(PATIENCE_S):
                await taken.wait()
            assert await answered(one, "CP1") == b"new"
            assert not kept.is_set()


async def test_a_command_on_its_way_when_nats_dies_is_unanswered_at_once(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    arrived = asyncio.Event()

    async def arrive(_: bytes) -> bytes:
        arrived.set()
        await asyncio.Event().wait()
        return b""

    async with one.serve("CP1", arrive), asyncio.timeout(PATIENCE_S):
        asking = asyncio.create_task(other.request("CP1", b"x", 60))
        await arrived.wait()
        server.kill()
        with pytest.raises(Unanswered):
            await asking


async def test_what_was_asked_while_nats_was_away_is_never_sent_later(
    server: NatsServer, one: NatsBus, other: NatsBus
) -> None:
    """Its asker was told that it was not sent."""
    heard: list[bytes] = []

    async def answer(command: bytes) -> bytes:
        heard.append(command)
        return command

    async with one.serve("CP1", answer):
        server.kill()
        await offline(other, "CP2")
        with pytest.raises(Offline):
            await other.request("CP1", b"late", TIMEOUT_S)
        server.start()
        await answered(other, "CP1")
        assert b"late" not in heard


async def test_a_start_without_nats_waits_and_says_for_what() -> None:
    server = NatsServer()
    with capture_logs() as logs:
        opening = asyncio.create_task(_opened(f"nats://user:secret@127.0.0.1:{server.port}"))
        async with asyncio.timeout(PATIENCE_S):
            while not any(entry["event"] == "waiting_for_nats" for entry in logs):
                await asyncio.sleep(0.01)
        assert not opening.done()
        try:
            server.start()
            async with asyncio.timeout(PATIENCE_S):
                await opening
        finally:
            server.kill()
    assert f"127.0.0.1:{server.port}" in str(logs)
    assert "secret" not in str(logs)


async def test_of_several_servers_one_is_enough(server: NatsServer) -> None:
    absent = NatsServer()
    async with asyncio.timeout(PATIENCE_S):
        await _opened(f"{absent.url}, {server.url}")


@pytest.mark.parametrize(
    ("options", "who"),
    [
        (("--user", "bridge", "--pass", "p@ss:word"), "bridge:p%40ss%3Aword@"),
        (("--auth", "t/oken"), "t%2Foken@"),
    ],
)
async def test_credentials_are_those_of_the_url(options: tuple[str, ...], who: str) -> None:
    with nats_server(*options) as server, capture_logs() as logs:
        async with asyncio.timeout(PATIENCE_S):
            await _opened(server.url.replace("//", f"//{who}"))
        refused = asyncio.create_task(_opened(server.url.replace("//", "//someone:else@")))
        async with asyncio.timeout(PATIENCE_S):
            while not any("uthorization" in str(entry.get("error")) for entry in logs):
                await asyncio.sleep(0.01)
        refused.cancel()
        await asyncio.wait({refused})


async def test_where_tls_is_wanted_nothing_is_said_in_clear(server: NatsServer) -> None:
    with capture_logs() as logs:
        opening = asyncio.create_task(_opened(server.url.replace("nats://", "tls://a:b@")))
        async with asyncio.timeout(PATIENCE_S):
            while not any("offers no TLS" in str(entry.get("error")) for entry in logs):
                await asyncio.sleep(0.01)
        assert not opening.done()
        opening.cancel()
        await asyncio.wait({opening})


async def _opened(url: str) -> None:
    async with open_nats_bus(url):
        pass
